package authz

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// The final check refuses changes that break a promise, even those that no operation makes.
func TestCheckPromises(t *testing.T) {
	t.Parallel()
	before, err := emptySnapshot(nil).apply(update{revision: 1, delta: Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: Administrators}}, {After: &GroupInfo{Name: "Desk"}}},
		Added:  []Rule{administratorsRule, {Kind: KindMember, Subject: "ana", Group: Administrators}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	admins := Administrators.Subject()
	cases := map[string]struct {
		delta Delta
		want  error
	}{
		"nothing":    {Delta{}, nil},
		"widened":    {Delta{Added: []Rule{{Kind: KindGrant, Subject: admins, Pattern: "a:b"}}}, ErrProtectedGroup},
		"narrowed":   {Delta{Removed: []Rule{administratorsRule}}, ErrProtectedGroup},
		"restricted": {Delta{Added: []Rule{{Kind: KindRestriction, Subject: admins, Pattern: "a:b"}}}, ErrProtectedGroup},
		"inherits":   {Delta{Added: []Rule{{Kind: KindInherit, Subject: admins, Group: "Desk"}}}, ErrProtectedGroup},
		"inherited":  {Delta{Added: []Rule{{Kind: KindInherit, Subject: "group:Desk", Group: Administrators}}}, ErrProtectedGroup},
		"renamed":    {Delta{Groups: []GroupChange{{Before: &GroupInfo{Name: Administrators}, After: &GroupInfo{Name: "Staff"}}}}, ErrProtectedGroup},
		"emptied":    {Delta{Removed: []Rule{{Kind: KindMember, Subject: "ana", Group: Administrators}}}, ErrLastAdministrator},
	}
	for name, c := range cases {
		after, err := before.apply(update{revision: 2, delta: c.delta})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := checkPromises(before, after); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// Inheritance is refused exactly where the whole policy has a faulty link that the change adds, and a group that gets its
// first link doesn't need a look at all links of the policy.
func TestCheckInheritanceLooksAtTheChainsOfOneGroup(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	faulty, fine := 0, 0
	for range 2000 {
		const n = 12
		name := func() GroupName { return GroupName(fmt.Sprint("G", r.IntN(n))) }
		var d, added Delta
		for i := range n {
			d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: GroupName(fmt.Sprint("G", i))}})
		}
		links := map[Rule]bool{}
		link := func(to *Delta, heir GroupName) {
			if l := (Rule{Kind: KindInherit, Subject: heir.Subject(), Group: name()}); !links[l] {
				links[l] = true
				to.Added = append(to.Added, l)
			}
		}
		for range r.IntN(14) {
			link(&d, name())
		}
		heir := name()
		for range 1 + r.IntN(2) {
			link(&added, heir)
		}
		after := applied(t, applied(t, emptySnapshot(nil), d), added)
		faults, err := linkFaults(nil, after.inheritedRules())
		if err != nil {
			t.Fatal(err)
		}
		want := slices.ContainsFunc(added.Added, func(l Rule) bool { return faults[l] != linkFault{} })
		if got := checkInheritance(nil, after, added); (got != nil) != want {
			t.Fatalf("%v and %v: %v", d.Added, added.Added, got)
		} else if want {
			faulty++
		} else {
			fine++
		}
	}
	if faulty < 100 || fine < 100 {
		t.Errorf("%d are faulty, %d fine", faulty, fine)
	}
	first := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "New"}}}, Added: []Rule{{Kind: KindInherit, Subject: "group:New", Group: "Hub"}}}
	work := newPace(t.Context())
	if err := checkInheritance(work, applied(t, hub(t, 300), first), first); err != nil || work.steps > 0 {
		t.Errorf("a look at %d links: %v", work.steps, err)
	}
}
