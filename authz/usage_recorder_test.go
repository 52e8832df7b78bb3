package authz_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// usesIn returns what a store has of users.
func usesIn(t *testing.T, store authz.UsageStore, users ...authz.UserID) map[authz.Permission]authz.Day {
	t.Helper()
	list := map[authz.Permission]authz.Day{}
	err := store.Uses(context.Background(), users, func(u authz.Use) error {
		list[u.Permission] = max(list[u.Permission], u.Day)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// recording is an engine that records uses. The users u0 to u999 and ben may view and update requests.
func recording(t testing.TB, store authz.Store, options authz.UsageOptions) *authz.Engine {
	t.Helper()
	options.On = true
	engine := open(t, store, authz.Options{Bootstrap: "ana", Usage: options, PollInterval: time.Hour})
	if _, ok := engine.View().Group("Desk"); ok {
		return engine
	}
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.*:*", "rightful.groups:view"}}}))
	members := []authz.UserID{"ben"}
	for i := range 1000 {
		members = append(members, authz.UserID(fmt.Sprintf("u%d", i)))
	}
	must(t)(ana.Assign(ctx, "Desk", members...))
	return engine
}

func allow(engine *authz.Engine, user authz.UserID, permissions ...authz.Permission) {
	engine.RecordUse(engine.Decide(authz.Question{User: user, Permissions: permissions}))
}

// What a decision allowed is in the store within two seconds, and nothing else is: not what was denied, nor what was only
// asked with Can, nor Rightful's own permissions.
func TestUsesAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := recording(t, store, authz.UsageOptions{})
		today := authz.DayOf(time.Now())
		allow(engine, "ben", "requests.a:view", "requests.b:view")
		allow(engine, "ben", "requests.c:view", "finance.a:view") // denied
		allow(engine, "ben", "rightful.groups:view")
		engine.RecordUse(engine.Decide(authz.Question{User: "ben", Permissions: []authz.Permission{"finance.a:view", "requests.d:view", "requests.e:view"}, OneIsEnough: true}))
		if !engine.Can("ben", "requests.f:view") {
			t.Error("ben may not view requests")
		}
		time.Sleep(2 * time.Second)
		got := usesIn(t, store, "ben")
		want := map[authz.Permission]authz.Day{"requests.a:view": today, "requests.b:view": today, "requests.d:view": today}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("recorded %v, want %v", got, want)
		}
		if p, err := store.UsagePeriod(t.Context()); err != nil || p != (authz.UsagePeriod{Since: today, Until: today}) {
			t.Errorf("the period is %+v: %v", p, err)
		}
		writes := store.Calls(authztest.CallAddUses)
		for range 100 {
			allow(engine, "ben", "requests.a:view")
		}
		time.Sleep(5 * time.Second)
		if n := store.Calls(authztest.CallAddUses); n != writes {
			t.Errorf("the same use was written again: %d writes, and then %d", writes, n)
		}
		if n := store.Calls(authztest.CallExtendUsage); n != 1 {
			t.Errorf("the period was extended %d times in a day", n)
		}
		if s := engine.Stats(); s.UsesRecorded != 3 || s.UsesLost != 0 {
			t.Errorf("%d uses recorded and %d lost", s.UsesRecorded, s.UsesLost)
		}
	})
}

// An engine records nothing and doesn't touch the store unless it was asked to.
func TestUsageIsOffByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		allow(engine, "ana", "requests.a:view")
		time.Sleep(time.Minute)
		for _, call := range []authztest.Call{authztest.CallAddUses, authztest.CallUses, authztest.CallUsagePeriod, authztest.CallExtendUsage, authztest.CallPruneUses} {
			if n := store.Calls(call); n != 0 {
				t.Errorf("%d calls of %s", n, call)
			}
		}
	})
}

// At midnight, UTC, a use is recorded again and the period is extended.
func TestUsesOfTheNextDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until((authz.DayOf(time.Now()) + 1).Start()) - time.Minute)
		store := authztest.NewStore()
		engine := recording(t, store, authz.UsageOptions{})
		allow(engine, "ben", "requests.a:view")
		allow(engine, "ben", "requests.b:view")
		day := authz.DayOf(time.Now())
		time.Sleep(time.Until((day + 1).Start()) + 2*time.Second)
		allow(engine, "ben", "requests.a:view")
		time.Sleep(2 * time.Second)
		if got := usesIn(t, store, "ben"); got["requests.a:view"] != day+1 || got["requests.b:view"] != day {
			t.Errorf("on %v: %v", day+1, got)
		}
		if p, err := store.UsagePeriod(t.Context()); err != nil || p != (authz.UsagePeriod{Since: day, Until: day + 1}) {
			t.Errorf("the period is %+v: %v", p, err)
		}
	})
}

