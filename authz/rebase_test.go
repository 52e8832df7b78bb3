package authz_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// An operation that others overtake between its draft and its commit gives what it would give after them,
// whether its draft is moved onto their policy or made again.
func TestOvertakenOperationsGiveTheSame(t *testing.T) {
	t.Parallel()
	kept, redrafted := map[authz.Action]int{}, map[authz.Action]int{}
	for _, seed := range seeds(t, 40) {
		if err := newOvertaking(t, seed, kept, redrafted).run(30); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
	sawEnough(t, kept, redrafted)
}

// The same holds beside bad rows, also if they deny something.
func TestOvertakenOperationsGiveTheSameBesideBadRows(t *testing.T) {
	t.Parallel()
	kept, redrafted := map[authz.Action]int{}, map[authz.Action]int{}
	for _, seed := range seeds(t, 20) {
		o := newOvertaking(t, seed, kept, redrafted)
		for range 1 + o.r.IntN(4) {
			bad := randomBadRow(o.r)
			for i, store := range o.stores {
				store.InsertRows(bad)
				if err := []*authz.Engine{o.overtaken, o.after}[i].Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := o.run(30); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
	sawEnough(t, kept, redrafted)
}

// sawEnough fails a test in which drafts of some kind weren't moved, or not made again.
func sawEnough(t *testing.T, kept, redrafted map[authz.Action]int) {
	t.Helper()
	t.Logf("moved: %v; made again: %v", kept, redrafted)
	for _, action := range []authz.Action{
		authz.ActionGroupPermissionsChange, authz.ActionGroupMembersChange, authz.ActionGroupDelete, authz.ActionChangeRevert, authz.ActionBatch,
	} {
		if kept[action] < 10 || redrafted[action] < 10 {
			t.Errorf("%s: %d drafts were moved and %d made again: the test sees too little", action, kept[action], redrafted[action])
		}
	}
}

// overtaking runs two engines: in one an operation is overtaken by others, in the other it comes after them.
type overtaking struct {
	t                *testing.T
	r                *rand.Rand
	overtaken, after *authz.Engine
	stores           [2]*authztest.Store // of these
	w                *referenceModel     // only for what steps are drawn from
	kept, redrafted  map[authz.Action]int
}

func newOvertaking(t *testing.T, seed uint64, kept, redrafted map[authz.Action]int) *overtaking {
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	stores := [2]*authztest.Store{authztest.NewStore(), authztest.NewStore()}
	o := &overtaking{
		t: t, r: rand.New(rand.NewPCG(seed, 77)), kept: kept, redrafted: redrafted, stores: stores,
		overtaken: open(t, stores[0], options), after: open(t, stores[1], options),
	}
	authz.WidenGate(o.overtaken, 2) // an import overtakes another
	for _, e := range []*authz.Engine{o.overtaken, o.after} {
		must(t)(e.As("root").ChangeUserPermissions(t.Context(), "del", authz.RulesDelta{Grant: []authz.Pattern{
			"rightful.groups:*", "rightful.users:*", "rightful.policy:import", "rightful.changes:view", "a.*:*", "*:view",
		}}))
	}
	return o
}

func (o *overtaking) run(rounds int) error {
	for i := range rounds {
		o.refill()
		actor, late := pick(o.r, []authz.UserID{"root", "root", "del"}), o.draw()
		var others []step
		for range 1 + o.r.IntN(3) {
			s := o.drawSmall()
			if o.r.IntN(8) == 0 {
				s = o.draw()
			}
			others = append(others, s)
		}
		if err := o.round(actor, late, others); err != nil {
			return fmt.Errorf("round %d, %s by %q after %d others: %w", i, late.name, actor, len(others), err)
		}
		checkRecords(o.t, o.overtaken)
	}
	return nil
}

// refill keeps root an administrator, and makes groups with members until there are a few.
func (o *overtaking) refill() {
	root := step{engine: assign(authz.Administrators, "root")}
	for o.w = modelOf(o.after.View()); len(o.w.groups) < 4 || !o.w.isAdministrator("root"); o.w = modelOf(o.after.View()) {
		for _, s := range []step{root, createStep(o.r, o.w), o.membersStep(), o.membersStep()} {
			for _, e := range []*authz.Engine{o.overtaken, o.after} {
				_, _ = s.engine(o.t.Context(), e.AsCommand("test"))
			}
		}
	}
}

// round lets the others overtake the late step, and compares what both engines make of it.
func (o *overtaking) round(actor authz.UserID, late step, others []step) error {
	ctx, drafts, first := o.t.Context(), 0, true
	makeThem := func(e *authz.Engine) {
		for _, s := range others {
			_, _ = s.engine(ctx, e.As("root"))
		}
	}
	authz.OnDraft(o.overtaken, func() {
		if !first {
			return
		}
		first = false
		makeThem(o.overtaken)
		authz.OnDraft(o.overtaken, func() { drafts++ })
	})
	c, errOvertaken := late.engine(ctx, o.overtaken.As(actor))
	authz.OnDraft(o.overtaken, nil)
	if first { // refused before anything overtook it
		makeThem(o.overtaken)
	}
	makeThem(o.after)
	want, errAfter := late.engine(ctx, o.after.As(actor))
	switch {
	case first && errAfter == nil: // by the policy before, it was refused
		must(o.t)(late.engine(ctx, o.overtaken.As(actor)))
	case first:
	case (errOvertaken == nil) != (errAfter == nil), errAfter != nil && !errors.Is(errOvertaken, errors.Unwrap(errAfter)) && errOvertaken.Error() != errAfter.Error():
		return fmt.Errorf("%w, not %w", errOvertaken, errAfter)
	case asJSON(o.t, c.Delta) != asJSON(o.t, want.Delta):
		return fmt.Errorf("it did %+v, not %+v", c.Delta, want.Delta)
	}
	if !first && errOvertaken == nil && len(others) > 0 {
		if drafts == 0 {
			o.kept[c.Action]++
		} else {
			o.redrafted[c.Action]++
		}
	}
	if a, b := stateOf(o.overtaken), stateOf(o.after); a != b {
		return fmt.Errorf("the policy is %s, not %s", a, b)
	}
	return nil
}

// stateOf is everything that a policy says, with the versions of groups, the ends of memberships and the bad rows.
func stateOf(e *authz.Engine) string {
	rows := e.View().BadRows()
	for i := range rows {
		rows[i].ID = 0 // of tables in which the rows came in another order
	}
	return fmt.Sprint(policyOf(e.View()), groupVersions(e), modelOf(e.View()).ends, rows)
}

// draw draws a step. Most delete groups, undo what was done of late, or change who is in a group and how long.
func (o *overtaking) draw() step {
	draws := []func() step{
		func() step { return randomStep(o.r, o.w) },
		func() step { return randomStep(o.r, o.w) },
		func() step { return moveStep(o.r, o.w) },
		func() step { return grantStep(o.r, o.w) },
		o.deleteStep, o.revertStep, o.revertStep, o.membersStep, o.membersStep, o.batchStep,
	}
	return pick(o.r, draws)()
}

// drawSmall draws a step that leaves the groups and the inheritance alone.
func (o *overtaking) drawSmall() step {
	draws := []func() step{
		o.membersStep, o.membersStep, o.membersStep,
		func() step { return moveStep(o.r, o.w) },
		func() step { return grantStep(o.r, o.w) },
		func() step { return userRulesStep(o.r, o.w) },
		func() step { return userGroupsStep(o.r, o.w) },
	}
	return pick(o.r, draws)()
}

func (o *overtaking) deleteStep() step {
	name := o.w.someGroup(o.r)
	return step{name: fmt.Sprintf("delete %q", name), engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.DeleteGroup(ctx, name, true)
	}}
}

func (o *overtaking) revertStep() step {
	last := int(o.after.View().Revision())
	revision := authz.Revision(max(1, last-o.r.IntN(8)))
	return step{name: fmt.Sprintf("revert %d", revision), engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Revert(ctx, revision)
	}}
}

// membersStep puts several users into a group or takes them out, for good or until a time.
func (o *overtaking) membersStep() step {
	name, end, in := o.w.someGroup(o.r), time.Time{}, o.r.IntN(3) > 0
	users := []authz.UserID{pick(o.r, someUsers), pick(o.r, someUsers), pick(o.r, someUsers)}[:1+o.r.IntN(3)]
	if recent := o.movedOfLate(); len(recent) > 0 && o.r.IntN(3) > 0 { // what a revert is about
		one := pick(o.r, recent)
		name, users[0] = one.Group, authz.UserID(one.Subject)
	}
	if o.r.IntN(2) == 0 {
		end = time.Now().Add(time.Duration(1+o.r.IntN(3)) * time.Hour)
	}
	return step{name: fmt.Sprintf("%q in %q: %v, until %v", users, name, in, end), engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		if !in {
			return a.Unassign(ctx, name, users...)
		}
		return a.Until(end).Assign(ctx, name, users...)
	}}
}

// movedOfLate returns memberships that the last changes added or removed, of groups that exist.
func (o *overtaking) movedOfLate() (list []authz.Rule) {
	changes, err := o.after.Changes(o.t.Context(), authz.ChangeQuery{Limit: 6})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, c := range changes {
		for _, r := range slices.Concat(c.Delta.Added, c.Delta.Removed) {
			if r.Kind == authz.KindMember && o.w.groups[r.Group] {
				list = append(list, r)
			}
		}
	}
	return list
}

func (o *overtaking) batchStep() step {
	var operations []authz.Operation
	model := o.w.clone()
	for n := 1 + o.r.IntN(3); len(operations) < n; {
		if s := randomStep(o.r, model); s.expect == nil && s.operation.Action != "" {
			operations = append(operations, s.operation)
			s.model(model)
		}
	}
	return step{name: fmt.Sprintf("the batch %+v", operations), engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Batch(ctx, operations...)
	}}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func groupVersions(e *authz.Engine) (list []string) {
	for _, g := range e.View().Groups("") {
		list = append(list, fmt.Sprint(g.Name, g.Version.Revision))
	}
	return list
}

// A draft that independent changes overtake again and again is made once: it doesn't starve.
func TestLongDraftsDoNotStarve(t *testing.T) {
	t.Parallel()
	lengths := []time.Duration{10 * time.Millisecond, 300 * time.Millisecond}
	if !testing.Short() {
		lengths = append(lengths, 2*time.Second)
	}
	for _, length := range lengths {
		engine := office(t)
		ctx, ana := t.Context(), engine.As("ana")
		drafts, n := 0, 0
		var file authz.PolicyFile
		for i := range 50 {
			file.Lines = append(file.Lines, authz.PolicyLine{Number: i + 1, Fields: []string{"g", fmt.Sprint("u", i), "group:Desk"}})
		}
		authz.OnDraft(engine, func() {
			authz.OnDraft(engine, func() { drafts++ })
			for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(50 * time.Millisecond) { //nolint:forbidigo // real time is what is tested
				n++
				must(t)(ana.Assign(ctx, "Finance", authz.UserID(fmt.Sprint("other", n))))
			}
			drafts = 0
		})
		must(t)(ana.Import(ctx, file, authz.ImportMerge))
		if drafts != 0 || !engine.Can("u7", "requests.deposit:update") {
			t.Errorf("with a draft of %v, %d drafts were lost to %d changes", length, drafts, n)
		}
		t.Logf("a draft of %v beside %d changes: %d lost", length, n, drafts)
		checkRecords(t, engine)
	}
}

// A draft is moved over changes that don't alter what bad rows deny, and over no others.
func TestDraftsAreMovedBesideBadRows(t *testing.T) {
	t.Parallel()
	restrict := authz.RulesDelta{Restrict: patterns("a:b")}
	for name, c := range map[string]struct {
		row    authz.Row
		other  func(a authz.Admin) (authz.Change, error)
		drafts int
	}{
		"of another type": {row("p2", "jo", "a", "b", "allow"), func(a authz.Admin) (authz.Change, error) {
			return a.Assign(t.Context(), "Desk", "jo")
		}, 1},
		"of a restriction": {row("p", "jo", "a*b", "x", "deny"), func(a authz.Admin) (authz.Change, error) {
			return a.ChangeUserPermissions(t.Context(), "eve", restrict)
		}, 1},
		"of a link, and another group": {row("g", "jo", "Desk"), func(a authz.Admin) (authz.Change, error) {
			return a.ChangeGroupPermissions(t.Context(), "Finance", restrict)
		}, 1},
		"of a link to the group": {row("g", "jo", "Desk"), func(a authz.Admin) (authz.Change, error) {
			return a.ChangeGroupPermissions(t.Context(), "Desk", restrict)
		}, 2},
		"of a name like that of a user": {row("p", "JO ", "a*b", "x", "deny"), func(a authz.Admin) (authz.Change, error) {
			return a.Assign(t.Context(), "Desk", "jo")
		}, 2},
	} {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ana, drafts := engine.As("ana"), 0
		must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
		must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Finance"}))
		store.InsertRows(c.row)
		if err := engine.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		authz.OnDraft(engine, func() {
			if drafts++; drafts == 1 {
				must(t)(c.other(ana))
				drafts-- // that of the other
			}
		})
		must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "New"}))
		if drafts != c.drafts {
			t.Errorf("a row %s: %d drafts, not %d", name, drafts, c.drafts)
		}
		checkRecords(t, engine)
	}
}

