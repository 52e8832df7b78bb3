package authz

import (
	"slices"

	"github.com/rightful-go/rightful/authz/internal/table"

	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// applied returns the policy after a change.
func applied(t *testing.T, s *snapshot, d Delta) *snapshot {
	t.Helper()
	next, err := s.apply(Change{Revision: s.revision + 1, Delta: d})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// Readers of one snapshot and several changes of it at once.
func TestChangesOfOneSnapshotAtOnce(t *testing.T) {
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
	s, err := s.apply(Change{Revision: 1, Delta: d})
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
				if next, err = next.apply(Change{Revision: next.revision + 1, Delta: d}); err != nil {
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

// Groups that are gone keep nothing, and their places are given again.
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
		slots += len(m.slots)
	}
	if len(s.groups) > 100 || slots > 10_000 {
		t.Errorf("no group is left, and there are %d places of groups and %d slots of matchers", len(s.groups), slots)
	}
}

// Whom a bad row denies everything is denied it when they come back, and so is a group that
// is made under such a name.
func TestBlockedHoldersComeBack(t *testing.T) {
	t.Parallel()
	s := emptySnapshot(nil)
	apply := func(d Delta) {
		t.Helper()
		s = applied(t, s, d)
	}
	apply(Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "A"}}}, Added: []Rule{{Kind: KindGrant, Subject: "group:A", Pattern: "a:*"}}})
	c := *s
	c.setBadRows([]badRow{{Row{ID: 1, Type: "p", V: [6]string{"ben", "x*y", "z", "deny"}}, "x"}, {Row{ID: 2, Type: "p", V: [6]string{"group:B", "x*y", "z", "deny"}}, "x"}})
	s = &c
	ben := Rule{Kind: KindMember, Subject: "ben", Group: "A"}
	for range 2 {
		apply(Delta{Added: []Rule{ben}})
		if s.can("ben", "a:b") {
			t.Error("ben")
		}
		apply(Delta{Removed: []Rule{ben}})
	}
	apply(Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "B"}}}, Added: []Rule{{Kind: KindGrant, Subject: "group:B", Pattern: "a:*"}, {Kind: KindMember, Subject: "cleo", Group: "B"}}})
	if s.can("cleo", "a:b") {
		t.Error("cleo")
	}
	v := &View{s: s, catalog: &catalog{}}
	n, _ := v.symbolOf("a:b")
	if got := v.groupsHolding(&n); len(got) != 1 {
		t.Error(got)
	}
}

// Decisions that look at everything allocate nothing.
func TestDeepDecisionsAllocateNothing(t *testing.T) {
	s := emptySnapshot(nil)
	d := Delta{}
	for i := range 5 {
		g := GroupName(fmt.Sprint("G", i))
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: g}})
		d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: g.Subject(), Pattern: Pattern(strings.Repeat("a.", 10*i) + "*:*")}, Rule{Kind: KindMember, Subject: "ben", Group: g})
	}
	d.Added = append(d.Added, Rule{Kind: KindRestriction, Subject: "ben", Pattern: "z.*:y"}, Rule{Kind: KindGrant, Subject: "ben", Pattern: Pattern("/" + strings.Repeat("a.", 49) + "*:v")})
	s, err := s.apply(Change{Revision: 1, Delta: d})
	if err != nil {
		t.Fatal(err)
	}
	deep := []Permission{Permission(strings.Repeat("a.", 300) + "x:view"), Permission("/" + strings.Repeat("a.", 49) + "b.c:v")}
	if n := testing.AllocsPerRun(100, func() {
		if !s.canAll("ben", deep) {
			t.Error("denied")
		}
	}); n != 0 {
		t.Error(n)
	}
}