// A stream of new uses keeps neither the day from changing nor old uses from being deleted.
func TestUsesUnderSteadyLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := recording(t, store, authz.UsageOptions{MaxCount: 1000})
		day := authz.DayOf(time.Now())
		time.Sleep(23*time.Hour + 59*time.Minute)
		const uses = 11 * 3600 * 3 / 2 // of an hour and a half
		for i := range uses {
			allow(engine, "ben", authz.Permission(fmt.Sprintf("requests.a%d:view", i)))
			time.Sleep(time.Second / 11)
		}
		kept := usesIn(t, store, "ben")
		if last := authz.Permission(fmt.Sprintf("requests.a%d:view", uses-50)); kept[last] != day+1 {
			t.Errorf("a use long past midnight is recorded on %v, not %v", kept[last], day+1)
		}
		if len(kept) > 1000+11*3600+2000 {
			t.Errorf("%d uses are kept", len(kept))
		}
		closeAll(engine)
	})
}

// While the store is away no request waits, what is kept is bounded, and all that was kept is written afterwards.
func TestUsesWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := recording(t, store, authz.UsageOptions{})
		time.Sleep(2 * time.Second)
		store.Fail(errors.New("away"), authztest.CallAddUses)
		began := time.Now()
		for i := range 100_000 {
			allow(engine, authz.UserID(fmt.Sprintf("u%d", i%1000)), authz.Permission(fmt.Sprintf("requests.%d:view", i/1000)))
			if i%25_000 == 0 { // each instance keeps what waits in two places
				time.Sleep(2 * time.Second)
				began = began.Add(2 * time.Second)
			}
		}
		if took := time.Since(began); took > 0 { // in a bubble, time passes only for those who wait
			t.Errorf("requests waited for %v", took)
		}
		lost := engine.Stats().UsesLost
		if lost < 30_000 || lost > 50_000 {
			t.Errorf("%d uses lost of 100,000", lost)
		}
		time.Sleep(10 * time.Second)
		store.Fail(nil)
		time.Sleep(2 * time.Minute)
		if n := engine.Stats().UsesRecorded; n != 100_000-lost {
			t.Errorf("%d uses recorded, and %d lost", n, lost)
		}
		if _, found := usesIn(t, store, "u999")["requests.99:view"]; found {
			t.Error("the last use wasn't lost")
		}
		allow(engine, "u999", "requests.99:view")
		time.Sleep(2 * time.Second)
		if _, found := usesIn(t, store, "u999")["requests.99:view"]; !found {
			t.Error("a use that was lost once is never recorded")
		}
	})
}

// Close writes what waits.
func TestCloseWritesUses(t *testing.T) {
	store := authztest.NewStore()
	engine := recording(t, store, authz.UsageOptions{})
	for i := range 1000 {
		allow(engine, authz.UserID(fmt.Sprintf("u%d", i)), "requests.a:view")
	}
	allow(engine, "ben", "requests.b:view")
	if err := engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := usesIn(t, store, "ben"); len(got) != 1 {
		t.Errorf("of ben there is %v", got)
	}
	if got := usesIn(t, store, "u999"); len(got) != 1 {
		t.Errorf("of u999 there is %v", got)
	}
	if n := store.Calls(authztest.CallAddUses); n < 3 {
		t.Errorf("1,001 uses were written at once")
	}
	allow(engine, "ben", "requests.c:view") // is lost, and harms nothing
}

// What the store doesn't take at the end is lost, which is counted and logged.
func TestUsesLostAtShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{
			Bootstrap: "ana", Usage: authz.UsageOptions{On: true}, PollInterval: time.Hour, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		time.Sleep(2 * time.Second)
		store.Fail(errors.New("away"), authztest.CallAddUses)
		allow(engine, "ana", "a:b", "c:d")
		if err := engine.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := engine.Stats().UsesLost; n != 2 || !strings.Contains(log.String(), "lost at shutdown") {
			t.Errorf("%d lost: %s", n, &log)
		}
	})
}

// While the store fails or doesn't answer, the day and the uses are tried again, and the log says so once.
func TestUsesAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		store := authztest.NewStore()
		store.Fail(errors.New("away"), authztest.CallExtendUsage, authztest.CallAddUses, authztest.CallPruneUses)
		engine := open(t, store, authz.Options{
			Bootstrap: "ana", Usage: authz.UsageOptions{On: true}, PollInterval: time.Hour, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		allow(engine, "ana", "a:b")
		time.Sleep(time.Minute)
		store.Fail(nil)
		time.Sleep(2 * time.Second)
		if p, err := store.UsagePeriod(t.Context()); err != nil || p.Until != today() || len(usesIn(t, store, "ana")) != 1 {
			t.Errorf("the period is %+v, and the uses are %v: %v", p, usesIn(t, store, "ana"), err)
		}
		for _, line := range []string{"can't write uses", "recording uses of permissions again"} {
			if n := strings.Count(log.String(), line); n != 1 {
				t.Errorf("%q is logged %d times", line, n)
			}
		}
		store.OnCall(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, authztest.CallAddUses)
		allow(engine, "ana", "c:d")
		time.Sleep(2 * time.Second)
		store.OnCall(nil, authztest.CallAddUses) // the call in progress still gets no answer
		time.Sleep(10 * time.Second)
		if len(usesIn(t, store, "ana")) != 2 {
			t.Error("the recorder waits forever")
		}
	})
}