// The deletion of a large group, and the revert of a large change, are drafted once, however many small changes
// overtake them. What becomes of the users otherwise doesn't matter.
func TestLargeDeletionsAndRevertsAreDraftedOnce(t *testing.T) {
	t.Parallel()
	const members, small = 3000, 20
	for name, large := range map[string]func(ctx context.Context, a authz.Admin, filled authz.Change) (authz.Change, error){
		"deletion": func(ctx context.Context, a authz.Admin, _ authz.Change) (authz.Change, error) {
			return a.DeleteGroup(ctx, "Staff", true)
		},
		"revert": func(ctx context.Context, a authz.Admin, filled authz.Change) (authz.Change, error) {
			return a.Revert(ctx, filled.Revision)
		},
		"batch": func(ctx context.Context, a authz.Admin, _ authz.Change) (authz.Change, error) {
			return a.Batch(ctx, authz.Operation{Action: authz.ActionGroupDelete, Group: "Staff", Release: true})
		},
	} {
		for _, actor := range []authz.UserID{"ana", "dave"} { // dave holds what it takes and is no administrator
			engine := office(t)
			ctx, ana := t.Context(), engine.As("ana")
			must(t)(ana.ChangeUserPermissions(ctx, "dave", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(authz.ViewChanges)}}))
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Staff"}))
			users := make([]authz.UserID, members)
			for i := range users {
				users[i] = authz.UserID(fmt.Sprint("u", i))
			}
			filled := must(t)(ana.Assign(ctx, "Staff", users...))
			drafts, n := 0, 0
			busy := false
			authz.OnDraft(engine, func() {
				if busy {
					return
				}
				drafts++
				busy = drafts <= 2 // a third draft may hold the token, for which they would wait
				for range small {
					if n++; busy && actor == "ana" {
						must(t)(ana.Assign(ctx, "Desk", users[n]))
						must(t)(ana.ChangeUserPermissions(ctx, users[n], authz.RulesDelta{Restrict: []authz.Pattern{"a:b"}}))
					}
					if busy {
						must(t)(ana.Assign(ctx, "Desk", authz.UserID(fmt.Sprint("other", n))))
						must(t)(ana.Grant(ctx, "Finance", authz.Pattern(fmt.Sprintf("a%d:b", n))))
					}
				}
				busy = false
			})
			c := must(t)(large(ctx, engine.As(actor), filled))
			if drafts != 1 || len(c.Delta.Removed) != members {
				t.Errorf("a %s by %q was drafted %d times beside %d changes", name, actor, drafts, n)
			}
			checkRecords(t, engine)
		}
	}
}

