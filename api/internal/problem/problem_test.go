package problem_test

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/internal/problem"
)

// The table of problem types and the document that the clients are made from agree.
func TestProblemTypesAreThoseOfTheDocument(t *testing.T) {
	text, err := os.ReadFile("../../openapi/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Schemas struct {
				Problem struct {
					Properties struct{ Type struct{ Enum []string } }
				}
			}
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	want := document.Components.Schemas.Problem.Properties.Type.Enum
	slices.Sort(want)
	var got []string
	for kind := range problem.Status() {
		got = append(got, string(kind))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the table has %q,\nthe document %q", got, want)
	}
	for name, status := range problem.Status() {
		if status < 400 || status > 599 {
			t.Errorf("%s has status %d", name, status)
		}
	}
}

// The page about the API names each type beside its status.
func TestTypesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind, status := range problem.Status() {
		name := "`" + strings.TrimPrefix(string(kind), "urn:rightful:problem:") + "`"
		if !slices.ContainsFunc(strings.Split(string(page), "\n"), func(line string) bool {
			statuses, meaning, found := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
			return found && strings.Contains(statuses, strconv.Itoa(status)) && strings.Contains(meaning, name)
		}) {
			t.Errorf("docs/api.md doesn't list %s for the status %d", name, status)
		}
	}
}
