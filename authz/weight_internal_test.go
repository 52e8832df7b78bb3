package authz

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// A group weighs as much as its rules and those of each group that it inherits, on a cycle too, which another program may
// have written.
func TestWeigh(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		var d Delta
		const n = 150
		name := func(i int) GroupName { return GroupName(fmt.Sprint("G", i)) }
		links := map[Rule]bool{}
		for i := range n {
			d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: name(i)}})
			for j := range r.IntN(4) {
				d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: name(i).Subject(), Pattern: Pattern(fmt.Sprintf("a%d:b", j))})
			}
			if r.IntN(10) == 0 {
				d.Added = append(d.Added, Rule{Kind: KindRestriction, Subject: name(i).Subject(), Pattern: "z:z"})
			}
			for range r.IntN(4) {
				if link := (Rule{Kind: KindInherit, Subject: name(i).Subject(), Group: name(r.IntN(n))}); !links[link] {
					links[link] = true
					d.Added = append(d.Added, link)
				}
			}
		}
		s := applied(t, emptySnapshot(nil), d)
		weights, err := s.weigh(newPace(t.Context()), s.groupIDs())
		if err != nil || len(weights) != n {
			t.Fatal(err, len(weights))
		}
		for id, weight := range weights {
			want := 0
			s.walk(id, func(g *group) { want += g.weight() })
			if weight != want {
				t.Fatalf("%q weighs %d, want %d", s.groups[id].info.Name, weight, want)
			}
		}
	}
}

// The work follows the links, not the paths, and ends with its time.
func TestWeighFollowsEachLinkOnce(t *testing.T) {
	t.Parallel()
	const n = 500
	s, work := hub(t, n), newPace(t.Context())
	if _, err := s.weigh(work, s.groupIDs()); err != nil || work.steps > 6*n {
		t.Errorf("%d links take %d steps: %v", 2*n, work.steps, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	work = newPace(ended)
	if _, err := s.weigh(work, s.groupIDs()); !errors.Is(err, context.Canceled) || work.steps > paceSteps {
		t.Errorf("%d steps after the time is up: %v", work.steps, err)
	}
}
