package authz

import (
	"testing"
)

// A matcher finds what its patterns cover one by one, whether or not the permission has a
// symbol.
func TestMatcherAgainstBruteForce(t *testing.T) {
	t.Parallel()
	patterns, permissions := patternUniverse()
	for i, p := range patterns {
		other := patterns[(i*7+3)%len(patterns)]
		edit := (&symbols{}).edit()
		m := newMatcher([]*ruleSet{newRuleSet(edit, []Pattern{p}, []Pattern{other})}, false)
		unnamed := edit.done()
		edit = unnamed.edit()
		for _, q := range permissions {
			edit.symbol(q)
		}
		named := edit.done()
		for _, q := range permissions {
			var want effect
			if inPattern(p, q) {
				want |= granted
			}
			if inPattern(other, q) {
				want |= restricted
			}
			object, action, _ := q.Split()
			spelt := unnamed.symbolOf(object, action, m.wild)
			if got := m.match(&spelt); got != want {
				t.Fatalf("grant %q, restriction %q, asked %q: %b, want %b", p, other, q, got, want)
			}
			if got := m.match(named.names.Find(q)); got != want {
				t.Fatalf("grant %q, restriction %q, asked %q by name: %b, want %b", p, other, q, got, want)
			}
		}
	}
}
