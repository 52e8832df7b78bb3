package authz

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// A change that doesn't fit the policy is an error and is never applied in part.
func TestApplyRefusesInvalidChanges(t *testing.T) {
	t.Parallel()
	member := Rule{Kind: KindMember, Subject: "ana", Group: "Desk"}
	grant := Rule{Kind: KindGrant, Subject: "ana", Pattern: "a:b"}
	s, err := emptySnapshot(nil).apply(update{revision: 1, delta: Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}}, Added: []Rule{member, grant},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]Delta{
		"a group made twice":        {Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}}},
		"a group not empty":         {Groups: []GroupChange{{Before: &GroupInfo{Name: "Desk"}}}},
		"a group that isn't":        {Groups: []GroupChange{{Before: &GroupInfo{Name: "Ops"}}}},
		"a member twice":            {Added: []Rule{member}},
		"a member of nothing":       {Added: []Rule{{Kind: KindMember, Subject: "ana", Group: "Ops"}}},
		"a member that isn't":       {Removed: []Rule{{Kind: KindMember, Subject: "ben", Group: "Desk"}}},
		"a grant twice":             {Added: []Rule{grant}},
		"a grant that isn't":        {Removed: []Rule{{Kind: KindGrant, Subject: "ana", Pattern: "a:c"}}},
		"a restriction that isn't":  {Removed: []Rule{{Kind: KindRestriction, Subject: "ana", Pattern: "a:b"}}},
		"an inheritance that isn't": {Removed: []Rule{{Kind: KindInherit, Subject: "group:Desk", Group: "Desk"}}},
		"a kind that isn't":         {Added: []Rule{{Kind: "wish", Subject: "ana", Pattern: "a:b"}}},
	} {
		if _, err := s.apply(update{revision: 2, delta: d}); err == nil {
			t.Errorf("%s was applied", name)
		}
	}
	if !s.can("ana", "a:b") || s.revision != 1 || len(s.byName) != 1 {
		t.Error("a refused change left traces in the snapshot before it")
	}
}

// Readers and several changes use one snapshot concurrently.
func TestConcurrentChangesOfOneSnapshot(t *testing.T) {
	t.Parallel()
	s := emptySnapshot([]Permission{"a.b:view"})
	d := Delta{}
	for i := range 40 {
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: GroupName(fmt.Sprint("G", i))}})
		d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: Subject(fmt.Sprint("group:G", i)), Pattern: Pattern(fmt.Sprint("o", i, ".*:view"))})
	}
	for i := range 3000 {
		u := UserID(fmt.Sprint(strings.Repeat("u", i%30), i))
		d.Added = append(d.Added, Rule{Kind: KindMember, Subject: u.subject(), Group: GroupName(fmt.Sprint("G", i%40))})
		if i%3 == 0 {
			d.Added = append(d.Added, Rule{Kind: KindMember, Subject: u.subject(), Group: GroupName(fmt.Sprint("G", (i+1)%40))},
				Rule{Kind: KindMember, Subject: u.subject(), Group: GroupName(fmt.Sprint("G", (i+2)%40))})
		}
	}
	s, err := s.apply(update{revision: 1, delta: d})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			next := s
			for i := range 150 {
				u := UserID(fmt.Sprint("w", w, strings.Repeat("n", i%30), i))
				d := Delta{Added: []Rule{
					{Kind: KindMember, Subject: u.subject(), Group: "G3"},
					{Kind: KindGrant, Subject: u.subject(), Pattern: Pattern(fmt.Sprint("w", w, ".o", i, ".*:view"))},
					{Kind: KindGrant, Subject: "group:G1", Pattern: Pattern(fmt.Sprint("w", w, ".p", i, ":view"))},
				}}
				var err error
				if next, err = next.apply(update{revision: next.revision + 1, delta: d}); err != nil {
					t.Error(err)
					return
				}
				if !next.can(u, Permission(fmt.Sprint("w", w, ".o", i, ".x:view"))) {
					t.Error("denied")
				}
				if s.can(u, Permission(fmt.Sprint("w", w, ".o", i, ".x:view"))) {
					t.Error("allowed before")
				}
				if i == 70 {
					next.renewSymbols()
				}
				n := 0
				for range s.users.All() {
					n++
				}
				if n != 3000 {
					t.Error(n)
				}
			}
		})
	}
	wg.Wait()
}

// Deleted groups keep no memory, and their slots are reused.
func TestDeletedGroupsLeaveNothing(t *testing.T) {
	t.Parallel()
	s := emptySnapshot(nil)
	apply := func(d Delta) {
		t.Helper()
		s = applied(t, s, d)
	}
	info := &GroupInfo{Name: "Project"}
	var rules []Rule
	for i := range 50 {
		rules = append(rules, Rule{Kind: KindGrant, Subject: "group:Project", Pattern: Pattern(fmt.Sprintf("a%d:view", i))})
	}
	const n = 3000
	for range n {
		apply(Delta{Groups: []GroupChange{{After: info}}, Added: rules})
		apply(Delta{Groups: []GroupChange{{Before: info}}, Removed: rules})
	}
	slots := 0
	for _, m := range s.matchers {
		slots += len(m.blocks)
	}
	if len(s.groups) > 100 || slots > 10_000 {
		t.Errorf("no group is left, and there are %d places of groups and %d slots of matchers", len(s.groups), slots)
	}
}
