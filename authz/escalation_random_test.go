package authz_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Nobody gives what they don't hold (promise 3), by any operation and by any sequence of them,
// two who conspire included. The oracle knows nothing of patterns that cover or overlap: it
// reads the rows before and after a change, and asks by brute force who can do what. Whoever
// can do something and couldn't before has it from an actor who could, from an administrator,
// or over a membership that the actor may assign; groups count by what an empty one would give
// to its first member; and Rightful's own rights are lost alike.
func TestRandomDelegatesNeverEscalate(t *testing.T) {
	t.Parallel()
	seen := map[authz.Action]int{}
	for _, seed := range seeds(t, 8) {
		sim := newConspiracy(t, seed)
		sim.seen = seen
		if err := sim.run(60); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
	t.Logf("accepted of others than administrators: %v", seen)
	for _, action := range []authz.Action{
		authz.ActionGroupCreate, authz.ActionGroupUpdate, authz.ActionGroupDelete, authz.ActionGroupPermissionsSet,
		authz.ActionGroupPermissionsChange, authz.ActionGroupMembersChange, authz.ActionUserGroupsSet,
		authz.ActionUserPermissionsSet, authz.ActionUserPermissionsChange, authz.ActionUserDelete,
		authz.ActionPolicyImport, authz.ActionChangeRevert,
	} {
		if seen[action] < 3 {
			t.Errorf("%s was accepted %d times; the test sees too little", action, seen[action])
		}
	}
}

// The test above finds an engine that forgets the check in any of its ways in: each of them in
// turn is carried out under the rights of the command.
func TestRandomDelegatesFindEachForgottenCheck(t *testing.T) {
	t.Parallel()
	for _, action := range []authz.Action{
		authz.ActionGroupCreate, authz.ActionGroupUpdate, authz.ActionGroupDelete, authz.ActionGroupPermissionsSet,
		authz.ActionGroupPermissionsChange, authz.ActionGroupMembersChange, authz.ActionUserGroupsSet,
		authz.ActionUserPermissionsSet, authz.ActionUserPermissionsChange, authz.ActionUserDelete,
		authz.ActionPolicyImport, authz.ActionChangeRevert,
	} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			for _, seed := range seeds(t, 12) {
				sim := newConspiracy(t, seed)
				sim.unchecked = action
				if err := sim.run(60); err != nil {
					t.Logf("found: %v", err)
					return
				}
			}
			t.Error("not found")
		})
	}
}

// conspiracy is a random history in which few at a time conspire.
type conspiracy struct {
	t         *testing.T
	r         *rand.Rand
	engine    *authz.Engine
	w         *world // only for what steps are drawn from
	seen      map[authz.Action]int
	unchecked authz.Action // a way in without the check, to see that it is found
}

func newConspiracy(t *testing.T, seed uint64) *conspiracy {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	return &conspiracy{t: t, r: rand.New(rand.NewPCG(seed, 2)), engine: engine, w: worldOf(engine.View()), seen: map[authz.Action]int{}}
}

// run lets administrators and conspirators take turns.
func (c *conspiracy) run(rounds int) error {
	for i := range rounds {
		for range c.r.IntN(4) {
			_, _ = c.draw().engine(c.t.Context(), c.engine.AsCommand("test"))
			c.w = worldOf(c.engine.View())
		}
		two := []authz.UserID{pick(c.r, someUsers), pick(c.r, someUsers)}
		for _, u := range two {
			if c.r.IntN(2) == 0 {
				c.equip(u)
			}
		}
		if c.r.IntN(4) == 0 { // what is taken away from a group must be held as well
			_, _ = c.engine.AsCommand("test").Grant(c.t.Context(), c.w.someGroup(c.r), "rightful.policy:import")
		}
		if err := c.conspire(two, 4+c.r.IntN(12)); err != nil {
			return fmt.Errorf("round %d, %q: %w", i, two, err)
		}
	}
	return nil
}

// equip makes someone a delegate, or the lead of a desk.
func (c *conspiracy) equip(user authz.UserID) {
	if c.r.IntN(3) > 0 {
		equip(c.t, c.engine, c.w, user, c.r)
		return
	}
	delta := authz.RulesDelta{Grant: []authz.Pattern{
		"rightful.groups:view", "rightful.users:view", "rightful.changes:view",
		authz.Pattern(authz.AssignMembers(c.w.someGroup(c.r))), authz.Pattern(authz.AssignMembers(c.w.someGroup(c.r))),
	}}
	must(c.t)(c.engine.AsCommand("test").ChangeUserPermissions(c.t.Context(), user, delta))
	c.w.change(authz.Subject(user), delta)
}

