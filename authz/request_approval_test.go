package authz_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

var errNoAnswer = errors.New("the answer is lost")

// approve approves a request as ana, by putting cleo into the desk.
func approve(t *testing.T, engine *authz.Engine, id authz.RequestID) error {
	t.Helper()
	_, _, err := engine.As("ana").ApproveRequest(t.Context(), id, authz.Approval{Operations: toDesk("cleo")})
	return err
}

// stillOpen checks that a refused approval left nothing.
func stillOpen(t *testing.T, engine *authz.Engine, id authz.RequestID, what string) {
	t.Helper()
	r, err := engine.AccessRequest(t.Context(), id)
	if err != nil || r.State != authz.RequestOpen || engine.Can("cleo", "requests:approve") {
		t.Errorf("%s: the request is %+v: %v", what, r, err)
	}
}

func TestApprovalThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	ctx, command := t.Context(), engine.AsCommand("test")
	must(t)(command.CreateGroup(ctx, authz.GroupSpec{Name: "Others"}))
	must(t)(command.Assign(ctx, "Others", "hugo"))
	must(t)(command.CreateGroup(ctx, authz.GroupSpec{Name: "Leads", Permissions: authz.Rules{Grants: []authz.Pattern{
		"rightful.groups:view", "rightful.users:*", "rightful.groups:update", "requests:approve",
	}}}))
	must(t)(command.Assign(ctx, "Leads", "lea"))
	r := ask(t, engine, "cleo")
	members := func(group authz.GroupName, add ...authz.UserID) authz.Operation {
		return authz.Operation{Action: authz.ActionGroupMembersChange, Group: group, Add: add}
	}
	rules := func(group authz.GroupName, grant ...authz.Pattern) authz.Operation {
		return authz.Operation{Action: authz.ActionGroupPermissionsChange, Group: group, Rules: authz.RulesDelta{Grant: grant}}
	}
	own := authz.Operation{Action: authz.ActionUserPermissionsChange, User: "cleo", Rules: authz.RulesDelta{Grant: []authz.Pattern{"requests:approve"}}}
	tomorrow := time.Now().Add(24 * time.Hour)
	for what, one := range map[string]struct {
		as   authz.Admin
		do   []authz.Operation
		want error
		text string
	}{
		"somebody else too":       {engine.As("ana"), []authz.Operation{members("Requests desk", "cleo", "hugo")}, authz.ErrInvalid, "hugo"},
		"a rule of another":       {engine.As("ana"), []authz.Operation{members("Requests desk", "cleo"), {Action: authz.ActionUserPermissionsSet, User: "hugo"}}, authz.ErrInvalid, "operation 2"},
		"a removal of another":    {engine.As("ana"), []authz.Operation{members("Requests desk", "cleo"), {Action: authz.ActionGroupMembersChange, Group: "Others", Remove: []authz.UserID{"hugo"}}}, authz.ErrInvalid, "hugo"},
		"an end on a removal":     {engine.As("ana").Until(tomorrow), []authz.Operation{members("Requests desk", "cleo"), {Action: authz.ActionGroupMembersChange, Group: "Viewers", Remove: []authz.UserID{"cleo"}}}, authz.ErrInvalid, "can't end"},
		"a deletion":              {engine.As("ana"), []authz.Operation{members("Requests desk", "cleo"), {Action: authz.ActionGroupDelete, Group: "Others", Release: true}}, authz.ErrInvalid, "group.delete"},
		"a group without cleo":    {engine.As("ana"), []authz.Operation{members("Requests desk", "cleo"), rules("Others", "requests:approve")}, authz.ErrInvalid, "Others"},
		"nothing":                 {engine.As("ana"), nil, authz.ErrInvalid, "requests:approve"},
		"not what was asked for":  {engine.As("ana"), []authz.Operation{members("Others", "cleo")}, authz.ErrInvalid, "requests:approve"},
		"an import":               {engine.As("ana"), []authz.Operation{{Action: authz.ActionPolicyImport}}, authz.ErrInvalid, "policy.import"},
		"an end on a grant":       {engine.As("ana").Until(tomorrow), []authz.Operation{own}, authz.ErrInvalid, "can't end"},
		"an end in the past":      {engine.As("ana").Until(time.Now().Add(-time.Hour)), toDesk("cleo"), authz.ErrInvalid, "/until"},
		"rights that are missing": {engine.As("hugo"), toDesk("cleo"), authz.ErrForbidden, "rightful"},
		"more than lea holds":     {engine.As("lea"), toDesk("cleo"), authz.ErrEscalation, "requests:assign"},
		"no group":                {engine.As("ana"), []authz.Operation{members("None", "cleo")}, authz.ErrNotFound, ""},
	} {
		_, _, err := one.as.ApproveRequest(ctx, r.ID, authz.Approval{Operations: one.do})
		if !errors.Is(err, one.want) || !strings.Contains(err.Error(), one.text) {
			t.Errorf("%s: %v", what, err)
		}
		stillOpen(t, engine, r.ID, what)
	}
	if _, _, err := engine.As("lea").ApproveRequest(ctx, r.ID, authz.Approval{Operations: []authz.Operation{own}}); err != nil {
		t.Errorf("lea gives what she holds: %v", err)
	}
}

