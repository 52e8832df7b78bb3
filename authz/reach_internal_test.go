package authz

import (
	"context"
	"errors"
	"fmt"
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

// Each group is looked at once, however many paths lead to it, and no longer than there is time.
func TestReachLooksOnceAtEachGroup(t *testing.T) {
	t.Parallel()
	const n = 300
	s, work := hub(t, n), newPace(t.Context())
	if r, err := s.reachOfUser(work, "eve", nil); err != nil || len(r.grants) != n || work.steps > 4*n {
		t.Errorf("%d grants of %d groups take %d steps", len(r.grants), 2*n+1, work.steps)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	work = newPace(ended)
	if _, err := s.reachOfUser(work, "eve", nil); !errors.Is(err, context.Canceled) || work.steps > paceSteps {
		t.Errorf("%d steps after the time is up: %v", work.steps, err)
	}
}

// A rule reaches a user until the last of the memberships that lead to it ends, in whatever order these are.
func TestReachLastsAsLongAsTheLastPath(t *testing.T) {
	t.Parallel()
	for _, ends := range [][3]Until{{5, 7, 9}, {9, 5, 7}, {7, 9, 5}, {5, 0, 7}, {0, 5, 5}} {
		s := hub(t, 3)
		d := Delta{Added: []Rule{{Kind: KindGrant, Subject: "group:Top0", Pattern: "top:view"}}}
		for i, end := range ends {
			if end != 0 {
				d.Ends = append(d.Ends, EndChange{User: "eve", Group: GroupName(fmt.Sprint("Top", i)), After: end})
			}
		}
		last := max(ends[0].orForever(), ends[1].orForever(), ends[2].orForever())
		want := map[Pattern]Until{"a.x0:view": last, "a.x1:view": last, "a.x2:view": last, "top:view": ends[0].orForever()}
		if r, _ := applied(t, s, d).reachOfUser(nil, "eve", nil); !maps.Equal(r.grants, want) {
			t.Errorf("ends %v: %v", ends, r.grants)
		}
	}
}