// conspire has the two make changes in any order, and holds each for itself and all of them
// together against what they held.
func (c *conspiracy) conspire(two []authz.UserID, steps int) error {
	c.w = worldOf(c.engine.View())
	if c.w.isAdministrator(two[0]) || c.w.isAdministrator(two[1]) {
		return nil // who may do all
	}
	start, names, delegation := c.w, renames{}, false
	for range steps {
		actor, before := pick(c.r, two), c.w
		s := c.draw()
		change, err := c.attempt(s, actor)
		if err != nil || change.Revision == 0 {
			continue
		}
		after := worldOf(c.engine.View())
		c.w = after
		c.seen[change.Action]++
		moved, any := before.delegated(actor, change)
		delegation = delegation || any
		if err := gained(moved, after, renames{}.then(change), actor); err != nil {
			return fmt.Errorf("%s (%s) by %q: %w", s.name, change.Action, actor, err)
		}
		if names = names.then(change); delegation {
			continue // what someone gets by delegation they may give on
		}
		if err := gained(start, after, names, two...); err != nil {
			return fmt.Errorf("at last %s (%s) by %q: %w", s.name, change.Action, actor, err)
		}
	}
	return nil
}

// attempt carries out a step as the actor, or unchecked where that is planted.
func (c *conspiracy) attempt(s step, actor authz.UserID) (authz.Change, error) {
	ctx := c.t.Context()
	if c.unchecked != "" {
		command := c.engine.AsCommand("test")
		planned, err := s.engine(ctx, command.DryRun())
		aboutAdministrators := slices.ContainsFunc(slices.Concat(planned.Delta.Added, planned.Delta.Removed), func(r authz.Rule) bool {
			return r.Group == authz.Administrators
		})
		if err == nil && planned.Action == c.unchecked && !aboutAdministrators {
			return s.engine(ctx, command)
		}
	}
	return s.engine(ctx, c.engine.As(actor))
}

// draw draws a step, also of the kinds that an administrator alone doesn't need.
func (c *conspiracy) draw() step {
	draws := []func() step{
		func() step { return c.revertStep() },
		func() step { return c.revertStep() },
		func() step { return c.swapStep() },
		func() step { return c.userRulesChangeStep() },
	}
	if c.r.IntN(3) == 0 {
		return pick(c.r, draws)()
	}
	return randomStep(c.r, c.w)
}

func (c *conspiracy) revertStep() step {
	last := c.engine.View().Revision()
	revision := last - authz.Revision(c.r.IntN(4)) // of late mostly: older ones seldom apply
	if c.r.IntN(3) == 0 {
		revision = 1 + authz.Revision(c.r.IntN(int(last)))
	}
	return step{
		name: fmt.Sprintf("revert %d", revision),
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Revert(ctx, max(1, revision))
		},
	}
}

func (c *conspiracy) swapStep() step {
	group, in, out := c.w.someGroup(c.r), pick(c.r, someUsers), pick(c.r, someUsers)
	return step{
		name: fmt.Sprintf("%q into %q and %q out of it", in, group, out),
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeMembers(ctx, group, []authz.UserID{in}, []authz.UserID{out})
		},
	}
}

func (c *conspiracy) userRulesChangeStep() step {
	user := pick(c.r, someUsers)
	delta := authz.RulesDelta{Grant: c.w.randomPatterns(c.r, 1), Restrict: c.w.randomPatterns(c.r, 1)}
	for r := range c.w.rules {
		if r.Subject == authz.Subject(user) && r.Kind == authz.KindRestriction && !slices.Contains(delta.Restrict, r.Pattern) {
			delta.Lift = append(delta.Lift, r.Pattern)
		}
	}
	return step{
		name: fmt.Sprintf("change the rules of user %q by %v", user, delta),
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeUserPermissions(ctx, user, delta)
		},
	}
}

// worldOf reads a policy from its rows.
func worldOf(v *authz.View) *world {
	w := &world{map[authz.GroupName]bool{}, map[authz.Rule]bool{}}
	for _, g := range v.Groups("") {
		w.groups[g.Name] = true
	}
	for _, row := range v.Export() {
		r := authz.Rule{Kind: authz.KindGrant, Subject: authz.Subject(row.V[0]), Pattern: authz.Pattern(row.V[1] + ":" + row.V[2])}
		switch {
		case row.Type == "g" && strings.HasPrefix(row.V[0], "group:"):
			r = authz.Rule{Kind: authz.KindInherit, Subject: r.Subject, Group: authz.GroupName(strings.TrimPrefix(row.V[1], "group:"))}
		case row.Type == "g":
			r = authz.Rule{Kind: authz.KindMember, Subject: r.Subject, Group: authz.GroupName(strings.TrimPrefix(row.V[1], "group:"))}
		case row.V[3] == "deny":
			r.Kind = authz.KindRestriction
		}
		w.rules[r] = true
	}
	return w
}

func (w *world) isAdministrator(user authz.UserID) bool {
	return w.rules[authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: authz.Administrators}]
}