func TestOwnRequestIsNotApproved(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	must(t)(engine.AsCommand("test").Assign(t.Context(), "Requests desk", "lea"))
	must(t)(engine.AsCommand("test").SetUserPermissions(t.Context(), "lea", authz.Rules{Grants: []authz.Pattern{"rightful.*:*", "requests:*"}, Restrictions: []authz.Pattern{"requests:close"}}))
	r, _, err := engine.RequestAccess(t.Context(), "lea", authz.RequestSpec{Permissions: []authz.Permission{"requests:close"}})
	if err != nil {
		t.Fatal(err)
	}
	lift := []authz.Operation{{Action: authz.ActionUserPermissionsChange, User: "lea", Rules: authz.RulesDelta{Lift: []authz.Pattern{"requests:close"}}}}
	if _, _, err := engine.As("lea").ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: lift}); !errors.Is(err, authz.ErrOwnRequest) {
		t.Errorf("approved: %v", err)
	}
	if _, err := engine.As("lea").Because("no").DeclineRequest(t.Context(), r.ID); !errors.Is(err, authz.ErrOwnRequest) {
		t.Errorf("declined: %v", err)
	}
	if _, _, err := engine.AsCommand("lea").ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: lift}); err != nil {
		t.Errorf("approved by a command that is called like the user: %v", err)
	}
}

