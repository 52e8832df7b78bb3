package authz_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// hours returns an Admin whose memberships end so many hours from now.
func hours(a authz.Admin, n int) authz.Admin {
	return a.Until(time.Now().Add(time.Duration(n) * time.Hour))
}

// Administrators keeps a member whose membership doesn't end (promise 2).
func TestAdministratorsKeepsALastingMember(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		must(t)(hours(ana, 1).Assign(ctx, authz.Administrators, "ben"))
		for name, do := range map[string]func() (authz.Change, error){
			"leave":          func() (authz.Change, error) { return ana.Unassign(ctx, authz.Administrators, "ana") },
			"put an end":     func() (authz.Change, error) { return hours(ana, 2).Assign(ctx, authz.Administrators, "ana") },
			"set the groups": func() (authz.Change, error) { return ana.SetUserGroups(ctx, "ana", nil) },
			"delete":         func() (authz.Change, error) { return ana.DeleteUser(ctx, "ana") },
			"the command": func() (authz.Change, error) {
				return engine.AsCommand("").Unassign(ctx, authz.Administrators, "ana")
			},
		} {
			if _, err := do(); !errors.Is(err, authz.ErrLastAdministrator) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t)(ana.Assign(ctx, authz.Administrators, "cleo"))
		must(t)(hours(ana, 2).Assign(ctx, authz.Administrators, "ana"))
	})
}

// An administrator for a limited time makes nobody an administrator for longer.
func TestAppointmentsEndWithTheActor(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx := context.Background()
		must(t)(hours(engine.As("ana"), 2).Assign(ctx, authz.Administrators, "ben"))
		ben := engine.As("ben")
		for name, a := range map[string]authz.Admin{"without an end": ben, "for longer": hours(ben, 3), "for good": ben.Until(time.Time{})} {
			if _, err := a.Assign(ctx, authz.Administrators, "cleo"); !errors.Is(err, authz.ErrEscalation) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t)(hours(ben, 1).Assign(ctx, authz.Administrators, "cleo"))
		if _, err := ben.Until(time.Time{}).Assign(ctx, authz.Administrators, "ben"); !errors.Is(err, authz.ErrEscalation) {
			t.Errorf("their own: %v", err)
		}
		time.Sleep(2*time.Hour + 100*time.Millisecond)
		if _, err := ben.Grant(ctx, "Desk", "c:d"); !errors.Is(err, authz.ErrForbidden) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// Who may assign the members of a group until an end makes no membership beyond it.
func TestDelegationEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Leads", Permissions: authz.Rules{Grants: []authz.Pattern{
			"rightful.groups:view", "rightful.users:view", authz.Pattern(authz.AssignMembers("Desk")),
		}}}))
		must(t)(hours(ana, 2).Assign(ctx, "Leads", "lea"))
		lea := engine.As("lea")
		if _, err := lea.Assign(ctx, "Desk", "cleo"); !errors.Is(err, authz.ErrEscalation) {
			t.Errorf("for good: %v", err)
		}
		if _, err := hours(lea, 3).Assign(ctx, "Desk", "cleo"); !errors.Is(err, authz.ErrEscalation) {
			t.Errorf("for longer: %v", err)
		}
		must(t)(hours(lea, 1).Assign(ctx, "Desk", "cleo"))
		must(t)(lea.Unassign(ctx, "Desk", "cleo"))
	})
}

// The latest end over all paths counts.
func TestLatestEndOverAllPaths(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Other", Inherits: []authz.GroupName{"Desk"}}))
		must(t)(hours(ana, 1).Assign(ctx, "Desk", "cleo"))
		end := time.Now().Add(2 * time.Hour)
		must(t)(ana.Until(end).Assign(ctx, "Other", "cleo"))
		if got := engine.Explain("cleo", "a:b").Permissions[0].Until; got != authz.UntilTime(end) {
			t.Errorf("it ends at %v, not %v", got.Time(), end)
		}
		must(t)(ana.ChangeUserPermissions(ctx, "cleo", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		if got := engine.Explain("cleo", "a:b").Permissions[0].Until; got != 0 {
			t.Errorf("with an own grant it ends at %v", got.Time())
		}
	})
}

