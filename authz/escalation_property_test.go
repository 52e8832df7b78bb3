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
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// No operation and no sequence of operations gives a permission that its actor doesn't hold
// (promise 3), even when two actors conspire. The oracle doesn't know how patterns cover or
// overlap one another: it reads the rows before and after a change and asks by brute force who
// can do what. A user who gains a permission gets it from an actor who held it, from an
// administrator, or through a membership that the actor may assign. A group has what an empty
// group would give its first member. Losing Rightful's own rights is checked the same way.
// All of this is asked for every later time at which some membership ends: nobody gains anything for
// longer than an actor holds it.
func TestRandomDelegatesNeverEscalate(t *testing.T) {
	t.Parallel()
	seen := map[authz.Action]int{}
	lasting := 0
	for _, seed := range seeds(t, 8) {
		synctest.Test(t, func(t *testing.T) {
			sim := newConspiracy(t, seed)
			sim.seen = seen
			if err := sim.run(60); err != nil {
				t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
			}
			lasting += sim.ends
		})
	}
	t.Logf("accepted of others than administrators: %v; %d changed ends of memberships", seen, lasting)
	if lasting < 20 {
		t.Errorf("only %d changes were about ends of memberships", lasting)
	}
	for _, action := range []authz.Action{
		authz.ActionGroupCreate, authz.ActionGroupUpdate, authz.ActionGroupDelete, authz.ActionGroupPermissionsSet,
		authz.ActionGroupPermissionsChange, authz.ActionGroupMembersChange, authz.ActionUserGroupsSet,
		authz.ActionUserPermissionsSet, authz.ActionUserPermissionsChange, authz.ActionUserDelete,
		authz.ActionPolicyImport, authz.ActionChangeRevert, authz.ActionBatch,
	} {
		if seen[action] < 3 {
			t.Errorf("%s was accepted %d times; the test sees too little", action, seen[action])
		}
	}
}

// The test above finds an engine that forgets the check in any operation: each of them in turn
// is carried out with the rights of the command.
func TestRandomDelegatesFindPlantedBugs(t *testing.T) {
	t.Parallel()
	for _, action := range []authz.Action{
		authz.ActionGroupCreate, authz.ActionGroupUpdate, authz.ActionGroupDelete, authz.ActionGroupPermissionsSet,
		authz.ActionGroupPermissionsChange, authz.ActionGroupMembersChange, authz.ActionUserGroupsSet,
		authz.ActionUserPermissionsSet, authz.ActionUserPermissionsChange, authz.ActionUserDelete,
		authz.ActionPolicyImport, authz.ActionChangeRevert, authz.ActionBatch,
	} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			for _, seed := range seeds(t, 12) {
				var err error
				synctest.Test(t, func(t *testing.T) {
					sim := newConspiracy(t, seed)
					sim.unchecked = action
					err = sim.run(60)
				})
				if err != nil {
					t.Logf("found: %v", err)
					return
				}
			}
			t.Error("not found")
		})
	}
}

// conspiracy is a random history in which a few users at a time conspire.
type conspiracy struct {
	t         *testing.T
	r         *rand.Rand
	engine    *authz.Engine
	w         *referenceModel // only for what steps are drawn from
	seen      map[authz.Action]int
	ends      int // accepted changes with ends of memberships
	start     time.Time
	unchecked authz.Action // a way in without the check, to see that it is found
}

// The memberships that end do so so many hours after the start.
var someHours = []int{1, 2, 3, 5, 8}

// horizons returns every time after which something may be different: now and the ends to come.
func (c *conspiracy) horizons() []authz.Until {
	list := []authz.Until{authz.UntilTime(time.Now())}
	for _, hours := range someHours {
		list = append(list, authz.UntilTime(c.start.Add(time.Duration(hours)*time.Hour)))
	}
	return list
}

func newConspiracy(t *testing.T, seed uint64) *conspiracy {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	return &conspiracy{
		t: t, r: rand.New(rand.NewPCG(seed, 2)), engine: engine, w: modelOf(engine.View()), seen: map[authz.Action]int{},
		start: time.Now(),
	}
}

