package authz

import (
	"slices"
	"strings"
	"testing"
)

// patternUniverse lists patterns, and permissions enough to tell any two of them apart: one
// segment deeper than the patterns, with a segment and an action that no pattern names.
func patternUniverse() (patterns []Pattern, permissions []Permission) {
	objects := func(segments []string, depth int) []string {
		list, last := segments, segments
		for range depth - 1 {
			var next []string
			for _, o := range last {
				for _, s := range segments {
					next = append(next, o+"."+s, o+"/"+s)
				}
			}
			list, last = append(list[:len(list):len(list)], next...), next
		}
		for _, o := range list[:len(list):len(list)] {
			list = append(list, "/"+o)
		}
		return list
	}
	wild := []string{"*", "/*"}
	for _, o := range objects([]string{"a", "ab"}, 2) {
		wild = append(wild, o, o+".*", o+"/*")
	}
	for _, o := range wild {
		patterns = append(patterns, Pattern(o+":v"), Pattern(o+":w"), Pattern(o+":*"))
	}
	for _, o := range objects([]string{"a", "ab", "z"}, 3) {
		permissions = append(permissions, Permission(o+":v"), Permission(o+":w"), Permission(o+":z"))
	}
	return patterns, permissions
}

func split2(p Permission) (object, action string) {
	object, action, _ = p.Split()
	return object, action
}

// inPattern is what a pattern means, said as plainly as can be.
func inPattern(p Pattern, q Permission) bool {
	i, j := strings.LastIndex(string(p), ":"), strings.LastIndex(string(q), ":")
	object, asked := string(p[:i]), string(q[:j])
	if p[i+1:] != "*" && string(p[i+1:]) != string(q[j+1:]) {
		return false
	}
	if object == asked {
		return true
	}
	return strings.HasSuffix(object, "*") && strings.HasPrefix(asked, object[:len(object)-1])
}

// One pattern covers another when every permission of the other is one of its own, and they
// overlap when they share one. Promise 3 rests on both.
func TestCoversAndOverlapsAgainstBruteForce(t *testing.T) {
	t.Parallel()
	patterns, permissions := patternUniverse()
	sets := make([][]bool, len(patterns))
	for i, p := range patterns {
		if err := p.check(); err != nil {
			t.Fatalf("%q: %v", p, err)
		}
		sets[i] = make([]bool, len(permissions))
		for j, q := range permissions {
			sets[i][j] = inPattern(p, q)
			if got := slices.Contains(coveringPatterns(split2(q)), p); got != sets[i][j] {
				t.Fatalf("%q covers the permission %q: %v", p, q, got)
			}
		}
	}
	covered, overlapping := 0, 0
	for i, p := range patterns {
		for j, q := range patterns {
			covers, overlaps := true, false
			for k := range permissions {
				covers = covers && (sets[i][k] || !sets[j][k])
				overlaps = overlaps || sets[i][k] && sets[j][k]
			}
			if got := p.covers(q); got != covers {
				t.Errorf("%q covers %q: %v", p, q, got)
			}
			if got := p.overlaps(q); got != overlaps {
				t.Errorf("%q overlaps %q: %v", p, q, got)
			}
			if covers {
				covered++
			}
			if overlaps {
				overlapping++
			}
		}
	}
	t.Logf("of %d pairs, %d cover and %d overlap", len(patterns)*len(patterns), covered, overlapping)
}

// What a matcher looks up is what the patterns in it cover one by one, whether the permission
// has a name in the lexicon or is spelt.
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