// A revert brings a membership back with its end, unless that has passed, and changes an end back.
func TestRevertsOfEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		end := func(want authz.Until) {
			t.Helper()
			if got := engine.View().End("cleo", "Desk"); got != want || !engine.Can("cleo", "a:b") {
				t.Errorf("it ends at %v, not %v", got.Time(), want.Time())
			}
		}
		added := must(t)(hours(ana, 2).Assign(ctx, "Desk", "cleo"))
		two := engine.View().End("cleo", "Desk")
		longer := must(t)(hours(ana, 3).Assign(ctx, "Desk", "cleo"))
		must(t)(ana.Revert(ctx, longer.Revision))
		end(two)
		removed := must(t)(ana.Unassign(ctx, "Desk", "cleo"))
		must(t)(ana.Revert(ctx, removed.Revision))
		end(two)
		must(t)(ana.Revert(ctx, added.Revision))
		if engine.Can("cleo", "a:b") {
			t.Error("the membership wasn't removed")
		}
		must(t)(ana.Assign(ctx, "Desk", "cleo"))
		end(0)
		must(t)(ana.Unassign(ctx, "Desk", "cleo"))
		time.Sleep(3 * time.Hour)
		if _, err := ana.Revert(ctx, removed.Revision); !errors.Is(err, authz.ErrCannotRevert) {
			t.Errorf("the end has passed: %v", err)
		}
		again := must(t)(hours(ana, 1).Assign(ctx, "Desk", "cleo"))
		must(t)(hours(ana, 2).Assign(ctx, "Desk", "cleo"))
		must(t)(ana.Revert(ctx, again.Revision))
		if engine.Can("cleo", "a:b") {
			t.Error("the membership with another end wasn't removed")
		}
	})
}

// What a past policy allowed is asked of the time of its revision.
func TestPastEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		held := must(t)(hours(ana, 1).Assign(ctx, "Desk", "cleo"))
		time.Sleep(2 * time.Hour)
		must(t)(ana.Grant(ctx, "Desk", "c:d"))
		view, err := engine.ViewAt(ctx, held.Revision)
		if err != nil || !view.Can("cleo", "a:b") {
			t.Errorf("%v; at the time it was held", err)
		}
		losses, err := engine.Lost(ctx, engine.View(), "cleo", "a:b")
		if err != nil || len(losses.List) != 1 || losses.List[0].Actor.Kind != authz.ActorClock {
			t.Errorf("%v; lost by %+v", err, losses.List)
		}
	})
}

// Users and groups are deleted with the ends of memberships that another program removed.
func TestDeletionsTakeEndsAlong(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		row := authz.Row{Type: "g", V: [6]string{"cleo", "group:Desk"}}
		lose := func() {
			t.Helper()
			id := store.InsertRows(row)[0]
			time.Sleep(1100 * time.Millisecond)
			must(t)(hours(ana, 5).Assign(ctx, "Desk", "cleo"))
			store.DeleteRow(id)
			time.Sleep(1100 * time.Millisecond)
		}
		lose()
		must(t)(ana.DeleteUser(ctx, "cleo"))
		must(t)(ana.Assign(ctx, "Desk", "cleo"))
		if got := engine.View().End("cleo", "Desk"); got != 0 {
			t.Errorf("a deleted user's end is left: %v", got.Time())
		}
		must(t)(ana.Unassign(ctx, "Desk", "cleo"))
		lose()
		must(t)(ana.DeleteGroup(ctx, "Desk", false))
		if _, err := engine.AuditRecords(ctx); err != nil {
			t.Error(err)
		}
		fresh := open(t, store, authz.Options{})
		defer closeAll(fresh)
		must(t)(fresh.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
		must(t)(fresh.As("ana").Assign(ctx, "Desk", "cleo"))
		if got := fresh.View().End("cleo", "Desk"); got != 0 {
			t.Errorf("a deleted group's end is left: %v", got.Time())
		}
	})
}

