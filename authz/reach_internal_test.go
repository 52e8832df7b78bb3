package authz

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// What a reach holds, and for how long, is what its patterns say one by one.
func TestReachHoldsWhatItsPatternsSay(t *testing.T) {
	t.Parallel()
	patterns, _ := patternUniverse()
	patterns = append(patterns, Everything, "*:v", ownPattern, "rightful.*:assign", "rightful.members/*:assign", "rightful.members/*:*",
		membersPattern("a.b", "assign"), membersPattern("a.b", "*"), membersPattern("a", "assign"), "rightful.groups:view", "rightful.groups:*")
	r := rand.New(rand.NewPCG(1, 2))
	some := func(most int) map[Pattern]Until {
		set := map[Pattern]Until{}
		for range r.IntN(most + 1) {
			set[patterns[r.IntN(len(patterns))]] = Until(1 + r.IntN(3))
		}
		return set
	}
	held := 0
	for range 500 {
		actor := reach{some(6), some(2)}
		for _, p := range patterns {
			until := Until(1 + r.IntN(3))
			covered := slices.ContainsFunc(slices.Collect(maps.Keys(actor.grants)), func(q Pattern) bool {
				return q.covers(p) && actor.grants[q] >= until
			})
			free := !slices.ContainsFunc(slices.Collect(maps.Keys(actor.restrictions)), func(q Pattern) bool { return q.overlaps(p) })
			if actor.holds(p, until) != (covered && free) {
				t.Fatalf("%v holds %q until %d: %v", actor, p, until, !(covered && free))
			}
			if covered && free {
				held++
			}
		}
	}
	if held < 1000 {
		t.Errorf("only %d are held", held)
	}
}