// The change that an operation returned is its caller's: altering it doesn't reach the policy, not even with a
// draft that is moved over it.
func TestReturnedChangeCanBeAltered(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	authz.OnDraft(engine, func() {
		authz.OnDraft(engine, nil)
		c := must(t)(ana.Grant(ctx, "Finance", "a:b"))
		c.Delta.Added[0].Pattern = "c:d"
	})
	must(t)(ana.Grant(ctx, "Desk", "x:y"))
	must(t)(ana.Assign(ctx, "Finance", "eve"))
	if !engine.Can("eve", "a:b") || engine.Can("eve", "c:d") {
		t.Error("the policy follows the altered change")
	}
}

// A right that ends while a change is drafted doesn't serve for it, not even before the clock has removed the membership.
func TestRightsThatEndDuringADraft(t *testing.T) {
	for _, group := range []authz.GroupName{"Editors", authz.Administrators} {
		synctest.Test(t, func(t *testing.T) {
			engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana"})
			ctx, ana := t.Context(), engine.As("ana")
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Editors", Permissions: authz.Rules{Grants: []authz.Pattern{"rightful.groups:*", "rightful.users:*", "a:b"}}}))
			must(t)(ana.ChangeUserPermissions(ctx, "mallory", authz.RulesDelta{Grant: []authz.Pattern{"rightful.groups:*", "rightful.users:*"}}))
			var isSlow atomic.Bool // the next draft
			authz.OnDraft(engine, func() {
				if isSlow.Swap(false) {
					time.Sleep(3 * time.Second / 10)
				}
			})
			for i := range 10 {
				must(t)(ana.Until(time.Now().Add(time.Second)).Assign(ctx, group, "mallory"))
				time.Sleep(99 * time.Second / 100)
				isSlow.Store(true)
				before := engine.View().Revision()
				friend := authz.UserID(fmt.Sprint("friend", i))
				_, err := engine.As("mallory").ChangeUserPermissions(ctx, friend, authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
				if !errors.Is(err, authz.ErrEscalation) || engine.Can(friend, "a:b") {
					t.Errorf("%s, from revision %d on: %v", group, before, err)
				}
				time.Sleep(5 * time.Second)
			}
			closeAll(engine)
		})
	}
}