// An approval may change the groups that the user is in, before or after it, and those that they inherit.
func TestApprovalChangesGroupsOfTheUser(t *testing.T) {
	t.Parallel()
	rules := func(group authz.GroupName, grant authz.Pattern) authz.Operation {
		return authz.Operation{Action: authz.ActionGroupPermissionsChange, Group: group, Rules: authz.RulesDelta{Grant: []authz.Pattern{grant}}}
	}
	name := authz.GroupName("Helpers")
	for what, do := range map[string][]authz.Operation{
		"one that the user joins":  append(toDesk("cleo"), rules("Requests desk", "requests:close")),
		"one that the user leaves": append(toDesk("cleo"), rules("Viewers", "requests:close"), authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Viewers", Remove: []authz.UserID{"cleo"}}),
		"one that is inherited":    {rules("Base", "requests:approve")},
		"one that is renamed": {
			{Action: authz.ActionGroupUpdate, Group: "Requests desk", Patch: authz.GroupPatch{Name: &name}},
			{Action: authz.ActionGroupMembersChange, Group: "Helpers", Add: []authz.UserID{"cleo"}},
		},
	} {
		engine := desk(t, authztest.NewStore(), authz.Options{})
		must(t)(engine.AsCommand("test").CreateGroup(t.Context(), authz.GroupSpec{Name: "Base"}))
		must(t)(engine.AsCommand("test").UpdateGroup(t.Context(), "Viewers", authz.GroupPatch{Inherits: &[]authz.GroupName{"Base"}}))
		r := ask(t, engine, "cleo")
		if _, _, err := engine.As("ana").ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: do}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A group whose membership has ended is not one of the user's, though the clock hasn't removed it yet.
func TestApprovalCountsNoEndedMembership(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := desk(t, store, authz.Options{})
		must(t)(engine.AsCommand("test").Until(time.Now().Add(time.Minute)).Assign(t.Context(), "Viewers", "cleo"))
		r := ask(t, engine, "cleo")
		store.OnCall(func(context.Context) error { return authz.ErrTooEarly }, authztest.CallCommit)
		time.Sleep(2 * time.Minute)
		_, _, err := engine.As("ana").ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: append(toDesk("cleo"), authz.Operation{
			Action: authz.ActionGroupPermissionsChange, Group: "Viewers", Rules: authz.RulesDelta{Grant: []authz.Pattern{"requests:close"}},
		})})
		if !errors.Is(err, authz.ErrInvalid) || !strings.Contains(err.Error(), "Viewers") {
			t.Errorf("approved: %v", err)
		}
		closeAll(engine)
	})
}

// The end of an approval shortens no membership, and what can't end may go with an approval that doesn't end.
func TestApprovalShortensNothing(t *testing.T) {
	t.Parallel()
	for _, later := range []bool{false, true} {
		engine := desk(t, authztest.NewStore(), authz.Options{})
		ctx, friday := t.Context(), time.Now().Add(72*time.Hour).UTC().Truncate(time.Microsecond)
		r, admin := ask(t, engine, "cleo"), engine.As("ana").Until(friday)
		do := append(toDesk("cleo"), authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Viewers", Add: []authz.UserID{"cleo"}})
		want := time.Time{}
		if later {
			must(t)(engine.AsCommand("test").Until(friday).Assign(ctx, "Viewers", "cleo"))
			admin, want = engine.As("ana").Until(time.Time{}), friday
			do = []authz.Operation{{Action: authz.ActionUserGroupsSet, User: "cleo", Memberships: []authz.Membership{{Group: "Viewers"}, {Group: "Requests desk"}}}}
		}
		if _, _, err := admin.ApproveRequest(ctx, r.ID, authz.Approval{Operations: do}); err != nil {
			t.Fatal(err)
		}
		if got := engine.View().End("cleo", "Viewers").Time(); !got.Equal(want) {
			t.Errorf("the other membership ends at %v, not %v", got, want)
		}
	}
}

// What wouldn't have been possible at the revision that the administrator looked at, nobody has seen.
func TestApprovalOfWhatWasImpossibleThen(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	ctx, command := t.Context(), engine.AsCommand("test")
	must(t)(command.CreateGroup(ctx, authz.GroupSpec{Name: "New"}))
	r, seen := ask(t, engine, "cleo"), engine.View().Revision()
	must(t)(command.DeleteGroup(ctx, "New", false))
	create := authz.Operation{Action: authz.ActionGroupCreate, Group: "New"}
	join := authz.Operation{Action: authz.ActionGroupMembersChange, Group: "New", Add: []authz.UserID{"cleo"}}
	_, _, err := engine.As("ana").ApproveRequest(ctx, r.ID, authz.Approval{Operations: append(toDesk("cleo"), create, join), Revision: seen})
	if !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("approved: %v", err)
	}
	stillOpen(t, engine, r.ID, "what was impossible")
}

