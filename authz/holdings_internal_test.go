package authz

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// What a user holds is what decisions allow, for every policy and permission.
func TestHoldingsAreWhatDecisionsAllow(t *testing.T) {
	t.Parallel()
	patterns, permissions := patternUniverse()
	patterns = append(patterns, Everything, "*:v")
	r := rand.New(rand.NewPCG(3, 4))
	allowed := 0
	for range 50 {
		d := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: Administrators}}}}
		users := []UserID{"ana", "ben", "cleo", "nobody"}
		subjects := []Subject{"ana", "ben"}
		for i := range 4 {
			name := GroupName(fmt.Sprint("G", i))
			d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: name}})
			subjects = append(subjects, name.Subject())
			if i > 0 {
				d.Added = append(d.Added, Rule{Kind: KindInherit, Subject: name.Subject(), Group: GroupName(fmt.Sprint("G", r.IntN(i)))})
			}
			d.Added = append(d.Added, Rule{Kind: KindMember, Subject: users[r.IntN(3)].subject(), Group: name})
		}
		if r.IntN(2) == 0 {
			d.Added = append(d.Added, Rule{Kind: KindMember, Subject: "ana", Group: Administrators})
		}
		rules := map[Rule]bool{}
		for range 6 {
			rule := Rule{Kind: KindGrant, Subject: subjects[r.IntN(len(subjects))], Pattern: patterns[r.IntN(len(patterns))]}
			if r.IntN(4) == 0 {
				rule.Kind = KindRestriction
			}
			if !rules[rule] {
				rules[rule] = true
				d.Added = append(d.Added, rule)
			}
		}
		s := applied(t, emptySnapshot(nil), d)
		for _, u := range users {
			held := s.holdingsOf(u)
			for _, p := range append(permissions, "a", ":v", "a:", "a.:v", "/:v") {
				if held.has(p) != s.can(u, p) {
					t.Fatalf("%v: %q has %q: %v", d.Added, u, p, held.has(p))
				} else if held.has(p) {
					allowed++
				}
			}
		}
	}
	if allowed < 1000 {
		t.Errorf("only %d are allowed", allowed)
	}
}

// The rules of each group are looked at once, however many paths lead to it.
func TestManyPathsYieldRulesOnce(t *testing.T) {
	t.Parallel()
	const n = 50
	s, found := hub(t, n), 0
	for range s.ruleSetsOf(s.user("eve")) {
		found++
	}
	held := (&View{s: s, catalog: &catalog{}}).PermissionsOf("eve")
	m := impacts{is: &View{s: s}}
	if rules := m.rulesOf(s.user("eve").groupIDs(nil)); found != n || len(rules) != n || len(held) != n {
		t.Errorf("%d groups with rules yield %d and %d, and %d permissions", n, found, len(rules), len(held))
	}
}

// What many paths lead to costs as much as the links, so twice as many links cost twice as much. A walk for each group
// would cost four times as much.
func TestManyPathsCostLikeTheirLinks(t *testing.T) { //nolint:paralleltest // it measures memory
	cost := func(s *snapshot, do func(*View)) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do(&View{s: s, catalog: &catalog{}})
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	delegate := Delta{Added: []Rule{
		{Kind: KindGrant, Subject: "eve", Pattern: "rightful.groups:view"},
		{Kind: KindGrant, Subject: "eve", Pattern: "rightful.users:view"},
		{Kind: KindGrant, Subject: "eve", Pattern: "rightful.members/*:assign"},
	}}
	one, two := applied(t, hub(t, 400), delegate), applied(t, hub(t, 800), delegate)
	for what, do := range map[string]func(*View){
		"permissions": func(v *View) { v.PermissionsOf("eve") },
		"rights": func(v *View) {
			if n := len(v.Rights("eve").Assigns); n != len(v.s.byName) {
				t.Errorf("eve may assign the members of %d groups of %d", n, len(v.s.byName))
			}
		},
		"groups of a refusal": func(v *View) {
			if len(v.fewestGroups(nil, "stranger", []Permission{"a.x1:view"})) == 0 {
				t.Error("no groups give it")
			}
		},
	} {
		if a, b := cost(one, do), cost(two, do); b > 3*a {
			t.Errorf("%s: %d bytes for 400 groups, %d for 800", what, a, b)
		}
	}
}
