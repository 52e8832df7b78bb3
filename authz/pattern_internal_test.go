package authz

import (
	"slices"
	"testing"
)

// One pattern covers another if it matches every permission of the other; they overlap if they
// share a permission. Promise 3 rests on both.
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

func split2(p Permission) (object, action string) {
	object, action, _ = p.Split()
	return object, action
}