// An approval gives what its administrator has seen: changes that don't matter for that don't prevent it.
func TestApprovalIsComparedWithWhatWasSeen(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	ctx, command := t.Context(), engine.AsCommand("test")
	r := ask(t, engine, "cleo")
	seen := engine.View().Revision()
	must(t)(command.Grant(ctx, "Requests desk", "requests:close"))
	_, _, err := engine.As("ana").ApproveRequest(ctx, r.ID, authz.Approval{Operations: toDesk("cleo"), Revision: seen})
	if !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("cleo would get more than was seen: %v", err)
	}
	stillOpen(t, engine, r.ID, "other gains")
	if _, _, err := engine.As("ana").ApproveRequest(ctx, r.ID, authz.Approval{Operations: toDesk("cleo"), Revision: 999}); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("seen on no revision: %v", err)
	}
	seen = engine.View().Revision()
	must(t)(command.Grant(ctx, "Viewers", "requests:print"))
	if _, _, err := engine.As("ana").ApproveRequest(ctx, r.ID, authz.Approval{Operations: toDesk("cleo"), Revision: seen}); err != nil {
		t.Errorf("an unrelated change: %v", err)
	}
}

// A change between the look and the commit of an approval, whenever it comes, is noticed.
func TestApprovalIsCheckedOnTheRevisionItIsCommittedOnto(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine, other := desk(t, store, authz.Options{}), open(t, store.Another(), authz.Options{})
	r, seen := ask(t, engine, "cleo"), engine.View().Revision()
	var once sync.Once
	store.OnCall(func(ctx context.Context) (err error) {
		once.Do(func() { _, err = other.AsCommand("test").Grant(ctx, "Requests desk", "requests:close") })
		return err
	}, authztest.CallCommit)
	_, _, err := engine.As("ana").ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: toDesk("cleo"), Revision: seen})
	if !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("cleo would get more than was seen: %v", err)
	}
	stillOpen(t, engine, r.ID, "another change came first")
}

func TestRequestIsApprovedOnce(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine, other := desk(t, store, authz.Options{}), open(t, store.Another(), authz.Options{})
	r := ask(t, engine, "cleo")
	var once sync.Once
	store.OnCall(func(ctx context.Context) (err error) { // the other instance approves in another way, with the request as both read it
		once.Do(func() {
			_, _, err = other.As("ana").ApproveRequest(ctx, r.ID, authz.Approval{Operations: []authz.Operation{{
				Action: authz.ActionUserPermissionsChange, User: "cleo", Rules: authz.RulesDelta{Grant: []authz.Pattern{"requests:approve"}},
			}}})
		})
		return err
	}, authztest.CallCommit)
	if err := approve(t, engine, r.ID); !errors.Is(err, authz.ErrRequestDecided) {
		t.Errorf("approved twice: %v", err)
	}
	if in := engine.View().User("cleo").Groups; len(in) != 1 {
		t.Errorf("cleo is in %v", in)
	}
}

func TestApprovalIsNotRefusedBecauseOfItself(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := desk(t, store, authz.Options{})
	r := ask(t, engine, "cleo")
	var once sync.Once
	store.OnReturn(func(context.Context) (err error) {
		once.Do(func() { err = errNoAnswer })
		return err
	}, authztest.CallCommit)
	if err := approve(t, engine, r.ID); err != nil {
		t.Fatal(err)
	}
	if stored, err := engine.AccessRequest(t.Context(), r.ID); err != nil || stored.State != authz.RequestApproved {
		t.Errorf("%+v: %v", stored, err)
	}
}

func TestDecisionIsNotRefusedBecauseOfItself(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := desk(t, store, authz.Options{})
	r := ask(t, engine, "cleo")
	var once sync.Once
	store.OnReturn(func(context.Context) (err error) {
		once.Do(func() { err = errNoAnswer })
		return err
	}, authztest.CallDecide)
	declined, err := engine.As("ana").Because("ask lea").DeclineRequest(t.Context(), r.ID)
	if err != nil || declined.State != authz.RequestDeclined || declined.Decision != "ask lea" {
		t.Fatalf("%+v: %v", declined, err)
	}
	if again, err := engine.As("ana").Because("ask lea").DeclineRequest(t.Context(), r.ID); err != nil || !again.DecidedAt.Equal(declined.DecidedAt) {
		t.Errorf("again: %+v: %v", again, err)
	}
	if _, err := engine.As("ana").Because("no").DeclineRequest(t.Context(), r.ID); !errors.Is(err, authz.ErrRequestDecided) {
		t.Errorf("for another reason: %v", err)
	}
}

