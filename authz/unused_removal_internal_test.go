package authz

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
)

// modelPlan does what [removal.plan] does, as plainly as possible: it looks at all that the user would have left without
// each source.
func modelPlan(r *removal, sources []rightSource) []Operation {
	without := func(taken []rightSource) reach {
		left := newReach()
		var start []groupID
		for _, o := range r.s.sourcesOf(r.user) {
			switch {
			case slices.Contains(taken, o):
			case o.group != "":
				start = append(start, r.s.byName[o.group])
			default:
				left.grants[o.grant] = forever
			}
		}
		for _, p := range r.s.user(r.user).rules().patterns(KindRestriction) {
			left.restrictions[p] = forever
		}
		for id := range r.s.inheritance().from(start...) {
			_ = r.s.ownReachInto(left, nil, r.s.groups[id], forever)
		}
		return left
	}
	gives := func(o rightSource, permissions []Permission) bool {
		by := newReach()
		if o.group != "" {
			by, _ = r.s.reachOfGroup(nil, r.s.group(o.group))
		} else {
			by.grants[o.grant] = forever
		}
		return slices.ContainsFunc(permissions, func(p Permission) bool { return covered(p, by.grants) })
	}
	var idle, mixed, taken []rightSource
	for _, o := range sources {
		switch {
		case !gives(o, r.unused):
		case gives(o, r.kept):
			mixed = append(mixed, o)
		default:
			idle = append(idle, o)
		}
	}
	now := without(nil)
	for _, o := range slices.Concat(idle, mixed) {
		with := append(slices.Clone(taken), o)
		left := without(with)
		stays := func(p Permission) bool { return holdings{reach: left}.has(p) }
		if len(left.restrictions) == len(now.restrictions) && !slices.ContainsFunc(r.kept, func(p Permission) bool { return !stays(p) }) {
			taken = with
		}
	}
	left := holdings{reach: without(taken)}
	lost := slices.DeleteFunc(slices.Clone(r.unused), left.has)
	return r.operations(slices.DeleteFunc(taken, func(o rightSource) bool { return !gives(o, lost) }))
}

// removalPolicy returns a small random policy in which eve is in groups and has rules.
func removalPolicy(t *testing.T, r *rand.Rand, patterns []Pattern) *snapshot {
	t.Helper()
	const groups = 6
	name := func() GroupName { return GroupName(fmt.Sprint("G", r.IntN(groups))) }
	rules := map[Rule]bool{}
	for range 3 + r.IntN(4) {
		rules[Rule{Kind: KindMember, Subject: "eve", Group: name()}] = true
	}
	for range r.IntN(6) { // cycles too: another program can write them
		rules[Rule{Kind: KindInherit, Subject: name().Subject(), Group: name()}] = true
	}
	for range 4 + r.IntN(10) {
		rule := Rule{Kind: KindGrant, Subject: name().Subject(), Pattern: patterns[r.IntN(len(patterns))]}
		if r.IntN(4) == 0 {
			rule.Subject = "eve"
		}
		if r.IntN(20) == 0 {
			rule.Kind = KindRestriction
		}
		rules[rule] = true
	}
	var d Delta
	for i := range groups {
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: GroupName(fmt.Sprint("G", i))}})
	}
	for rule := range rules {
		if rule.Kind != KindInherit || rule.Subject != rule.Group.Subject() {
			d.Added = append(d.Added, rule)
		}
	}
	slices.SortFunc(d.Added, compareForExport)
	s := applied(t, emptySnapshot(nil), d)
	if r.IntN(8) == 0 {
		s.blocked = map[Subject]bool{name().Subject(): true} // by a bad row
	}
	return s
}

