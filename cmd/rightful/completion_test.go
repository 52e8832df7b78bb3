package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// harmful are what shells evaluate, expand or split, and what steers a terminal.
var harmful = []string{
	"$(touch x)", "`touch x`", "$HOME", "a b", "a;b", "a|b", "a&b", "a>b", "a<b", "a'b", `a"b`, `a\b`, "a!b", "a#b", "a?b", "a[b]", "a{b}",
	"a~b", "a^b", "a,b", "a\x1b[2Kb", "a\u0085b", "a\u202eb", "a\u200bb", "a\u00a0b", "a\u2019b", "\xff",
}

func TestOnlyNamesThatMeanThemselvesAreOffered(t *testing.T) {
	good := []string{
		"ana", "ana@example.com", "Zoë", "上野", "हिन्दी", "a:b", "/users/:id:GET", "a_b.c-d/e+f=g%h:i", "42", "_a", ".a",
	}
	refused := append(slices.Clone(harmful), "", "-rf", "--url=https://evil.example", "=ls", "%self", "@a", "+x", "*", "desk.*:*", "(a)")
	if got := offered(slices.Concat(good, refused), ""); !slices.Equal(got, good) {
		t.Errorf("offered %q, not %q", got, good)
	}
	if got := offered([]string{"ana", "ben", "anna"}, "an"); !slices.Equal(got, []string{"ana", "anna"}) {
		t.Errorf("offered %q", got)
	}
	described := []string{"A\tMeyer, Ana: a:b or a:c", "B\t$(touch x): a:b", "C\tana\x1b[2K: a:b", "D\t"}
	if got, want := offered(described, ""), []string{"A\tMeyer, Ana: a:b or a:c", "B", "C", "D"}; !slices.Equal(got, want) {
		t.Errorf("offered %q, not %q", got, want)
	}
	many := slices.Repeat([]string{"a b"}, maxOffered)
	if got := offered(append(many, slices.Repeat([]string{"ana"}, maxOffered+1)...), ""); len(got) != maxOffered {
		t.Errorf("offered %d", len(got))
	}
}

// Whatever names a policy has, and wherever they come from, a shell gets none that it would evaluate.
func TestNamesOfPolicyDoNotReachTheShell(t *testing.T) {
	for way, name := range map[way]string{onDatabase: "database", onService: "service"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			s := &shell{t: t, env: map[string]string{}, where: way}
			s.backoffice()
			s.addHarmfulNames()
			for command, want := range map[string]string{
				"group show":             "Finance",
				"can":                    "ana",
				"who-can":                "finance.balances:adjust",
				"audit list --group":     "Finance",
				"user grant zed":         "finance.balances:adjust",
				"group members Fin add":  "ana",
				"request approve":        "\tzed: finance.balances:adjust",
				"group create X --grant": "finance.balances:adjust",
			} {
				for _, completion := range s.complete(append(strings.Fields(command), "")...) {
					if strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(completion, "\t", ""), ": ", ":"), " $`'\"\\;|&<>(){}[]!#?*~^,\x1b\ufffd") {
						t.Errorf("%s offers %q", command, completion)
					}
				}
				if text := strings.Join(s.complete(append(strings.Fields(command), "")...), "\n"); !strings.Contains(text, want) {
					t.Errorf("%s doesn't offer %q: %q", command, want, text)
				}
			}
		})
	}
}

// complete returns the completions of arguments.
func (s *shell) complete(args ...string) []string {
	s.t.Helper()
	var out, errs bytes.Buffer
	getenv := func(name string) string { return s.env[name] }
	run(s.t.Context(), append([]string{"__complete"}, args...), process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: getenv})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[:len(lines)-1] // the last one tells the shell how to complete
}

// addHarmfulNames adds groups, users and requests with harmful names as far as the policy accepts them, and to a database
// what another program may write.
func (s *shell) addHarmfulNames() {
	s.t.Helper()
	engine, closeEngine := s.engine()
	defer closeEngine()
	groups, users := 0, 0
	for _, name := range harmful {
		for i := range 2 { // two, for what they have in common
			name := fmt.Sprintf("Z%s%d", name, i)
			if _, err := engine.As("ana").CreateGroup(s.t.Context(), authz.GroupSpec{Name: authz.GroupName(name)}); err == nil {
				groups++
			}
			if _, err := engine.As("ana").Assign(s.t.Context(), "Finance", authz.UserID(name)); err == nil {
				users++
			}
			_, _, _ = engine.RequestAccess(s.t.Context(), authz.UserID(name), authz.RequestSpec{
				Permissions: []authz.Permission{"finance.balances:adjust"}, Reason: "dana is away",
			})
		}
	}
	if groups < 20 || users < 20 {
		s.t.Fatalf("only %d groups and %d users have harmful names", groups, users)
	}
	s.ask("REQUEST", "zed", "finance.balances:adjust", "")
	if s.where == onDatabase {
		execute(s.t, "policy.db", "INSERT INTO casbin_rule (ptype, v0, v1, v2, v3) VALUES ('p', 'Z' || char(27) || '[2K', 'x', 'y$(touch x)', 'allow')")
	}
}