// A decision of which the answer is lost is not that of somebody else, nor another one of the same administrator.
func TestDecisionOfSomebodyElseIsNotTakenForItself(t *testing.T) {
	t.Parallel()
	for what, decide := range map[string]func(ctx context.Context, other *authz.Engine, id authz.RequestID) error{
		"another administrator at the same time": func(ctx context.Context, other *authz.Engine, id authz.RequestID) error {
			_, err := other.AsCommand("test").Because("no").DeclineRequest(ctx, id)
			return err
		},
		"the same administrator later": func(ctx context.Context, other *authz.Engine, id authz.RequestID) error {
			time.Sleep(time.Second)
			_, err := other.As("ana").Because("not today").DeclineRequest(ctx, id)
			return err
		},
		"the same administrator, otherwise": func(ctx context.Context, other *authz.Engine, id authz.RequestID) error {
			_, _, err := other.As("ana").Because("no").ApproveRequest(ctx, id, authz.Approval{})
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := authztest.NewStore()
			engine, other := desk(t, store, authz.Options{}), open(t, store.Another(), authz.Options{})
			r := ask(t, engine, "cleo")
			must(t)(other.AsCommand("test").Assign(t.Context(), "Requests desk", "cleo"))
			var once sync.Once
			store.OnCall(func(ctx context.Context) (err error) {
				once.Do(func() {
					if err = decide(ctx, other, r.ID); err == nil {
						err = errNoAnswer
					}
				})
				return err
			}, authztest.CallDecide)
			if _, err := engine.As("ana").Because("no").DeclineRequest(t.Context(), r.ID); !errors.Is(err, authz.ErrRequestDecided) {
				t.Errorf("%s: %v", what, err)
			}
			closeAll(engine, other)
		})
	}
}

// If the user holds everything by now, there is nothing to do but to say so.
func TestRequestIsApprovedWithoutAChange(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	r := ask(t, engine, "cleo")
	friday := time.Now().Add(72 * time.Hour).UTC().Truncate(time.Microsecond)
	must(t)(engine.AsCommand("test").Until(friday).Assign(t.Context(), "Requests desk", "cleo"))
	before := engine.View().Revision()
	dry, c, err := engine.As("ana").DryRun().ApproveRequest(t.Context(), r.ID, authz.Approval{})
	if err != nil || dry.State != authz.RequestOpen || c.Impact == nil || c.Impact.GainCount != 0 {
		t.Errorf("a dry run: %+v: %v", dry, err)
	}
	approved, c, err := engine.As("ana").ApproveRequest(t.Context(), r.ID, authz.Approval{})
	if err != nil || c.Revision != 0 || engine.View().Revision() != before || approved.State != authz.RequestApproved || !approved.Until.Equal(friday) {
		t.Errorf("%+v, %+v: %v", approved, c, err)
	}
	if stored, err := engine.AccessRequest(t.Context(), r.ID); err != nil || stored.State != authz.RequestApproved || !stored.Until.Equal(friday) {
		t.Errorf("stored %+v: %v", stored, err)
	}
}

// A dry run says who gains what, and decides nothing.
func TestDryRunOfAnApproval(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	r := ask(t, engine, "cleo")
	_, c, err := engine.As("ana").DryRun().ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: toDesk("cleo")})
	if err != nil || c.Impact == nil || c.Impact.GainCount != 1 || c.Impact.Gains[0].User != "cleo" {
		t.Errorf("%+v: %v", c, err)
	}
	stillOpen(t, engine, r.ID, "a dry run")
}

