package authz_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

func creating(name authz.GroupName, grants ...authz.Pattern) authz.Operation {
	return authz.Operation{Action: authz.ActionGroupCreate, Group: name, Permissions: authz.Rules{Grants: grants}}
}

func renaming(from, to authz.GroupName) authz.Operation {
	return authz.Operation{Action: authz.ActionGroupUpdate, Group: from, Patch: authz.GroupPatch{Name: &to}}
}

func deleting(name authz.GroupName) authz.Operation {
	return authz.Operation{Action: authz.ActionGroupDelete, Group: name, Release: true}
}

func assigning(group authz.GroupName, users ...authz.UserID) authz.Operation {
	return authz.Operation{Action: authz.ActionGroupMembersChange, Group: group, Add: users}
}

func granting(group authz.GroupName, patterns ...authz.Pattern) authz.Operation {
	return authz.Operation{Action: authz.ActionGroupPermissionsChange, Group: group, Rules: authz.RulesDelta{Grant: patterns}}
}

func expecting(o authz.Operation, versions ...authz.Version) authz.Operation {
	o.Versions = versions
	return o
}

// A batch makes one change, of what is left of its operations: what cancels out is in neither list.
func TestBatchMakesOneChange(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	before := engine.View().Revision()
	change := must(t)(ana.Because("The desk opens").Batch(ctx,
		creating("Requests", "requests.*:view"), assigning("Requests", "cleo"), renaming("Requests", "Requests desk"),
		granting("Requests desk", "requests.deposit:update"), renaming("Desk", "Front"), assigning("Front", "ben"), renaming("Front", "Front desk"),
		creating("Passing"), assigning("Passing", "ben"), deleting("Passing"), renaming("Finance", "Money"), deleting("Money"),
	))
	if change.Revision != before+1 || change.Action != authz.ActionBatch || change.Target != "" || change.Reason != "The desk opens" {
		t.Errorf("the change is %+v", change)
	}
	const want = `create Requests desk; rename Desk to Front desk; delete Finance; ` +
		`+grant group:Requests desk requests.*:view; +grant group:Requests desk requests.deposit:update; ` +
		`+member ben Front desk; +member cleo Requests desk; -grant group:Finance finance.*:*; `
	if got := described(change.Delta); got != want {
		t.Errorf("the delta is\n%s\nnot\n%s", got, want)
	}
	v := engine.View()
	if !v.Can("cleo", "requests.deposit:update") || !v.Can("ben", "requests.deposit:update") || v.Revision() != before+1 {
		t.Error("it did not take effect")
	}
	if again := must(t)(ana.Batch(ctx, assigning("Front desk", "ben"), granting("Front desk"))); again.Revision != 0 {
		t.Errorf("a batch that changes nothing made revision %d", again.Revision)
	}
	checkRecords(t, engine)
}

func described(d authz.Delta) string {
	var b strings.Builder
	for _, g := range d.Groups {
		switch {
		case g.Before == nil:
			fmt.Fprintf(&b, "create %s; ", g.After.Name)
		case g.After == nil:
			fmt.Fprintf(&b, "delete %s; ", g.Before.Name)
		default:
			fmt.Fprintf(&b, "rename %s to %s; ", g.Before.Name, g.After.Name)
		}
	}
	for _, r := range d.Added {
		fmt.Fprintf(&b, "+%s %s %s%s; ", r.Kind, r.Subject, r.Pattern, r.Group)
	}
	for _, r := range d.Removed {
		fmt.Fprintf(&b, "-%s %s %s%s; ", r.Kind, r.Subject, r.Pattern, r.Group)
	}
	return b.String()
}