// run lets administrators and conspirators take turns.
func (c *conspiracy) run(rounds int) error {
	for i := range rounds {
		if c.r.IntN(3) == 0 {
			time.Sleep(11 * time.Minute) // never the moment of an end
			c.w = modelOf(c.engine.View())
		}
		for range c.r.IntN(4) {
			_, _ = c.draw().engine(c.t.Context(), c.engine.AsCommand("test"))
			c.w = modelOf(c.engine.View())
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

// equip makes a user a delegate or the lead of a desk.
func (c *conspiracy) equip(user authz.UserID) {
	if c.r.IntN(3) > 0 {
		giveSomeRights(c.t, c.engine, c.w, user, c.r)
		return
	}
	delta := authz.RulesDelta{Grant: []authz.Pattern{
		"rightful.groups:view", "rightful.users:view", "rightful.changes:view",
		authz.Pattern(authz.AssignMembers(c.w.someGroup(c.r))), authz.Pattern(authz.AssignMembers(c.w.someGroup(c.r))),
	}}
	must(c.t)(c.engine.AsCommand("test").ChangeUserPermissions(c.t.Context(), user, delta))
	c.w.change(authz.Subject(user), delta)
}

// conspire lets the two make changes in any order, and compares each change and all of them
// together with what the two held.
func (c *conspiracy) conspire(two []authz.UserID, steps int) error {
	c.w = modelOf(c.engine.View())
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
		after := modelOf(c.engine.View())
		c.w = after
		c.seen[change.Action]++
		c.ends += min(1, len(change.Delta.Ends))
		names = names.then(change)
		for _, now := range c.horizons() {
			moved, any := before.at(now).delegated(actor, change, after.at(now))
			delegation = delegation || any
			if err := gained(moved, after.at(now), renames{}.then(change), actor); err != nil {
				return fmt.Errorf("%s (%s) by %q, at %v: %w", s.name, change.Action, actor, now.Time(), err)
			}
		}
		if delegation {
			continue // delegates may assign what they got by delegation
		}
		for _, now := range c.horizons() {
			if err := gained(start.at(now), after.at(now), names, two...); err != nil {
				return fmt.Errorf("at last %s (%s) by %q, at %v: %w", s.name, change.Action, actor, now.Time(), err)
			}
		}
	}
	return nil
}

// attempt carries out a step as the actor, or unchecked where that bug is planted.
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

// draw draws a step, including kinds that an administrator alone doesn't need.
func (c *conspiracy) draw() step {
	draws := []func() step{
		func() step { return c.revertStep() },
		func() step { return c.revertStep() },
		func() step { return c.batchStep() },
		func() step { return c.batchStep() },
		func() step { return c.swapStep() },
		func() step { return c.userRulesChangeStep() },
		func() step { return c.untilStep() },
		func() step { return c.untilStep() },
		func() step { return c.untilStep() },
		func() step { return c.untilImportStep() },
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

func (c *conspiracy) batchStep() step {
	var operations []authz.Operation
	model := c.w.clone()
	for len(operations) < 1+c.r.IntN(4) {
		if s := randomStep(c.r, model); s.expect == nil && s.operation.Action != "" {
			operations = append(operations, s.operation)
			s.model(model)
		}
	}
	return step{
		name: fmt.Sprintf("the batch %+v", operations),
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Batch(ctx, operations...)
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

// untilStep gives memberships an end, another one or none.
func (c *conspiracy) untilStep() step {
	group, user, end := c.w.someGroup(c.r), pick(c.r, someUsers), time.Time{}
	if c.r.IntN(4) > 0 {
		end = c.start.Add(time.Duration(pick(c.r, someHours)) * time.Hour)
	}
	how := c.r.IntN(3)
	return step{
		name: fmt.Sprintf("%q in %q until %v (%d)", user, group, end, how),
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			switch a = a.Until(end); how {
			case 0:
				return a.ChangeMembers(ctx, group, []authz.UserID{user, pick(c.r, someUsers)}, nil)
			case 1:
				until := authz.UntilTime(end)
				return a.SetUserMemberships(ctx, user, []authz.Membership{{Group: group, Until: &until}, {Group: c.w.someGroup(c.r)}})
			}
			return a.Assign(ctx, group, user)
		},
	}
}

// untilImportStep puts users into groups, each until another time.
func (c *conspiracy) untilImportStep() step {
	var file authz.PolicyFile
	for i := range 2 + c.r.IntN(3) {
		l := line(i+1, authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(pick(c.r, someUsers)), Group: c.w.someGroup(c.r)})
		l.Until = authz.UntilTime(c.start.Add(time.Duration(pick(c.r, someHours)) * time.Hour))
		file.Lines = append(file.Lines, l)
	}
	return step{
		name: fmt.Sprintf("import %v", file.Lines),
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Import(ctx, file, authz.ImportMerge)
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

// delegated returns the policy before a change with those of its memberships that the actor may
// assign as they are after it, and whether there were any.
func (w *referenceModel) delegated(actor authz.UserID, c authz.Change, after *referenceModel) (moved *referenceModel, any bool) {
	moved = w.clone()
	rules := slices.Concat(c.Delta.Added, c.Delta.Removed)
	for _, end := range c.Delta.Ends {
		rules = append(rules, authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(end.User), Group: end.Group})
	}
	for _, r := range rules {
		if r.Kind != authz.KindMember || r.Subject == authz.Subject(actor) || !w.mayAssign(actor, r.Group) {
			continue
		}
		any = true
		if after.rules[r] {
			moved.rules[r] = true
		} else {
			delete(moved.rules, r)
		}
	}
	return moved, any
}

// mayAssign is what design section 4 says of delegation.
func (w *referenceModel) mayAssign(actor authz.UserID, g authz.GroupName) bool {
	if g == authz.Administrators || !w.groups[g] || !w.can(actor, authz.AssignMembers(g)) {
		return false
	}
	reached := w.subjects("probe", g)
	for r := range w.rules {
		if reached[r.Subject] && (strings.HasPrefix(string(r.Pattern), "rightful.") || strings.HasPrefix(string(r.Pattern), "*:")) {
			return false
		}
	}
	return true
}

// renames maps the former names of groups to their present ones.
type renames map[authz.GroupName]authz.GroupName

func (n renames) then(c authz.Change) renames {
	n = maps.Clone(n)
	for _, g := range c.Delta.Groups {
		if g.Before == nil || g.After == nil || g.Before.Name == g.After.Name {
			continue
		}
		from, known := g.Before.Name, false
		for was, now := range n {
			if known = now == from; known {
				from = was
				break
			}
		}
		if _, left := n[from]; left && !known {
			continue // a new group, under the name that another one gave up
		}
		n[from] = g.After.Name
	}
	return n
}

// gained reports who can do something afterwards that neither they nor the actors could before,
// or who lost one of Rightful's rights that no actor held.
func gained(before, after *referenceModel, names renames, actors ...authz.UserID) error {
	before = before.renamed(names)
	held := map[authz.Permission]bool{}
	for _, actor := range actors {
		can := before.asking(actor)
		for _, p := range somePermissions() {
			held[p] = held[p] || can(p)
		}
	}
	compare := func(who string, can func(w *referenceModel) func(authz.Permission) bool) error {
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
		errs = append(errs, compare(fmt.Sprintf("%q", u), func(w *referenceModel) func(authz.Permission) bool { return w.asking(u) }))
	}
	for g := range after.groups {
		errs = append(errs, compare(fmt.Sprintf("a first member of %q", g), func(w *referenceModel) func(authz.Permission) bool {
			if !w.groups[g] {
				return func(authz.Permission) bool { return false }
			}
			return w.asking("probe", g)
		}))
	}
	return errors.Join(errs...)
}

// asking returns can for one user, who may be in more groups, prepared for many questions.
func (w *referenceModel) asking(user authz.UserID, in ...authz.GroupName) func(authz.Permission) bool {
	reached, few := w.subjects(user, in...), &referenceModel{rules: map[authz.Rule]bool{}}
	for r := range w.rules {
		if reached[r.Subject] {
			few.rules[r] = true
		}
	}
	return func(p authz.Permission) bool { return few.canWith(reached, user, p) }
}

func assignedGroup(p authz.Permission) (authz.GroupName, bool) {
	name, ok := strings.CutPrefix(string(p), "rightful.members/")
	name, isAssign := strings.CutSuffix(name, ":assign")
	return authz.GroupName(name), ok && isAssign
}
