package authz_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// inBubble runs a test in a bubble with its own time, with an engine in which the group Desk grants a:b.
func inBubble(t *testing.T, test func(t *testing.T, store *authztest.Store, engine *authz.Engine)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		defer closeAll(engine)
		must(t)(engine.As("ana").CreateGroup(context.Background(), authz.GroupSpec{
			Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}},
		}))
		test(t, store, engine)
	})
}

// A membership holds until its end, is not counted within 100 ms after it, and is removed by a change of the clock
// within 3 s.
func TestMembershipsEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx, end := context.Background(), time.Now().Add(time.Hour).UTC()
		must(t)(engine.As("ana").Until(end).Assign(ctx, "Desk", "cleo"))
		if got := engine.View().End("cleo", "Desk"); got != authz.UntilTime(end) {
			t.Errorf("it ends at %v, not %v", got.Time(), end)
		}
		time.Sleep(time.Hour - time.Millisecond)
		if !engine.Can("cleo", "a:b") {
			t.Error("denied before the end")
		}
		time.Sleep(time.Second/10 + time.Millisecond)
		if engine.Can("cleo", "a:b") || len(engine.View().User("cleo").Groups) > 0 {
			t.Error("it is counted 100 ms after the end")
		}
		time.Sleep(3 * time.Second)
		changes, err := engine.Changes(ctx, authz.ChangeQuery{User: "cleo", Limit: 1})
		if err != nil || len(changes) != 1 {
			t.Fatal(changes, err)
		}
		c := changes[0]
		if c.Actor.Kind != authz.ActorClock || c.Action != authz.ActionMembershipsEnd || len(c.Delta.Removed) != 1 || len(c.Delta.Ends) != 1 {
			t.Errorf("the last change is %+v", c)
		}
		if _, err := authz.AuditRecords(ctx, store, authz.AuditOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// A membership ends while the store is away, and stays ended; it is removed when the store is back.
func TestMembershipsEndWithoutTheStore(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx := context.Background()
		must(t)(engine.As("ana").Until(time.Now().Add(time.Minute)).Assign(ctx, "Desk", "cleo"))
		store.Fail(errors.New("away"))
		time.Sleep(time.Minute + 100*time.Millisecond)
		if engine.Can("cleo", "a:b") {
			t.Error("it is counted while the store is away")
		}
		time.Sleep(time.Minute)
		store.Fail(nil)
		before := engine.View().Revision()
		time.Sleep(3 * time.Second)
		if engine.View().Revision() != before+1 || engine.Can("cleo", "a:b") {
			t.Errorf("at revision %d, %d before", engine.View().Revision(), before)
		}
	})
}

// machine is an engine on a machine whose clocks differ from those of others.
type machine struct {
	what      string
	wall      func(since time.Duration) time.Duration // by which its wall clock is ahead
	stopped   func(since time.Duration) time.Duration // for how long its monotonic clock has stood still
	away      bool                                    // it can't reach the store
	mayBeSoon bool                                    // its clock jumps ahead: it may end memberships early, and never late
}