// Of several errors the first in the documented order is returned: of the list, of rights, of the first operation
// that fails, of the whole.
func TestErrorPrecedenceOfBatches(t *testing.T) {
	t.Parallel()
	engine := ladderOffice(t)
	ctx, nora, dave, ana := t.Context(), engine.As("nora"), engine.As("dave"), engine.As("ana")
	stale := authz.Version{Revision: 1000}
	revision := engine.View().Revision()
	inherits := func(heir authz.GroupName, from ...authz.GroupName) authz.Operation {
		return authz.Operation{Action: authz.ActionGroupUpdate, Group: heir, Patch: authz.GroupPatch{Inherits: &from}}
	}
	takesOut := authz.Operation{Action: authz.ActionGroupMembersChange, Group: authz.Administrators, Remove: []authz.UserID{"ana"}}
	const whole = -1
	for name, test := range map[string]struct {
		a          authz.Admin
		want       error
		of         int // the operation that fails
		operations []authz.Operation
	}{
		"no operations":                    {nora, authz.ErrInvalid, whole, nil},
		"too many":                         {nora, authz.ErrInvalid, whole, make([]authz.Operation, 101)},
		"what can't be in a batch":         {nora, authz.ErrInvalid, whole, []authz.Operation{{Action: authz.ActionChangeRevert, Revision: 1}}},
		"a batch in a batch":               {ana, authz.ErrInvalid, whole, []authz.Operation{{Action: authz.ActionBatch, Operations: []authz.Operation{creating("A")}}}},
		"a user's with a group":            {ana, authz.ErrInvalid, whole, []authz.Operation{{Action: authz.ActionUserDelete, Group: "Desk", User: "jo"}}},
		"rights of the last operation":     {engine.As("gus"), authz.ErrForbidden, whole, []authz.Operation{deleting("Nowhere"), granting("Desk", "**")}},
		"rights before existence":          {nora, authz.ErrForbidden, whole, []authz.Operation{granting("Nowhere", "a:b")}},
		"existence of the first":           {dave, authz.ErrNotFound, 0, []authz.Operation{expecting(granting("Nowhere"), stale), granting("Desk", "**")}},
		"a version of the second":          {dave, authz.ErrRevisionConflict, 1, []authz.Operation{creating("New"), expecting(granting("Desk", "**"), stale), granting("Nowhere")}},
		"a protected group":                {dave, authz.ErrProtectedGroup, 1, []authz.Operation{creating("New", "finance.*:*"), granting(authz.Administrators, "**")}},
		"values":                           {dave, authz.ErrInvalid, 1, []authz.Operation{creating("New", "finance.*:*"), granting("Desk", "**"), granting("Nowhere")}},
		"unknown permissions":              {dave, authz.ErrUnknownPermission, 0, []authz.Operation{granting("Desk", "z:z")}},
		"a taken name before escalation":   {dave, authz.ErrGroupExists, 1, []authz.Operation{granting("Desk", "finance.*:*"), creating("juniors")}},
		"members":                          {dave, authz.ErrGroupHasMembers, 0, []authz.Operation{{Action: authz.ActionGroupDelete, Group: "Juniors"}}},
		"a cycle":                          {dave, authz.ErrInheritanceCycle, 1, []authz.Operation{creating("New"), inherits("Desk", "Juniors")}},
		"a name that the batch took":       {ana, authz.ErrInvalid, 1, []authz.Operation{renaming("Desk", "Front"), creating("desk")}},
		"a name of a group that is gone":   {ana, authz.ErrInvalid, 1, []authz.Operation{deleting("Auditors"), renaming("Desk", "Auditors")}},
		"its own name":                     {ana, authz.ErrInvalid, 1, []authz.Operation{renaming("Desk", "Front"), renaming("Front", "Desk")}},
		"the old name of a group":          {ana, authz.ErrNotFound, 1, []authz.Operation{renaming("Desk", "Front"), granting("Desk")}},
		"escalation by the whole":          {dave, authz.ErrEscalation, whole, []authz.Operation{creating("New", "finance.reports:export"), assigning("New", "dave"), takesOut}},
		"the last administrator":           {ana, authz.ErrLastAdministrator, whole, []authz.Operation{takesOut, granting("Desk", "requests.deposit:update")}},
		"a version of what the batch made": {ana, authz.ErrRevisionConflict, 1, []authz.Operation{creating("New"), expecting(granting("New"), stale)}},
		"a version of the batch":           {ana.IfVersion(stale), authz.ErrInvalid, whole, []authz.Operation{creating("New")}},
		"a reason":                         {ana.Because(strings.Repeat("x", 501)), authz.ErrInvalid, whole, []authz.Operation{creating("New")}},
		"one that does it all":             {ana.DryRun(), nil, whole, []authz.Operation{creating("New"), granting("New", "finance.*:*"), takesOut, assigning(authz.Administrators, "eve")}},
		"rights that the batch would give": {engine.As("gus"), authz.ErrForbidden, whole, []authz.Operation{{Action: authz.ActionUserPermissionsChange, User: "gus", Rules: authz.RulesDelta{Grant: []authz.Pattern{"rightful.groups:update"}}}, granting("Desk")}},
	} {
		_, err := test.a.Batch(ctx, test.operations...)
		var of *authz.OperationError
		isOf := errors.As(err, &of)
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || isOf != (test.of >= 0) || isOf && of.Index != test.of {
			t.Errorf("%s: %v, want %v of operation %d", name, err, test.want, test.of)
		}
	}
	if engine.View().Revision() != revision {
		t.Error("something refused was stored")
	}
}

