package authz

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Symbols that no rule names any more are dropped in time.
func TestSymbolsAreRenewed(t *testing.T) {
	t.Parallel()
	s := emptySnapshot([]Permission{"declared:view"})
	apply := func(d Delta) {
		t.Helper()
		s = applied(t, s, d)
	}
	wild := Rule{Kind: KindGrant, Subject: "group:Desk", Pattern: "kept.*:view"}
	own := Rule{Kind: KindGrant, Subject: "ben", Pattern: "own:view"}
	apply(Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}},
		Added:  []Rule{wild, own, {Kind: KindMember, Subject: "ana", Group: "Desk"}},
	})
	for i := range 5000 {
		passing := Rule{Kind: KindGrant, Subject: "group:Desk", Pattern: Pattern(fmt.Sprintf("record%d.*:view", i))}
		if i%2 == 0 {
			passing.Pattern = Pattern(fmt.Sprintf("record%d:view", i))
		}
		apply(Delta{Added: []Rule{passing}})
		if p := Permission(fmt.Sprintf("record%d.x:view", i)); s.can("ana", p) != (i%2 == 1) {
			t.Fatalf("%q is %v", p, i%2 == 0)
		}
		apply(Delta{Removed: []Rule{passing}})
		if !s.can("ana", "kept.a:view") || s.can("ana", "keptless:view") || !s.can("ben", "own:view") || s.can("ben", "kept.a:view") {
			t.Fatalf("round %d: what stayed isn't as it was", i)
		}
	}
	if n := s.symbols.texts.Len() + s.symbols.names.Len(); n > 5000 {
		t.Errorf("%d texts and names are kept for two rules", n)
	}
	if !s.symbols.names.Find("declared:view").Found() {
		t.Error("what the catalog declares lost its name")
	}
}

// The memory of matchers follows the size of the policy, however many groups inherit the same rules (A7).
func TestHeirsShareMatchers(t *testing.T) {
	t.Parallel()
	const rules, heirs = 2000, 500
	for name, own := range map[string]func(heir GroupName, i int) []Rule{
		"heirs without rules": func(GroupName, int) []Rule { return nil },
		"heirs with a rule": func(heir GroupName, i int) []Rule {
			return []Rule{{Kind: KindGrant, Subject: heir.Subject(), Pattern: Pattern(fmt.Sprintf("heir%d:view", i))}}
		},
		"heirs of two groups": func(heir GroupName, i int) []Rule {
			if i == 0 {
				return nil
			}
			return []Rule{{Kind: KindInherit, Subject: heir.Subject(), Group: GroupName(fmt.Sprint("Heir", i/2))}}
		},
	} {
		d := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "Base"}}}}
		for i := range rules { // neighbors in the order of numbers share a slot: leave gaps, as an attacker would
			d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: "group:Base", Pattern: Pattern(fmt.Sprintf("o%d.*:view", i))})
		}
		for i := range heirs {
			heir := GroupName(fmt.Sprint("Heir", i))
			d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: heir}})
			d.Added = append(append(d.Added, Rule{Kind: KindInherit, Subject: heir.Subject(), Group: "Base"}), own(heir, i)...)
		}
		s := applied(t, emptySnapshot(nil), d)
		slots := map[*entry]int{} // shared ones count once
		note := func(list []entry) {
			if len(list) > 0 {
				slots[&list[0]] = cap(list)
			}
		}
		for i := range s.matchers {
			if note(s.matchers[i].blocks); s.matchers[i].more != nil {
				note(s.matchers[i].more.wildcards)
			}
		}
		all := 0
		for _, n := range slots {
			all += n
		}
		if all > 16*len(d.Added) {
			t.Errorf("%s: %d slots for %d rules", name, all, len(d.Added))
		}
	}
}