// Ends that name a user or a group that doesn't exist are removed, on record.
func TestStrayEndsAreRemoved(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx := context.Background()
		far := authz.UntilTime(time.Now().Add(time.Hour))
		store.PutEnd(authz.MembershipEnd{User: "cleo", Group: "Nobody", Until: far})
		store.PutEnd(authz.MembershipEnd{User: "a/b", Group: "Desk", Until: far})
		time.Sleep(1100 * time.Millisecond)
		if c, err := engine.Changes(ctx, authz.ChangeQuery{Limit: 1}); err != nil || c[0].Action != authz.ActionPolicyOutside || len(c[0].Delta.RemovedRows) != 2 {
			t.Fatalf("%v; %+v", err, c)
		}
		must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Nobody"}))
		must(t)(engine.As("ana").Assign(ctx, "Nobody", "cleo"))
		fresh := open(t, store.Another(), authz.Options{})
		defer closeAll(fresh)
		for _, e := range []*authz.Engine{engine, fresh} {
			if got := e.View().End("cleo", "Nobody"); got != 0 {
				t.Errorf("the stray end applies: %v", got.Time())
			}
		}
	})
}

// An end that another program sets, changes or removes is noticed like a row.
func TestForeignEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx := context.Background()
		must(t)(engine.As("ana").Assign(ctx, "Desk", "cleo"))
		end := authz.UntilTime(time.Now().Add(time.Hour))
		for _, want := range []authz.Until{end, end + 5, 0} {
			if want == 0 {
				store.DeleteEnd("cleo", "Desk")
			} else {
				store.PutEnd(authz.MembershipEnd{User: "cleo", Group: "Desk", Until: want})
			}
			time.Sleep(1100 * time.Millisecond)
			if got := engine.View().End("cleo", "Desk"); got != want {
				t.Errorf("it ends at %v, not %v", got.Time(), want.Time())
			}
		}
		store.PutEnd(authz.MembershipEnd{User: "cleo", Group: "Desk", Until: -5})
		time.Sleep(1100 * time.Millisecond)
		if engine.Can("cleo", "a:b") {
			t.Error("a membership that ended before 1970 counts")
		}
		time.Sleep(3 * time.Second)
		if _, err := engine.AuditRecords(ctx); err != nil {
			t.Error(err)
		}
	})
}

// Another program removes a membership that ends, a deletion of the user removes the end that it left, and the first of
// these is reverted: the membership comes back with its end, or not at all once that has passed.
func TestRevertRestoresAnEndThatWasRemovedSince(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.Until(time.Now().Add(time.Hour)).Assign(ctx, "Desk", "cleo"))
		end := engine.View().End("cleo", "Desk")
		store.DeleteRow(rowID(t, store, "g", "cleo", "group:Desk"))
		if err := engine.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		removed := engine.View().Revision()
		must(t)(ana.DeleteUser(ctx, "cleo"))
		name := authz.GroupName("Renamed desk")
		must(t)(ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: &name}))
		back := must(t)(ana.Revert(ctx, removed))
		if got := engine.View().End("cleo", name); !engine.Can("cleo", "a:b") || got != end {
			t.Errorf("cleo is back until %v, not %v", got, end)
		}
		must(t)(ana.Revert(ctx, back.Revision))
		time.Sleep(2 * time.Hour)
		if _, err := ana.Revert(ctx, removed); !errors.Is(err, authz.ErrCannotRevert) || engine.Can("cleo", "a:b") {
			t.Errorf("after the end: %v", err)
		}
	})
}

// While a membership that has ended waits to be removed, a user's version that was read then can be used to write.
func TestVersionReadAfterAnEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Other"}))
		for round := range 10 { // the clock may remove the membership first
			must(t)(ana.Assign(ctx, "Desk", "dora"))
			must(t)(ana.Until(time.Now().Add(time.Minute)).Assign(ctx, "Other", "dora"))
			time.Sleep(time.Minute + 60*time.Millisecond)
			_, version, err := engine.ViewUser(ctx, "dora")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ana.IfVersion(version).SetUserGroups(ctx, "dora", nil); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			time.Sleep(10 * time.Second)
		}
	})
}