// However the clocks of machines differ, all end a membership within 100 ms of its end by the store's clock, none counts
// it again, and its row stays until the store's clock has passed the end.
func TestMachinesWithOtherClocksAgree(t *testing.T) {
	withoutRaces(t)
	always := func(d time.Duration) func(time.Duration) time.Duration {
		return func(time.Duration) time.Duration { return d }
	}
	after := func(begins time.Duration, d time.Duration) func(time.Duration) time.Duration {
		return func(since time.Duration) time.Duration {
			if since < begins {
				return 0
			}
			return d
		}
	}
	suspended := func(since time.Duration) time.Duration { return min(max(since-10*time.Second, 0), 40*time.Minute) }
	const term = time.Hour
	machines := []machine{
		{what: "right", wall: always(0), stopped: always(0)},
		{what: "30 s ahead", wall: always(30 * time.Second), stopped: always(0)},
		{what: "30 s behind", wall: always(-30 * time.Second), stopped: always(0)},
		{what: "set back an hour", wall: after(10*time.Second, -time.Hour), stopped: always(0)},
		{what: "set back an hour, without the store", wall: after(10*time.Second, -time.Hour), stopped: always(0), away: true},
		{what: "suspended", wall: always(0), stopped: suspended},
		{what: "suspended, without the store", wall: always(0), stopped: suspended, away: true},
		{what: "set ahead an hour", wall: after(10*time.Second, time.Hour), stopped: always(0), mayBeSoon: true},
	}
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		start := time.Now()
		storeTime := func() time.Time { return time.Now().Add(17 * time.Minute) } // as no machine has it
		store.SetClock(storeTime)
		if err := engine.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
		end := storeTime().Add(term).UTC().Truncate(time.Microsecond)
		must(t)(engine.As("ana").Until(end).Assign(context.Background(), "Desk", "cleo"))
		engines := map[string]*authz.Engine{}
		var others []*authz.Engine
		for _, m := range machines {
			own := store.Another()
			options := authz.Options{}
			if m.mayBeSoon {
				options.PollInterval = 30 * time.Second // or it would soon read the right time
			}
			e := open(t, own, options)
			authz.SkewClocks(e, func(now time.Time) (wall, monotonic time.Duration) {
				return m.wall(now.Sub(start)), -m.stopped(now.Sub(start))
			})
			if m.away {
				own.Fail(errors.New("away"))
			}
			engines[m.what], others = e, append(others, e)
		}
		defer closeAll(others...)
		inTable := func() bool {
			state, _, err := authztest.Load(context.Background(), store)
			return err == nil && len(state.Ends) > 0
		}
		ended := map[string]bool{}
		time.Sleep(20 * time.Second) // the clocks that jump have jumped
		for left := end.Sub(storeTime()); left > -5*time.Second; left = end.Sub(storeTime()) {
			for _, m := range machines {
				counted := engines[m.what].Can("cleo", "a:b")
				switch {
				case counted && left < -100*time.Millisecond:
					t.Fatalf("%s: counted %v after the end", m.what, -left)
				case !counted && left > 100*time.Millisecond && !m.mayBeSoon:
					t.Fatalf("%s: not counted %v before the end", m.what, left)
				case counted && ended[m.what]:
					t.Fatalf("%s: counted again, %v before the end", m.what, left)
				}
				ended[m.what] = !counted
			}
			if left > 0 && !inTable() {
				t.Fatalf("the row was removed %v before the end", left)
			}
			if left < 2*time.Minute {
				time.Sleep(time.Second / 100)
			} else {
				time.Sleep(time.Minute)
			}
		}
		if inTable() {
			t.Error("the row is still there")
		}
	})
}

// What has ended is not counted by an engine that opens later, though the row is still there.
func TestEndedMembershipsAreNotCountedAtTheStart(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx := context.Background()
		must(t)(engine.As("ana").Until(time.Now().Add(time.Minute)).Assign(ctx, "Desk", "cleo"))
		closeAll(engine)
		time.Sleep(2 * time.Minute)
		second := open(t, store, authz.Options{})
		defer closeAll(second)
		if second.Can("cleo", "a:b") {
			t.Error("it is counted at the start")
		}
		time.Sleep(3 * time.Second)
		changes, err := second.Changes(ctx, authz.ChangeQuery{Limit: 1})
		if err != nil || changes[0].Actor.Kind != authz.ActorClock {
			t.Error(changes, err)
		}
	})
}

// The end of a membership changes as the operation says.
func TestUntil(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		at := func(hours int) authz.Until { return authz.UntilTime(time.Now().Add(time.Duration(hours) * time.Hour)) }
		until := func(hours int) authz.Admin { return ana.Until(at(hours).Time()) }
		expect := func(what string, want authz.Until) {
			t.Helper()
			if got := engine.View().End("cleo", "Desk"); got != want || len(engine.View().User("cleo").Groups) != 1 {
				t.Errorf("%s: it ends at %v, not %v", what, got.Time(), want.Time())
			}
		}
		must(t)(until(3).Assign(ctx, "Desk", "cleo"))
		expect("a new membership", at(3))
		must(t)(ana.Assign(ctx, "Desk", "cleo"))
		expect("without an end, it keeps its own", at(3))
		must(t)(until(2).ChangeMembers(ctx, "Desk", []authz.UserID{"cleo"}, nil))
		expect("a delta never shortens", at(3))
		must(t)(until(4).ChangeMembers(ctx, "Desk", []authz.UserID{"cleo"}, nil))
		expect("a delta lengthens", at(4))
		must(t)(until(1).Assign(ctx, "Desk", "cleo"))
		expect("an assignment shortens", at(1))
		must(t)(ana.Until(time.Time{}).Assign(ctx, "Desk", "cleo"))
		expect("never", 0)
		must(t)(ana.SetUserMemberships(ctx, "cleo", []authz.Membership{{Group: "Desk", Until: ptr(at(5))}}))
		expect("set", at(5))
		must(t)(ana.SetUserGroups(ctx, "cleo", []authz.GroupName{"Desk"}))
		expect("set without an end", at(5))
		must(t)(ana.Unassign(ctx, "Desk", "cleo"))
		must(t)(ana.Assign(ctx, "Desk", "cleo"))
		expect("removed and added again", 0)

		for _, wrong := range []time.Time{time.Now(), time.Now().Add(-time.Hour), time.Now().AddDate(10, 0, 1)} {
			if _, err := ana.Until(wrong).Assign(ctx, "Desk", "cleo"); !errors.Is(err, authz.ErrInvalid) {
				t.Errorf("until %v: %v", wrong, err)
			}
		}
	})
}