// delegated returns the policy before a change with those of its memberships that the actor may
// assign, and whether there were any.
func (w *world) delegated(actor authz.UserID, c authz.Change) (moved *world, any bool) {
	moved = w.clone()
	for _, r := range slices.Concat(c.Delta.Added, c.Delta.Removed) {
		if r.Kind != authz.KindMember || r.Subject == authz.Subject(actor) || !w.mayAssign(actor, r.Group) {
			continue
		}
		any = true
		if w.rules[r] {
			delete(moved.rules, r)
		} else {
			moved.rules[r] = true
		}
	}
	return moved, any
}

// mayAssign is what design section 4 says of delegation.
func (w *world) mayAssign(actor authz.UserID, g authz.GroupName) bool {
	if g == authz.Administrators || !w.groups[g] || !w.can(actor, authz.AssignMembers(g)) {
		return false
	}
	reached := w.holders("probe", g)
	for r := range w.rules {
		if reached[r.Subject] && (strings.HasPrefix(string(r.Pattern), "rightful.") || strings.HasPrefix(string(r.Pattern), "*:")) {
			return false
		}
	}
	return true
}

// renames is how groups are called now, by what they were called.
type renames map[authz.GroupName]authz.GroupName

func (n renames) then(c authz.Change) renames {
	n = maps.Clone(n)
	for _, g := range c.Delta.Groups {
		if g.Before == nil || g.After == nil || g.Before.Name == g.After.Name {
			continue
		}
		from := g.Before.Name
		for was, now := range n {
			if now == from {
				from = was
			}
		}
		n[from] = g.After.Name
	}
	return n
}

// gained says who can do something after that they couldn't before and none of the actors
// could, or lost a right of Rightful's that none of them held.
func gained(before, after *world, names renames, actors ...authz.UserID) error {
	before = before.renamed(names)
	held := map[authz.Permission]bool{}
	for _, actor := range actors {
		can := before.asking(actor)
		for _, p := range somePermissions() {
			held[p] = held[p] || can(p)
		}
	}
	compare := func(who string, can func(w *world) func(authz.Permission) bool) error {
		was, is := can(before), can(after)
		for _, p := range somePermissions() {
			if g, ok := assignedGroup(p); ok && !after.groups[g] {
				continue // a right over a group that isn't there
			}
			switch {
			case is(p) && !was(p) && !held[p]:
				return fmt.Errorf("%s gained %q, which no actor held", who, p)
			case was(p) && !is(p) && !held[p] && strings.HasPrefix(string(p), "rightful."):
				return fmt.Errorf("%s lost %q, which no actor held", who, p)
			}
		}
		return nil
	}
	var errs []error
	for _, u := range someMembers {
		errs = append(errs, compare(fmt.Sprintf("%q", u), func(w *world) func(authz.Permission) bool { return w.asking(u) }))
	}
	for g := range after.groups {
		errs = append(errs, compare(fmt.Sprintf("a first member of %q", g), func(w *world) func(authz.Permission) bool {
			if !w.groups[g] {
				return func(authz.Permission) bool { return false }
			}
			return w.asking("probe", g)
		}))
	}
	return errors.Join(errs...)
}

// asking returns what decides about someone, who may be in some groups as well: can, for many
// questions.
func (w *world) asking(user authz.UserID, in ...authz.GroupName) func(authz.Permission) bool {
	reached, few := w.holders(user, in...), &world{rules: map[authz.Rule]bool{}}
	for r := range w.rules {
		if reached[r.Subject] {
			few.rules[r] = true
		}
	}
	return func(p authz.Permission) bool { return few.canWith(reached, user, p) }
}

// renamed returns the world with other names for its groups; all at once, as two can swap.
func (w *world) renamed(names renames) *world {
	w = w.clone()
	for from, to := range names {
		if w.groups[from] && from != to {
			w.rename(from, "("+to+")")
		}
	}
	for _, to := range names {
		if w.groups["("+to+")"] {
			w.rename("("+to+")", to)
		}
	}
	return w
}

func assignedGroup(p authz.Permission) (authz.GroupName, bool) {
	name, ok := strings.CutPrefix(string(p), "rightful.members/")
	name, isAssign := strings.CutSuffix(name, ":assign")
	return authz.GroupName(name), ok && isAssign
}

// equip gives a user some of the rights that delegates have.
func equip(t *testing.T, engine *authz.Engine, w *world, user authz.UserID, r *rand.Rand) {
	t.Helper()
	grants := append(w.randomPatterns(r, 3), pick(r, []authz.Pattern{"a.*:*", "*:view", "/o/*:edit"}), "rightful.groups:*", "rightful.users:view", "rightful.changes:view")
	if r.IntN(2) == 0 {
		grants = append(grants, "rightful.users:*", "rightful.policy:*")
	}
	delta := authz.RulesDelta{Grant: grants}
	must(t)(engine.AsCommand("test").ChangeUserPermissions(t.Context(), user, delta))
	w.change(authz.Subject(user), delta)
}