// A group has the effects of its own rules and of all that it inherits, whether its matcher copies them, shares
// them or refers to them, also after changes and on a cycle that another program wrote.
func TestMatchersAgainstInheritance(t *testing.T) {
	WithoutRaces(t)
	t.Parallel()
	r := rand.New(rand.NewPCG(12, 7))
	const groups = 24
	patterns, permissions := patternUniverse()
	for i := range 2000 {
		p := fmt.Sprintf("o%d:view", i)
		patterns, permissions = append(patterns, Pattern(p)), append(permissions, Permission(p))
	}
	name := func(i int) GroupName { return GroupName(fmt.Sprint("G", i)) }
	var d Delta
	for i := range groups {
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: name(i)}})
	}
	s := applied(t, emptySnapshot(nil), d)
	copies, references := 0, 0
	for round := range 120 {
		s = applied(t, s, randomGroupRules(r, s, patterns, name, round > 100))
		for range 6 {
			q := permissions[r.IntN(len(permissions))]
			object, action, _ := q.Split()
			n := s.symbols.symbolOf(object, action, ^wildcards(0))
			effects := s.effects(&n)
			for i := range groups {
				id := s.byName[name(i)]
				want := inherited(s, id, q)
				if got := s.effectOfGroups([]groupID{id}, &n); got != want || effects[id] != want {
					t.Fatalf("round %d: %s on %q is %b and %b, want %b", round, name(i), q, got, effects[id], want)
				}
			}
		}
		for _, g := range s.groups[1:] {
			if m := &s.matchers[g.id]; m.refers() {
				references++
			} else if len(g.inherits) > 0 {
				copies++
			}
		}
	}
	if copies < 200 || references < 200 {
		t.Errorf("%d heirs copied what they inherit, %d referred to it", copies, references)
	}
}

// randomGroupRules returns a change of the rules and links of some groups.
func randomGroupRules(r *rand.Rand, s *snapshot, patterns []Pattern, name func(int) GroupName, cycles bool) (d Delta) {
	edit := func(rule Rule) {
		if s.hasRule(rule) {
			d.Removed = append(d.Removed, rule)
		} else {
			d.Added = append(d.Added, rule)
		}
	}
	seen := map[Rule]bool{}
	for range r.IntN(4) {
		heir, giver := r.IntN(len(s.byName)), r.IntN(len(s.byName))
		if heir == giver || heir < giver && !cycles {
			continue
		}
		rule := Rule{Kind: KindInherit, Subject: name(heir).Subject(), Group: name(giver)}
		if !seen[rule] {
			seen[rule] = true
			edit(rule)
		}
	}
	subject := name(r.IntN(len(s.byName))).Subject()
	for range r.IntN(80) {
		rule := Rule{Kind: KindGrant, Subject: subject, Pattern: patterns[r.IntN(len(patterns))]}
		if r.IntN(5) == 0 {
			rule.Kind = KindRestriction
		}
		if !seen[rule] {
			seen[rule] = true
			edit(rule)
		}
	}
	return d
}

// inherited says which effects a group has, as plainly as possible.
func inherited(s *snapshot, id groupID, q Permission) (want effect) {
	s.walk(id, func(g *group) {
		for _, p := range g.rules.patterns(KindGrant) {
			if inPattern(p, q) {
				want |= granted
			}
		}
		for _, p := range g.rules.patterns(KindRestriction) {
			if inPattern(p, q) {
				want |= restricted
			}
		}
	})
	return want
}

// A decision about groups that refer to others doesn't allocate.
func TestInheritedDecisionsAllocateNothing(t *testing.T) {
	var d Delta
	for i := range 6 {
		g := GroupName(fmt.Sprint("G", i))
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: g}})
		for n := range 200 {
			d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: g.Subject(), Pattern: Pattern(fmt.Sprintf("o%d.p%d.*:view", i, n))})
		}
		for giver := range i {
			d.Added = append(d.Added, Rule{Kind: KindInherit, Subject: g.Subject(), Group: GroupName(fmt.Sprint("G", giver))})
		}
	}
	d.Added = append(d.Added, Rule{Kind: KindMember, Subject: "ana", Group: "G5"})
	s := applied(t, emptySnapshot([]Permission{"o0.p7.x:view", "o0.p7.x:edit"}), d)
	ask := [][]Permission{{"o0.p7.x:view"}, {"o0.p7.x:edit"}, {"o0.p7.y:view"}}
	allocated := testing.AllocsPerRun(1000, func() {
		if !s.canAll("ana", ask[0]) || s.canAll("ana", ask[1]) || !s.canAll("ana", ask[2]) {
			t.Error("a wrong decision")
		}
	})
	if allocated != 0 && !RaceDetector() { // with it, a sync.Pool loses some of what it is given
		t.Errorf("%v allocations", allocated)
	}
}