// Someone whose membership has ended can be added again before the change of the clock.
func TestMembershipsThatEndedCanBeRenewed(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx := context.Background()
		must(t)(engine.As("ana").Until(time.Now().Add(time.Minute)).Assign(ctx, "Desk", "cleo", "dora"))
		store.OnCall(func(context.Context) error { return authz.ErrTooEarly }, authztest.CallCommit)
		time.Sleep(2 * time.Minute)
		store.OnCall(nil, authztest.CallCommit)
		must(t)(engine.As("ana").Assign(ctx, "Desk", "cleo"))
		if !engine.Can("cleo", "a:b") || engine.Can("dora", "a:b") || engine.View().End("cleo", "Desk") != 0 {
			t.Error("the membership wasn't renewed")
		}
		time.Sleep(10 * time.Second)
		if !engine.Can("cleo", "a:b") || engine.Can("dora", "a:b") {
			t.Error("the clock removed the renewed membership")
		}
	})
}

// The end of a membership whose row another program removed applies again when the row comes back, also on an engine
// that reads it from the records.
func TestEndsApplyAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx := context.Background()
		row := authz.Row{Type: "g", V: [6]string{"cleo", "group:Desk"}}
		id := store.InsertRows(row)[0]
		time.Sleep(1100 * time.Millisecond)
		must(t)(engine.As("ana").Until(time.Now().Add(time.Minute)).Assign(ctx, "Desk", "cleo"))
		second := open(t, store.Another(), authz.Options{PollInterval: time.Hour})
		defer closeAll(second)
		store.DeleteRow(id)
		time.Sleep(2 * time.Minute)
		if engine.Can("cleo", "a:b") || engine.View().End("cleo", "Desk") != 0 {
			t.Error("the membership wasn't removed")
		}
		store.InsertRows(row)
		time.Sleep(1100 * time.Millisecond)
		if err := second.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		if engine.Can("cleo", "a:b") || second.Can("cleo", "a:b") {
			t.Error("the membership came back without its end")
		}
		time.Sleep(3 * time.Second)
		changes, err := engine.Changes(ctx, authz.ChangeQuery{Limit: 1})
		if err != nil || changes[0].Actor.Kind != authz.ActorClock {
			t.Error(changes, err)
		}
	})
}

// Ends are judged by the store's clock, whatever the clock of the machine says.
func TestEndsAreJudgedByTheStoresClock(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, 30 * time.Second, 24 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
				ctx := context.Background()
				clock := func() time.Time { return time.Now().Add(ahead) }
				store.SetClock(clock)
				time.Sleep(11 * time.Second) // until the clock was read
				if _, err := engine.As("ana").Until(clock().Add(-time.Second)).Assign(ctx, "Desk", "cleo"); !errors.Is(err, authz.ErrInvalid) {
					t.Errorf("an end in the past of the store: %v", err)
				}
				must(t)(engine.As("ana").Until(clock().Add(time.Minute)).Assign(ctx, "Desk", "cleo"))
				time.Sleep(time.Minute - time.Millisecond)
				if !engine.Can("cleo", "a:b") {
					t.Error("it ended too early")
				}
				time.Sleep(time.Second/10 + time.Millisecond)
				if engine.Can("cleo", "a:b") {
					t.Error("it is counted 100 ms after the end")
				}
				time.Sleep(3 * time.Second)
				if c, err := engine.Changes(ctx, authz.ChangeQuery{Limit: 1}); err != nil || c[0].Actor.Kind != authz.ActorClock {
					t.Error(c, err)
				}
			})
		})
	}
}