// Users and permissions that no policy can have are left out.
func TestImpossibleUsesAreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := recording(t, store, authz.UsageOptions{})
		for _, q := range []authz.Question{
			{User: "a\nb", Permissions: []authz.Permission{"a:b"}},
			{User: "", Permissions: []authz.Permission{"a:b"}},
			{User: "ben", Permissions: []authz.Permission{"a b", "*:*", "", "requests.a:view"}},
		} {
			engine.RecordUse(authz.Decision{Question: q, Allowed: true})
		}
		time.Sleep(2 * time.Second)
		if got := usesIn(t, store, "ben", "a\nb", ""); len(got) != 1 || engine.Stats().UsesRecorded != 1 {
			t.Errorf("recorded %v", got)
		}
	})
}

// What is out of bounds is deleted step by step but soon: at the start, and after each 20,000 uses.
func TestUsesArePrunedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		var old []authz.Use
		for i := range 5000 {
			old = append(old, authz.Use{User: "old", Permission: authz.Permission(fmt.Sprintf("requests.%d:view", i)), Day: today() - 500})
		}
		if err := store.AddUses(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		engine := recording(t, store, authz.UsageOptions{})
		time.Sleep(5 * time.Second)
		if n := len(usesIn(t, store, "old")); n != 0 {
			t.Errorf("%d old uses are left", n)
		}
		calls := store.Calls(authztest.CallPruneUses)
		for i := range 20 {
			for u := range 1000 {
				allow(engine, authz.UserID(fmt.Sprintf("u%d", u)), authz.Permission(fmt.Sprintf("requests.%d:view", i)))
			}
			time.Sleep(time.Second)
			if n := store.Calls(authztest.CallPruneUses); i == 10 && n != calls {
				t.Errorf("pruned %d times after 10,000 uses", n-calls)
			}
		}
		time.Sleep(10 * time.Second)
		if n := store.Calls(authztest.CallPruneUses); n != calls+1 {
			t.Errorf("pruned %d times after 20,000 uses", n-calls)
		}
	})
}

// The number of uses in the store is bounded.
func TestUsesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := recording(t, store, authz.UsageOptions{MaxCount: 500, MaxAge: 48 * time.Hour})
		today := authz.DayOf(time.Now())
		if err := store.AddUses(t.Context(), []authz.Use{{User: "old", Permission: "requests.a:view", Day: today - 3}, {User: "ben", Permission: "requests.z:view", Day: today - 2}}); err != nil {
			t.Fatal(err)
		}
		for i := range 1000 {
			allow(engine, authz.UserID(fmt.Sprintf("u%d", i)), "requests.a:view")
		}
		for i := range 50 {
			allow(engine, "ben", authz.Permission(fmt.Sprintf("requests.%d:view", i)))
		}
		time.Sleep(61 * time.Minute)
		var users []authz.UserID
		for i := range 1000 {
			users = append(users, authz.UserID(fmt.Sprintf("u%d", i)))
		}
		n := 0
		if err := store.Uses(t.Context(), append(users, "ben", "old"), func(authz.Use) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		if n != 500 {
			t.Errorf("%d uses are kept, not 500", n)
		}
		if len(usesIn(t, store, "old")) != 0 {
			t.Error("an old use is kept")
		}
		if p, err := store.UsagePeriod(t.Context()); err != nil || p.Since != today {
			t.Errorf("uses of today were deleted, and the period is %+v: %v", p, err)
		}
	})
}

// Many requests at once record all that they use.
func TestManyRequestsRecordAtOnce(t *testing.T) {
	store := authztest.NewStore()
	engine := recording(t, store, authz.UsageOptions{})
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 1000 {
				allow(engine, authz.UserID(fmt.Sprintf("u%d", i)), authz.Permission(fmt.Sprintf("requests.%d:view", w%4)))
			}
		})
	}
	all.Wait()
	if err := engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if lost := engine.Stats().UsesLost; lost > 0 {
		t.Logf("%d attempts found no free set", lost)
	}
	for i := range 1000 {
		if got := usesIn(t, store, authz.UserID(fmt.Sprintf("u%d", i))); len(got) != 4 && engine.Stats().UsesLost == 0 {
			t.Errorf("of u%d there is %v", i, slices.Collect(func(yield func(authz.Permission) bool) {
				for p := range got {
					if !yield(p) {
						return
					}
				}
			}))
		}
	}
}

// Recording what is recorded already allocates nothing.
func TestRecordUseAllocatesNothing(t *testing.T) {
	withoutRaces(t)
	engine := recording(t, authztest.NewStore(), authz.UsageOptions{})
	q := authz.Question{User: "ben", Permissions: []authz.Permission{"requests.a:view", "requests.b:view"}}
	if n := testing.AllocsPerRun(1000, func() { engine.RecordUse(engine.Decide(q)) }); n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}