// A plan is what looking at each source in turn finds, for every policy.
func TestRemovalIsWhatSourceBySourceLeaves(t *testing.T) {
	t.Parallel()
	patterns, permissions := patternUniverse()
	patterns = append(patterns[:12:12], "a.*:*", "a.ab:v", "ab:v", "a:*", Everything)
	r := rand.New(rand.NewPCG(5, 6))
	counts := map[int]int{}
	restricted := 0
	for range 1000 {
		s := removalPolicy(t, r, patterns)
		plan := removal{s: s, user: "eve"}
		held := s.holdingsOf("eve")
		if len(held.restrictions) > 0 {
			restricted++
		}
		r.Shuffle(len(permissions), func(i, j int) { permissions[i], permissions[j] = permissions[j], permissions[i] })
		most := r.IntN(4)
		for _, p := range permissions {
			switch {
			case !held.has(p):
			case len(plan.kept) < most:
				plan.kept = append(plan.kept, p)
			case len(plan.unused) < 6:
				plan.unused = append(plan.unused, p)
			}
		}
		sources := slices.DeleteFunc(s.sourcesOf("eve"), func(rightSource) bool { return r.IntN(8) == 0 })
		got, err := plan.plan(newPace(t.Context()), slices.Clone(sources))
		if want := modelPlan(&plan, sources); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, of %v and of %v kept\n%v, not\n%v: %v", slices.Collect(s.rules), plan.unused, plan.kept, got, want, err)
		}
		counts[len(got)]++
	}
	if counts[0] < 100 || counts[1] < 100 || counts[2] < 50 || counts[3] < 20 || restricted < 100 {
		t.Errorf("plans by their number of operations: %v; %d with restrictions", counts, restricted)
	}
}

// manyGroups returns a policy in which eve is in n groups, each with two rules of its own, that inherit n rules, and a
// removal that takes away half of the groups and keeps what they inherit.
func manyGroups(t *testing.T, n int) *removal {
	t.Helper()
	d := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "Base"}}}}
	r := &removal{user: "eve"}
	for i := range n {
		name := GroupName(fmt.Sprint("G", i))
		kept, unused := Permission(fmt.Sprintf("a.x%d:view", i)), Permission(fmt.Sprintf("b.x%d:view", i))
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: name}})
		d.Added = append(d.Added,
			Rule{Kind: KindGrant, Subject: "group:Base", Pattern: Pattern(kept)},
			Rule{Kind: KindInherit, Subject: name.Subject(), Group: "Base"},
			Rule{Kind: KindGrant, Subject: name.Subject(), Pattern: Pattern(unused)},
			Rule{Kind: KindRestriction, Subject: name.Subject(), Pattern: Pattern(fmt.Sprintf("c.x%d:view", i/2))},
			Rule{Kind: KindMember, Subject: "eve", Group: name})
		r.kept, r.unused = append(r.kept, kept), append(r.unused, unused)
	}
	r.s = applied(t, emptySnapshot(nil), d)
	return r
}

// A plan costs as much as the rules, so twice as many groups with twice as many rules cost twice as much. What each group
// inherits, collected for each of them, would cost four times as much.
func TestRemovalCostsLikeRules(t *testing.T) { //nolint:paralleltest // it measures memory
	cost := func(n int) (bytes uint64, steps uint) {
		r, work := manyGroups(t, n), newPace(t.Context())
		sources := r.s.sourcesOf("eve")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		plan, err := r.plan(work, sources)
		runtime.ReadMemStats(&after)
		if err != nil || len(plan) != maxRemovedGroups {
			t.Errorf("%d operations: %v", len(plan), err)
		}
		return after.TotalAlloc - before.TotalAlloc, work.steps
	}
	oneBytes, oneSteps := cost(400)
	twoBytes, twoSteps := cost(800)
	if twoBytes > 3*oneBytes || twoSteps > 3*oneSteps {
		t.Errorf("%d bytes and %d steps for 400 groups, %d and %d for 800", oneBytes, oneSteps, twoBytes, twoSteps)
	}
}

// A plan stops when its context ends, wherever it is.
func TestRemovalStopsWithItsContext(t *testing.T) {
	t.Parallel()
	r := manyGroups(t, 300)
	whole := newPace(t.Context())
	if _, err := r.plan(whole, r.s.sourcesOf("eve")); err != nil || whole.steps < 20*paceSteps {
		t.Fatalf("%d steps: %v", whole.steps, err)
	}
	for look := 1; look <= int(whole.steps/paceSteps); look++ {
		work := newPace(&countedContext{Context: t.Context(), cancelAt: look})
		if plan, err := r.plan(work, r.s.sourcesOf("eve")); !errors.Is(err, context.Canceled) || plan != nil || work.steps != uint(look)*paceSteps {
			t.Errorf("it ended at step %d, and should have at %d: %d operations, %v", work.steps, look*paceSteps, len(plan), err)
		}
	}
}
