package policycsv_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	fileadapter "github.com/casbin/casbin/v2/persist/file-adapter"
	stringadapter "github.com/casbin/casbin/v2/persist/string-adapter"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// TestCasbinReadsWhatWeWrite hands names that some CSV readers stumble over to Casbin's own
// adapters, which must find the same rows and decide by them.
func TestCasbinReadsWhatWeWrite(t *testing.T) {
	users := []string{
		"ben", "Meyer, Ana", "a,b", ",", "x, y, z", "two  spaces inside", "O'Brien", "'quoted'", "'a, b'",
		"(all of it)", "f(x, y)", "#7", "a # b", "# a comment, or is it", "p", "g", "allow", "Zoë Ångström", "上野, 明",
		"🙂", "a;b", `back\slash`, "tab-less", "=1+1", "-", "[a,b]", "`", "*",
	}
	var rows []authz.Row
	for _, user := range users {
		rows = append(rows,
			authz.Row{Type: "p", V: [6]string{user, "own.thing", "view", "allow"}},
			authz.Row{Type: "p", V: [6]string{user, "desk.secret", "view", "deny"}},
			authz.Row{Type: "g", V: [6]string{user, "group:Requests desk (1)"}})
	}
	rows = append(rows, authz.Row{Type: "p", V: [6]string{"group:Requests desk (1)", "desk.*", "*", "allow"}})

	var out bytes.Buffer
	if err := policycsv.WritePolicy(&out, rows); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "policy.csv")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	adapters := map[string]persist.Adapter{
		"file-adapter": fileadapter.NewAdapter(path), "string-adapter": stringadapter.NewAdapter(out.String()),
	}
	for name, adapter := range adapters {
		t.Run(name, func(t *testing.T) {
			enforcer := casbinOver(t, adapter)
			if got := rowsOf(t, enforcer); !slices.Equal(got, sorted(rows)) {
				t.Errorf("Casbin has %#v, want %#v", got, sorted(rows))
			}
			for _, user := range users {
				for object, want := range map[string]bool{"own.thing": true, "desk.paper": true, "desk.secret": false, "other": false} {
					if got, err := enforcer.Enforce(user, object, "view"); err != nil || got != want {
						t.Errorf("Casbin says %v, %v of %q and %q", got, err, user, object)
					}
				}
			}
		})
	}
}

// TestCasbinReadsTheScenariosAsWeDo compares the files as they stand with what we read in them.
func TestCasbinReadsTheScenariosAsWeDo(t *testing.T) {
	for _, scenario := range []string{"backoffice", "chat"} {
		t.Run(scenario, func(t *testing.T) {
			text := readFile(t, filepath.Join("..", "..", "testdata", scenario, "policy.csv"))
			policy, err := policycsv.ReadPolicy(strings.NewReader(text))
			if err != nil || policy.FaultCount > 0 {
				t.Fatal(policy.Faults, err)
			}
			for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
				fields := casbinFields(t, line)
				if fields == nil {
					continue
				}
				ours := policy.Lines[0]
				policy.Lines = policy.Lines[1:]
				if ours.Number != i+1 || !slices.Equal(ours.Fields[:len(fields)], fields) {
					t.Errorf("line %d: Casbin reads %q, we read line %d as %q", i+1, fields, ours.Number, ours.Fields)
				}
			}
			if len(policy.Lines) > 0 {
				t.Errorf("Casbin doesn't read %#v", policy.Lines)
			}
		})
	}
}

func casbinOver(t *testing.T, adapter persist.Adapter) *casbin.Enforcer {
	t.Helper()
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		t.Fatal(err)
	}
	enforcer, err := casbin.NewEnforcer(m, adapter)
	if err != nil {
		t.Fatal(err)
	}
	return enforcer
}

// casbinFields reads a line as Casbin's file adapter and its persist.LoadPolicyLine do; nil
// where they see no rule.
func casbinFields(t *testing.T, line string) []string {
	t.Helper()
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	r := csv.NewReader(strings.NewReader(line))
	r.Comment, r.TrimLeadingSpace = '#', true
	fields, err := r.Read()
	if err != nil {
		t.Fatalf("Casbin can't read %q: %v", line, err)
	}
	return fields
}

func rowsOf(t *testing.T, enforcer *casbin.Enforcer) []authz.Row {
	t.Helper()
	var rows []authz.Row
	add := func(kind string, rules [][]string, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range rules {
			row := authz.Row{Type: kind}
			copy(row.V[:], rule)
			rows = append(rows, row)
		}
	}
	rules, err := enforcer.GetPolicy()
	add("p", rules, err)
	memberships, err := enforcer.GetGroupingPolicy()
	add("g", memberships, err)
	return sorted(rows)
}

func sorted(rows []authz.Row) []authz.Row {
	return slices.SortedFunc(slices.Values(rows), func(a, b authz.Row) int {
		return slices.Compare(append([]string{a.Type}, a.V[:]...), append([]string{b.Type}, b.V[:]...))
	})
}