// Holders and HoldingGroups are those that Can says, whoever they are.
func TestHoldersAreThoseWhoCan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	patterns := []Pattern{"a:v", "a:*", "a.b:v", "a.*:v", "*:v", "*:*", "a.b.*:*", Pattern("/" + strings.Repeat("a.", 49) + "*:v")}
	asked := []Permission{"a:v", "a.b:v", "a.b.c:v", "a.b.c:w", "z:z", Permission("/" + strings.Repeat("a.", 49) + "b:v"), "a.*:v", "a:*", "*:*", ""}
	for round := range 300 {
		d := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: Administrators}}}}
		names := []GroupName{Administrators}
		for i := range 5 {
			names = append(names, GroupName(fmt.Sprint("G", i)))
			d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: names[i+1]}})
		}
		seen := map[Rule]bool{}
		for range 25 {
			h := names[r.IntN(6)].Subject()
			if r.IntN(2) == 0 {
				h = Subject(fmt.Sprint("u", r.IntN(6)))
			}
			rule := Rule{Kind: []RuleKind{KindGrant, KindRestriction, KindMember}[min(2, r.IntN(6))], Subject: h, Pattern: patterns[r.IntN(len(patterns))]}
			if _, isUser := h.User(); isUser && rule.Kind == KindMember {
				rule.Pattern, rule.Group = "", names[r.IntN(6)]
			} else if rule.Kind == KindMember {
				continue
			}
			if !seen[rule] {
				seen[rule] = true
				d.Added = append(d.Added, rule)
			}
		}
		s, err := emptySnapshot(nil).apply(Change{Revision: 1, Delta: d})
		if err != nil {
			t.Fatal(err)
		}
		if round%4 == 0 {
			s.setBadRows([]badRow{{Row{ID: 1, Type: "p", V: [6]string{"u1", "x*y", "z", "deny"}}, "x"}})
		}
		v := &View{s: s, catalog: &catalog{}}
		for _, p := range asked {
			held := map[UserID]bool{}
			if n, ok := v.symbolOf(p); ok {
				for u := range v.usersHolding(&n) {
					if held[u] {
						t.Errorf("%q twice", u)
					}
					held[u] = true
				}
			}
			for i := range 7 {
				u := UserID(fmt.Sprint("u", i))
				if x := v.Explain(u, p); v.Can(u, p) != held[u] || x.Allowed != held[u] {
					t.Errorf("round %d: %q %q: holders %v, Can %v, Explain %v", round, u, p, held[u], v.Can(u, p), x.Allowed)
				} else if granting := len(x.Permissions[0].Origins); held[u] && granting == 0 {
					t.Errorf("round %d: %q %q: held for no reason", round, u, p)
				}
			}
		}
	}
}

// Users whose hashes are the same by chance are members one by one.
func TestMembersWithTheSameHash(t *testing.T) {
	t.Parallel()
	seen := map[table.Hash]UserID{}
	var pair [2]UserID
	for i := 0; pair[0] == ""; i++ {
		id := UserID(fmt.Sprint("user", i))
		if other, there := seen[table.HashOf(id)]; there {
			pair = [2]UserID{other, id}
		}
		seen[table.HashOf(id)] = id
	}
	member := func(id UserID, group GroupName) Rule {
		return Rule{Kind: KindMember, Subject: id.subject(), Group: group}
	}
	s := emptySnapshot(nil)
	apply := func(d Delta, want ...UserID) {
		t.Helper()
		s = applied(t, s, d)
		g := s.group("Desk")
		if got := slices.Sorted(s.membersOf(g)); !slices.Equal(got, want) || g.members.Len() != len(want) {
			t.Errorf("the members are %q, %d by number; want %q", got, g.members.Len(), want)
		}
	}
	first, second := min(pair[0], pair[1]), max(pair[0], pair[1])
	apply(Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}, {After: &GroupInfo{Name: "Else"}}},
		Added:  []Rule{member(first, "Desk"), member(second, "Else")},
	}, first)
	apply(Delta{Added: []Rule{member(second, "Desk")}}, first, second)
	apply(Delta{Removed: []Rule{member(first, "Desk")}}, second)
	apply(Delta{Added: []Rule{member(first, "Desk")}, Removed: []Rule{member(second, "Desk"), member(second, "Else")}}, first)
}