// With the user, everything that is open of them goes; also if they have nothing else.
func TestDeletedUserHasNoOpenRequests(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	ctx := t.Context()
	for _, delete := range []func(authz.Admin, authz.UserID) (authz.Change, error){
		func(a authz.Admin, u authz.UserID) (authz.Change, error) { return a.DeleteUser(ctx, u) },
		func(a authz.Admin, u authz.UserID) (authz.Change, error) {
			return a.Batch(ctx, authz.Operation{Action: authz.ActionUserDelete, User: u})
		},
	} {
		for _, user := range []authz.UserID{"cleo", "hugo"} { // hugo has nothing but the request
			r := ask(t, engine, user)
			must(t)(delete(engine.As("ana").DryRun(), user))
			stillOpen(t, engine, r.ID, "a dry run")
			c := must(t)(delete(engine.As("ana").Because("left"), user))
			if r, err := engine.AccessRequest(ctx, r.ID); err != nil || r.Revision != c.Revision || r.State != authz.RequestWithdrawn || r.DecidedBy.ID != "ana" || r.Decision != "left" {
				t.Errorf("%s: %+v: %v", user, r, err)
			}
			if err := approve(t, engine, r.ID); !errors.Is(err, authz.ErrRequestDecided) {
				t.Errorf("%s: approved after that: %v", user, err)
			}
		}
		must(t)(engine.AsCommand("test").Assign(ctx, "Viewers", "cleo"))
	}
}

// The deletion of a user who has nothing but requests fails if they can't be withdrawn.
func TestDeletionThatWithdrawsNothing(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := desk(t, store, authz.Options{})
	r := ask(t, engine, "hugo")
	store.Fail(errNoAnswer, authztest.CallDecide)
	if _, err := engine.As("ana").DeleteUser(t.Context(), "hugo"); !errors.Is(err, authz.ErrStoreUnavailable) {
		t.Errorf("deleted: %v", err)
	}
	stillOpen(t, engine, r.ID, "the store fails")
}

// An approved request says until when the user holds what it asks for: all of it, or any of it where that is enough.
func TestApprovalSaysUntilWhenItLasts(t *testing.T) {
	t.Parallel()
	thursday := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Microsecond)
	friday := thursday.Add(24 * time.Hour)
	for oneIsEnough, want := range map[bool]time.Time{false: thursday, true: friday} {
		engine := desk(t, authztest.NewStore(), authz.Options{})
		ctx, command := t.Context(), engine.AsCommand("test")
		d := engine.RecordDenial(engine.Decide(authz.Question{User: "cleo", Permissions: []authz.Permission{"a:b", "c:d"}, OneIsEnough: oneIsEnough}), "GET", "/x")
		r, _, err := engine.RequestAccess(ctx, "cleo", authz.RequestSpec{Denial: d.ID})
		if err != nil {
			t.Fatal(err)
		}
		for p, end := range map[authz.Pattern]time.Time{"a:b": thursday, "c:d": friday} {
			name := authz.GroupName(p[:1])
			must(t)(command.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: []authz.Pattern{p}}}))
			must(t)(command.Until(end).Assign(ctx, name, "cleo"))
		}
		r, _, err = engine.As("ana").ApproveRequest(ctx, r.ID, authz.Approval{})
		if err != nil || !r.Until.Equal(want) {
			t.Errorf("one is enough: %v: until %v, not %v: %v", oneIsEnough, r.Until, want, err)
		}
	}
}

