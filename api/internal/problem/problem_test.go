package api_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/api"
)

// The table of problem types and the document that the clients are made from agree.
func TestProblemTypesAreThoseOfTheDocument(t *testing.T) {
	text, err := os.ReadFile("openapi/openapi.json")
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
	if got := slices.Sorted(maps.Keys(api.ProblemTypes())); !slices.Equal(got, want) {
		t.Errorf("the table has %q,\nthe document %q", got, want)
	}
	for name, status := range api.ProblemTypes() {
		if status < 400 || status > 599 {
			t.Errorf("%s has status %d", name, status)
		}
	}
}