// 2,000 memberships that end at once are removed by changes of at most 500.
func TestManyMembershipsEndAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *authztest.Store, engine *authz.Engine) {
		ctx := context.Background()
		var users []authz.UserID
		for i := range 2000 {
			users = append(users, authz.UserID(fmt.Sprint("user", i)))
		}
		before := must(t)(engine.As("ana").Until(time.Now().Add(time.Minute)).Assign(ctx, "Desk", users...)).Revision
		time.Sleep(time.Minute + 3*time.Second)
		if got := engine.View().Revision() - before; got != 4 {
			t.Errorf("%d changes removed them", got)
		}
		if g, _ := engine.View().Group("Desk"); g.MemberCount != 0 {
			t.Errorf("%d members are left", g.MemberCount)
		}
	})
}

// Between an end and the change that removes the membership, the past is still what the records say: nothing is
// blamed for a loss that no change has made yet.
func TestThePastBetweenAnEndAndItsChange(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		must(t)(ana.Grant(ctx, "Desk", "c:d"))
		must(t)(ana.Revoke(ctx, "Desk", "c:d"))
		must(t)(ana.Until(time.Now().Add(time.Minute)).Assign(ctx, "Desk", "cleo"))
		must(t)(ana.Grant(ctx, "Desk", "e:f"))
		store.OnCall(func(context.Context) error { return authz.ErrTooEarly }, authztest.CallCommit)
		time.Sleep(2 * time.Minute)
		losses, err := engine.Lost(ctx, engine.View(), "cleo", "a:b")
		if err != nil || len(losses.List) > 0 {
			t.Errorf("%v; lost by %+v", err, losses.List)
		}
		store.OnCall(nil, authztest.CallCommit)
		time.Sleep(3 * time.Second)
		losses, err = engine.Lost(ctx, engine.View(), "cleo", "a:b")
		if err != nil || len(losses.List) != 1 || losses.List[0].Actor.Kind != authz.ActorClock {
			t.Errorf("after the change: %v; lost by %+v", err, losses.List)
		}
	})
}

// While the store is away, the log doesn't repeat that what has ended can't be removed.
func TestEndsWithoutTheStoreDoNotFloodTheLog(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		ctx, store := context.Background(), authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		defer closeAll(engine)
		must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
		must(t)(engine.As("ana").Until(time.Now().Add(time.Minute)).Assign(ctx, "Desk", "cleo"))
		store.Fail(errors.New("away"))
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := strings.Count(log.String(), "WARN") + strings.Count(log.String(), "ERROR"); n > 4 { // the store, twice; the requests; the denials
			t.Errorf("%d lines of the log:\n%s", n, &log)
		}
	})
}

// A batch renames a group and takes a member out of it, while somebody else's membership in another group has ended and
// isn't removed yet: the revocation takes effect with the next decision, on every instance (promises 5 and 6).
func TestRevocationByARenameWhileAMembershipHasEnded(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		ctx, ana := context.Background(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Other"}))
		other := open(t, store.Another(), authz.Options{})
		defer closeAll(other)
		name := authz.GroupName("Desk")
		for round := range 10 { // the clock may remove dora's membership first
			must(t)(ana.Assign(ctx, name, "eve"))
			must(t)(ana.Until(time.Now().Add(time.Minute)).Assign(ctx, "Other", "dora"))
			time.Sleep(time.Minute + 60*time.Millisecond) // dora's has ended; the clock removes it within a second
			was, is := name, authz.GroupName(fmt.Sprintf("Desk %d", round))
			c := must(t)(ana.Batch(ctx,
				authz.Operation{Action: authz.ActionGroupUpdate, Group: was, Patch: authz.GroupPatch{Name: &is}},
				authz.Operation{Action: authz.ActionGroupMembersChange, Group: is, Remove: []authz.UserID{"eve"}},
			))
			name = is
			if err := other.Refresh(ctx); err != nil {
				t.Fatal(err)
			}
			if engine.Can("eve", "a:b") || other.Can("eve", "a:b") || c.View.Can("eve", "a:b") {
				t.Errorf("round %d: eve still may: %v, on another instance %v, in the answer %v",
					round, engine.Can("eve", "a:b"), other.Can("eve", "a:b"), c.View.Can("eve", "a:b"))
			}
			time.Sleep(10 * time.Second)
		}
	})
}