// Of several permissions, the one that is lost last counts, and none that the user holds already.
func TestApprovalOfSeveralLastsNoLongerThanWasSeen(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	ctx, command, now := t.Context(), engine.AsCommand("test"), time.Now()
	day := func(n int) time.Time { return now.Add(time.Duration(n) * 24 * time.Hour) }
	for name, end := range map[authz.GroupName]time.Time{"First": day(1), "Second": day(2)} {
		must(t)(command.CreateGroup(ctx, authz.GroupSpec{Name: name}))
		must(t)(command.Until(end).Assign(ctx, name, "cleo"))
	}
	r, _, err := engine.RequestAccess(ctx, "cleo", authz.RequestSpec{Permissions: []authz.Permission{"requests:view", "a:b", "c:d"}})
	if err != nil {
		t.Fatal(err)
	}
	give := authz.Approval{Revision: engine.View().Revision(), Operations: []authz.Operation{
		{Action: authz.ActionGroupPermissionsChange, Group: "First", Rules: authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}},
		{Action: authz.ActionGroupPermissionsChange, Group: "Second", Rules: authz.RulesDelta{Grant: []authz.Pattern{"c:d"}}},
	}}
	must(t)(command.Until(day(3)).Assign(ctx, "First", "cleo"))
	if _, _, err := engine.As("ana").ApproveRequest(ctx, r.ID, give); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("for longer than was seen: %v", err)
	}
	must(t)(command.Until(day(2)).Assign(ctx, "First", "cleo"))
	if _, _, err := engine.As("ana").ApproveRequest(ctx, r.ID, give); err != nil {
		t.Errorf("for as long as was seen: %v", err)
	}
}

// What is given to a group lasts for a member as long as the membership: the administrator has seen that, too.
func TestApprovalLastsNoLongerThanWasSeen(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	ctx, command := t.Context(), engine.AsCommand("test")
	friday := time.Now().Add(72 * time.Hour)
	must(t)(command.Until(friday).Assign(ctx, "Viewers", "cleo"))
	r, seen := ask(t, engine, "cleo"), engine.View().Revision()
	give := authz.Approval{Revision: seen, Operations: []authz.Operation{{
		Action: authz.ActionGroupPermissionsChange, Group: "Viewers", Rules: authz.RulesDelta{Grant: []authz.Pattern{"requests:approve"}},
	}}}
	for _, later := range []time.Time{friday.Add(time.Hour), {}} {
		must(t)(command.Until(later).Assign(ctx, "Viewers", "cleo"))
		if _, _, err := engine.As("ana").ApproveRequest(ctx, r.ID, give); !errors.Is(err, authz.ErrRevisionConflict) {
			t.Errorf("until %v instead of %v: %v", later, friday, err)
		}
		stillOpen(t, engine, r.ID, "another end")
	}
	must(t)(command.Until(friday.Add(-time.Hour)).Assign(ctx, "Viewers", "cleo"))
	if _, _, err := engine.As("ana").ApproveRequest(ctx, r.ID, give); err != nil {
		t.Errorf("for a shorter time: %v", err)
	}
}

// If another instance decides between a commit without an answer and its repetition, nothing is unknown any more.
func TestApprovalWithoutAnAnswerThatCameTooLate(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine, other := desk(t, store, authz.Options{}), open(t, store.Another(), authz.Options{})
	r := ask(t, engine, "cleo")
	var once sync.Once
	store.OnCall(func(ctx context.Context) (err error) {
		once.Do(func() {
			if _, err = other.As("ana").Because("no").DeclineRequest(ctx, r.ID); err == nil {
				err = errNoAnswer
			}
		})
		return err
	}, authztest.CallCommit)
	if err := approve(t, engine, r.ID); !errors.Is(err, authz.ErrRequestDecided) || errors.Is(err, authz.ErrStoreUnavailable) {
		t.Errorf("approved after it was declined: %v", err)
	}
	if engine.Can("cleo", "requests:approve") {
		t.Error("cleo can")
	}
}

// A dry run declines nothing, with the errors of the real one.
func TestDryRunOfADecline(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	r, dry := ask(t, engine, "cleo"), engine.As("ana").DryRun()
	if shown, err := dry.Because("no").DeclineRequest(t.Context(), r.ID); err != nil || shown.State != authz.RequestOpen {
		t.Errorf("%+v: %v", shown, err)
	}
	stillOpen(t, engine, r.ID, "a dry run")
	if _, err := dry.DeclineRequest(t.Context(), r.ID); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	if _, _, err := engine.As("ana").Because("no").ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: toDesk("cleo")}); err != nil {
		t.Fatal(err)
	}
	for _, admin := range []authz.Admin{dry, engine.As("ana")} {
		if _, err := admin.Because("no").DeclineRequest(t.Context(), r.ID); !errors.Is(err, authz.ErrRequestDecided) {
			t.Errorf("after it was approved for the same reason: %v", err)
		}
	}
}