// An operation expects the version that its target had before the batch, whatever the operations before it did.
func TestVersionsInABatchAreThoseBeforeIt(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	desk, _ := engine.View().Group("Desk")
	_, ben, err := engine.ViewUser(ctx, "ben")
	if err != nil {
		t.Fatal(err)
	}
	rules := expecting(authz.Operation{Action: authz.ActionUserPermissionsSet, User: "ben"}, ben)
	operations := []authz.Operation{renaming("Desk", "Front"), expecting(granting("Front", "a:b"), desk.Version), assigning("Front", "ben"), rules, expecting(deleting("Front"), desk.Version)}
	must(t)(ana.Batch(ctx, operations[:4]...))
	if _, err := ana.Batch(ctx, rules); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("the version of the user is as before: %v", err)
	}
	if _, err := ana.Batch(ctx, renaming("Front", "Back"), expecting(deleting("Back"), desk.Version)); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("the version of the group is as before: %v", err)
	}
	if got := must(t)(ana.DryRun().Batch(ctx, operations[2])); got.Revision != 0 || got.Impact == nil {
		t.Errorf("a dry run: %+v", got)
	}
}

// Delegation serves in a batch as outside of it, but not for a group that the batch renames.
func TestDelegationDoesNotCoverRenamedGroups(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.ChangeUserPermissions(ctx, "lea", authz.RulesDelta{Grant: []authz.Pattern{
		"rightful.groups:*", "rightful.users:view", authz.Pattern(authz.AssignMembers("Finance")),
	}}))
	lea := engine.As("lea")
	must(t)(lea.DryRun().Batch(ctx, assigning("Finance", "cleo"), renaming("Desk", "Front")))
	for name, operations := range map[string][]authz.Operation{
		"after":       {renaming("Finance", "Money"), assigning("Money", "cleo")},
		"before":      {assigning("Finance", "cleo"), renaming("Finance", "Money")},
		"of Finance":  {renaming("Desk", "Front"), assigning("Finance", "lea")},
		"what it has": {creating("New"), assigning("New", "cleo")},
	} {
		var refused *authz.Error
		if _, err := lea.Batch(ctx, operations...); !errors.Is(err, authz.ErrForbidden) || !errors.As(err, &refused) || !slices.Equal(refused.Missing, []authz.Pattern{"rightful.users:update"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A batch can't give what its operations one by one couldn't: nobody gains by a state in between.
func TestBatchesDoNotEscalate(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx := t.Context()
	revision := engine.View().Revision()
	for name, operations := range map[string][]authz.Operation{
		"into a group that is emptied and filled": {
			{Action: authz.ActionGroupPermissionsSet, Group: "Finance"}, assigning("Finance", "dave"), granting("Finance", "finance.*:*"),
		},
		"a new group that inherits": {
			{Action: authz.ActionGroupCreate, Group: "New", Inherits: []authz.GroupName{"Finance"}}, assigning("New", "dave"),
		},
		"by a group that passes": {
			creating("New"), assigning("New", "dave"), {Action: authz.ActionGroupUpdate, Group: "New", Patch: authz.GroupPatch{Inherits: &[]authz.GroupName{"Finance"}}},
		},
		"a rename and a member": {renaming("Finance", "Money"), assigning("Money", "dave")},
	} {
		if _, err := engine.As("dave").Batch(ctx, operations...); !errors.Is(err, authz.ErrEscalation) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if engine.View().Revision() != revision {
		t.Error("something refused was stored")
	}
	// What is taken back by the same batch was never given.
	must(t)(engine.As("dave").Batch(ctx, assigning("Finance", "dave"),
		authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Finance", Remove: []authz.UserID{"dave"}}, assigning("Desk")))
}

// Whatever fails while a batch is written, the store and every instance have all of it or nothing.
func TestBatchesAreNeverHalfMade(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost")
	for _, call := range []authztest.Call{authztest.CallPosition, authztest.CallSince, authztest.CallBefore, authztest.CallUserVersion, authztest.CallCommit} {
		for _, hook := range []func(*authztest.Store, func(context.Context) error, ...authztest.Call){(*authztest.Store).OnCall, (*authztest.Store).OnReturn} {
			for after := range 3 {
				store := authztest.NewStore()
				engine := open(t, store, authz.Options{Bootstrap: "ana"})
				must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
				before := policyOf(engine.View())
				calls := 0
				hook(store, func(context.Context) error {
					if calls++; calls > after {
						return lost
					}
					return nil
				}, call)
				_, _, _ = engine.ViewUser(t.Context(), "ben")
				_, err := engine.As("ana").Idempotent("k").Batch(t.Context(), creating("New", "a:b"), assigning("New", "ben"), renaming("Desk", "Front"), assigning("Front", "ben"),
					expecting(authz.Operation{Action: authz.ActionUserPermissionsChange, User: "ben", Rules: authz.RulesDelta{Grant: []authz.Pattern{"c:d"}}}, authz.Version{}))
				store.OnCall(nil)
				store.OnReturn(nil)
				fresh := open(t, store.Another(), authz.Options{})
				got := policyOf(fresh.View())
				whole := strings.Contains(got, "Front") && strings.Contains(got, "New") && fresh.Can("ben", "a:b", "c:d")
				if got != before && !whole || err == nil && !whole {
					t.Errorf("%s fails after %d: %v, and this is left:\n%s", call, after, err, got)
				}
				checkRecords(t, fresh)
			}
		}
	}
}

// The operations of a fix make one change.
func TestAFixIsOneBatch(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.Batch(ctx, creating("Viewers", "requests:view"), creating("Bookers", "finance:create")))
	fixes, err := ana.Fixes(t.Context(), engine.View(), "cleo", "requests:view", "finance:create")
	if err != nil || len(fixes.List) == 0 || len(fixes.List[0].Operations) != 2 || !fixes.List[0].Allowed {
		t.Fatalf("the fixes are %+v (%v)", fixes, err)
	}
	change := must(t)(ana.Batch(ctx, fixes.List[0].Operations...))
	if change.Revision != fixes.Revision+1 || !engine.Can("cleo", "requests:view", "finance:create") {
		t.Errorf("the change is %+v", change)
	}
}

// The ends of memberships go through a batch like the memberships: by the last name of a group, and without what
// cancels out. An end of an operation comes before that of the whole batch.
func TestEndsInABatch(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	friday, monday := time.Now().Add(time.Hour).UTC(), time.Now().Add(2*time.Hour).UTC()
	end := func(o authz.Operation, end time.Time) authz.Operation {
		o.Until = ptr(authz.UntilTime(end))
		return o
	}
	must(t)(ana.Until(friday).Assign(ctx, "Finance", "noor"))
	change := must(t)(ana.Until(friday).Batch(ctx,
		assigning("Desk", "ben"), renaming("Desk", "Front"), end(assigning("Front", "cleo"), monday), end(assigning("Front", "ben"), monday),
		creating("Passing"), assigning("Passing", "ben"), deleting("Passing"), renaming("Finance", "Money"), deleting("Money"),
		authz.Operation{Action: authz.ActionUserGroupsSet, User: "dana", Memberships: []authz.Membership{{Group: "Leads"}, {Group: "Front", Until: ptr(authz.Until(0))}}},
	))
	want := []authz.EndChange{
		{User: "ben", Group: "Front", After: authz.UntilTime(monday)},
		{User: "cleo", Group: "Front", After: authz.UntilTime(monday)},
		{User: "dana", Group: "Leads", After: authz.UntilTime(friday)},
		{User: "noor", Group: "Finance", Before: authz.UntilTime(friday)},
	}
	got := slices.SortedFunc(slices.Values(change.Delta.Ends), func(a, b authz.EndChange) int { return strings.Compare(string(a.User), string(b.User)) })
	if !slices.Equal(got, want) {
		t.Errorf("the ends are %+v, not %+v", got, want)
	}
	must(t)(ana.Revert(ctx, change.Revision))
	if back := engine.View().User("noor"); len(back.Groups) != 1 {
		t.Errorf("after the revert, noor is %+v", back)
	}
	checkRecords(t, engine)
}
