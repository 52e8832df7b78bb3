package authz

import (
	"fmt"
	"runtime"
	"testing"
)

// The memory that it takes to change the ends of one user follows their number. Every instance applies such a change,
// and reads such a policy when it starts.
func TestManyEndsOfOneUserTakeLittleMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	allocated := func(n int) uint64 {
		var made, added, moved Delta
		for i := range n {
			name := GroupName(fmt.Sprint("G", i))
			made.Groups = append(made.Groups, GroupChange{After: &GroupInfo{Name: name}})
			added.Added = append(added.Added, Rule{Kind: KindMember, Subject: "ana", Group: name})
			added.Ends = append(added.Ends, EndChange{User: "ana", Group: name, After: 5})
			moved.Ends = append(moved.Ends, EndChange{User: "ana", Group: name, Before: 5, After: Until(i % 2 * 7)})
		}
		s := applied(t, emptySnapshot(nil), made)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s = applied(t, applied(t, s, added), moved)
		runtime.ReadMemStats(&after)
		for i := range n {
			if got, want := s.endOf(Rule{Kind: KindMember, Subject: "ana", Group: GroupName(fmt.Sprint("G", i))}), Until(i%2*7); got != want {
				t.Fatalf("of %d ends, the one in G%d is %d instead of %d", n, i, got, want)
			}
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	if some, more := allocated(2000), allocated(4000); more > 3*some {
		t.Errorf("2,000 ends take %d bytes, 4,000 take %d", some, more)
	}
}

// An end that doesn't fit is refused, whether the user has few ends or many.
func TestEndsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2 * fewEnds} {
		var d Delta
		for i := range n {
			name := GroupName(fmt.Sprint("G", i))
			d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: name}})
			d.Ends = append(d.Ends, EndChange{User: "ana", Group: name, After: 5})
		}
		s := applied(t, emptySnapshot(nil), d)
		for name, ends := range map[string][]EndChange{
			"twice":       {{User: "ana", Group: "G0", Before: 5}, {User: "ana", Group: "G0", Before: 5}},
			"another":     {{User: "ana", Group: "G0", Before: 6, After: 7}},
			"the same":    {{User: "ana", Group: "G0", Before: 5, After: 5}},
			"a new one":   {{User: "ana", Group: "G0", After: 7}},
			"of nobody":   {{User: "ben", Group: "G0", Before: 5}},
			"in no group": {{User: "ana", Group: "Ops", After: 7}},
		} {
			if _, err := s.apply(update{revision: 2, delta: Delta{Ends: ends}}); err == nil {
				t.Errorf("%s, beside %d ends: it was applied", name, n)
			}
		}
		var gone []EndChange
		for _, c := range d.Ends {
			gone = append(gone, EndChange{User: c.User, Group: c.Group, Before: 5})
		}
		if s = applied(t, s, Delta{Ends: gone}); s.ends.Len() != 0 {
			t.Errorf("of %d ends that are removed, some are left", n)
		}
	}
}