// Wildcards that cover nothing in the catalog, such as the records of a type, are gains: an approval is refused if the
// group gives one that it didn't give when the administrator looked, and dry runs and fixes name them.
func TestApprovalsCompareWildcards(t *testing.T) {
	t.Parallel()
	catalog := authz.Catalog{{Permission: "a:view", Label: "A"}, {Permission: "vault:open", Label: "Vault"}, {Permission: "b.x:view", Label: "B"}}
	for _, pattern := range []authz.Pattern{"vault.*:open", "b.*:view", "vault.17:open"} { // b.* covers a permission of the catalog as well
		engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana", Catalog: catalog})
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:view", "b.x:view"}}}))
		must(t)(ana.Assign(ctx, "Desk", "cleo"))
		r, _, err := engine.RequestAccess(ctx, "ben", authz.RequestSpec{Permissions: []authz.Permission{"a:view"}})
		if err != nil {
			t.Fatal(err)
		}
		seen := engine.View()
		assign := []authz.Operation{{Action: authz.ActionGroupMembersChange, Group: "Desk", Add: []authz.UserID{"ben"}}}
		granted := must(t)(ana.Grant(ctx, "Desk", pattern))
		if _, _, err = ana.ApproveRequest(ctx, r.ID, authz.Approval{Operations: assign, Revision: seen.Revision()}); !errors.Is(err, authz.ErrRevisionConflict) {
			t.Errorf("%s: %v", pattern, err)
		}
		if pattern == "b.*:view" {
			continue
		}
		im, err := ana.Impact(ctx, granted)
		if err != nil || im.GainCount != 1 || !slices.Equal(im.Gains[0].Permissions, []authz.Permission{authz.Permission(pattern)}) {
			t.Errorf("%s: cleo gains %+v, %v", pattern, im.Gains, err)
		}
		fixes, err := ana.Fixes(ctx, engine.View(), "ben", "a:view")
		if err != nil || !slices.ContainsFunc(fixes.List, func(f authz.Fix) bool {
			return slices.Equal(f.Groups, []authz.GroupName{"Desk"}) && slices.Contains(f.AlsoGives, authz.Permission(pattern))
		}) {
			t.Errorf("%s: the fixes are %+v, %v", pattern, fixes.List, err)
		}
	}
}

// Whether somebody may decline is known soon, however many groups inherit one to which delegation doesn't extend: it took
// seconds, whatever the context said.
func TestRightToDeclineIsFoundSoon(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	const layers, width, links = 8, 400, 15
	engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana"})
	var file authz.PolicyFile
	add := func(fields ...string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
	}
	for layer := range layers {
		for i := range width {
			for n := range links {
				add("g", fmt.Sprintf("group:%d-%d", layer, i), fmt.Sprintf("group:%d-%d", layer+1, (i*7+n*n)%width))
			}
		}
	}
	for i := range width {
		add("p", fmt.Sprintf("group:%d-%d", layers, i), "rightful.groups", "view", "allow")
	}
	add("p", "mallory", "rightful.groups", "view", "allow")
	add("p", "mallory", "rightful.users", "view", "allow")
	add("p", "mallory", "rightful.members/*", "assign", "allow")
	must(t)(engine.As("ana").Import(t.Context(), file, authz.ImportMerge))
	began := time.Now()
	if _, err := engine.As("mallory").DeclineRequest(t.Context(), "NONE"); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("without any right to decline: %v", err)
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("it took %v", took)
	} else {
		t.Log(took)
	}
}
