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
	"github.com/rightful-go/rightful/authz/memstore"
)

// deny refuses a request of a user, as a guard does, and returns the recorded denial.
func deny(engine *authz.Engine, user authz.UserID) authz.Denial {
	return denyAll(engine, user, "settings:view")
}

func denyAll(engine *authz.Engine, user authz.UserID, permissions ...authz.Permission) authz.Denial {
	return engine.RecordDenial(engine.Decide(authz.Question{User: user, Permissions: permissions}), "GET", "/settings")
}

// onRecord returns all denials that a store has, newest first.
func onRecord(t *testing.T, store authz.DenialStore) []authz.Denial {
	t.Helper()
	list, err := store.Denials(t.Context(), authz.DenialQuery{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// mustBeEqual compares what was handed out with what is on record.
func mustBeEqual(t *testing.T, got, want authz.Denial) {
	t.Helper()
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("on record is\n%+v, not\n%+v", got, want)
	}
}

// A denial says what was asked for and what is missing of it, and is found by its id on
// another instance within a second; so is each of as many as fit at once.
func TestDenialIsReadWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		one, other := open(t, store, authz.Options{Bootstrap: "ana"}), open(t, store, authz.Options{})
		must(t)(one.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		d := one.RecordDenial(one.Decide(authz.Question{
			User: "ben", Permissions: []authz.Permission{"c:d", "c:d", "e:f"}, OneIsEnough: true,
		}), "POST", "/x/:id")
		if !slices.Equal(d.Required, []authz.Permission{"c:d", "e:f"}) || !slices.Equal(d.Missing, []authz.Permission{"c:d", "e:f"}) {
			t.Errorf("required %q, missing %q", d.Required, d.Missing)
		}
		if len(d.ID) != 26 || d.Revision != one.View().Revision() || d.Suppressed != 0 || !d.At.Equal(time.Now()) || d.At.Location() != time.UTC {
			t.Errorf("recorded as %+v", d)
		}
		made := []authz.Denial{d}
		for range 2 {
			for i := range 199 {
				made = append(made, deny(one, authz.UserID(fmt.Sprintf("u%d", i))))
			}
			time.Sleep(time.Second)
			for _, d := range made {
				got, err := other.Denial(t.Context(), d.ID)
				if err != nil {
					t.Fatal(err)
				}
				mustBeEqual(t, got, d)
			}
		}
		list, err := other.Denials(t.Context(), authz.DenialQuery{User: "ben"})
		if err != nil || len(list) != 1 || list[0].ID != d.ID {
			t.Errorf("listed are %+v: %v", list, err)
		}
		for _, id := range []authz.DenialID{"", "x", d.ID[1:], authz.DenialID(strings.ToLower(string(d.ID))), "\xff", "a\x00"} {
			if _, err := other.Denial(t.Context(), id); !errors.Is(err, authz.ErrNoSuchDenial) {
				t.Errorf("%q: %v", id, err)
			}
		}
		closeAll(one, other)
	})
}

// Whatever the store does, a request waits for nothing, what waits is bounded, and the end
// comes in time.
func TestARequestNeverWaitsForItsDenial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		hang := make(chan struct{})
		store.OnCall(func(context.Context) error { <-hang; return nil }, authztest.CallAddDenials) // not even for the end of its context
		start, recorded := time.Now(), 0
		for i := range 20_000 {
			if deny(engine, authz.UserID(fmt.Sprintf("u%d", i))).ID != "" {
				recorded++
			}
			if i == 0 {
				synctest.Wait() // it hangs with the first
			}
		}
		if waited := time.Since(start); waited != 0 || recorded != 201 {
			t.Errorf("waited %v, and %d wait to be written", waited, recorded)
		}
		closeAll(engine)
		if waited := time.Since(start); waited > 3*time.Second {
			t.Errorf("it took %v to close", waited)
		}
		if deny(engine, "late").ID != "" {
			t.Error("a denial after the end has an id")
		}
		close(hang)
	})
}

// What waits when an engine is closed is written first.
func TestCloseWritesTheLastDenials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 10 { // which of two things it does first is up to the scheduler
			store := memstore.New()
			engine := open(t, store, authz.Options{Bootstrap: "ana"})
			for i := range 150 {
				deny(engine, authz.UserID(fmt.Sprintf("u%d", i)))
			}
			start := time.Now()
			closeAll(engine)
			if n := len(onRecord(t, store)); n != 150 || time.Since(start) != 0 {
				t.Errorf("%d of 150 are on record after %v", n, time.Since(start))
			}
		}
	})
}

// A user who is refused again and again is recorded in a sample that says so, and holds up
// nobody else's denials.
func TestAFloodOfOneUserIsSampled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		const perSecond, minutes = 500, 10
		recorded := 0
		for range minutes * 60 * perSecond {
			if deny(engine, "bot").ID != "" {
				recorded++
			}
			time.Sleep(time.Second / perSecond)
		}
		if most := 30 + 30*minutes; recorded > most || recorded < most-1 {
			t.Errorf("%d were recorded, not %d", recorded, most)
		}
		if deny(engine, "ben").ID == "" {
			t.Error("somebody else's isn't recorded")
		}
		time.Sleep(time.Hour)
		deny(engine, "bot")
		time.Sleep(time.Second)
		list, suppressed := onRecord(t, store), 0
		for _, d := range list {
			suppressed += d.Suppressed
		}
		if n := len(list) - 2; n != recorded || suppressed != minutes*60*perSecond-recorded {
			t.Errorf("%d are on record, which say that %d aren't", n, suppressed)
		}
		closeAll(engine)
	})
}

// More users than are kept in mind are recorded as room allows, and in the next minute again.
func TestAFloodOfUsersIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
		recorded := func(from int) (n int) {
			for i := range 11_000 {
				if deny(engine, authz.UserID(fmt.Sprintf("u%d", from+i))).ID != "" {
					n++
				}
				if i%100 == 0 {
					time.Sleep(time.Second / 5) // what waits is written meanwhile
				}
			}
			return n
		}
		if n := recorded(0); n != 11_000 { // the first have been forgotten by then
			t.Errorf("%d of 11,000 within 22 seconds", n)
		}
		time.Sleep(time.Minute)
		for i := range 20_000 {
			deny(engine, authz.UserID(fmt.Sprintf("v%d", i)))
		}
		if deny(engine, "ben").ID != "" {
			t.Error("20,000 users at once are all kept in mind")
		}
		time.Sleep(time.Minute)
		if deny(engine, "ben").ID == "" {
			t.Error("not recorded, a minute after the flood")
		}
		closeAll(engine)
	})
}

// What the store doesn't take is lost, which the log says once and the next denial of the
// same user as well.
func TestDenialsWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		time.Sleep(time.Second)
		synctest.Wait()
		store.Fail(errors.New("away"), authztest.CallAddDenials)
		log.Reset()
		for range 5 {
			deny(engine, "ben")
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if n := strings.Count(log.String(), "can't record denials"); n != 1 || !strings.Contains(log.String(), "away") {
			t.Errorf("told %d times: %s", n, &log)
		}
		store.Fail(nil, authztest.CallAddDenials)
		d := deny(engine, "ben")
		time.Sleep(time.Second)
		synctest.Wait()
		if d.Suppressed != 5 || len(onRecord(t, store)) != 1 || !strings.Contains(log.String(), "lost=5") {
			t.Errorf("%d suppressed, %s", d.Suppressed, &log)
		}
		if !engine.Can("ana", "settings:view") || engine.Status().StoreErr != nil {
			t.Errorf("it is in trouble: %s", engine.Status().StoreErr)
		}
		closeAll(engine)
	})
}

// Denials are kept for their time, however many or few they are.
func TestDenialsGrowTooOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Denials: authz.DenialOptions{MaxAge: 24 * time.Hour}, PollInterval: time.Hour})
		for range 48 {
			deny(engine, "ben")
			time.Sleep(time.Hour)
		}
		if n := len(onRecord(t, store)); n != 24 {
			t.Errorf("%d of the last day", n)
		}
		closeAll(engine)
		time.Sleep(24 * time.Hour)
		again := open(t, store, authz.Options{Denials: authz.DenialOptions{MaxAge: 36 * time.Hour}}) // a start looks at once
		synctest.Wait()
		if n := len(onRecord(t, store)); n != 12 {
			t.Errorf("%d after a day without an engine", n)
		}
		closeAll(again)
	})
}

// The table holds as many as it may, the newest, and for moments some more.
func TestDenialsGrowTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Denials: authz.DenialOptions{MaxCount: 2000}, PollInterval: time.Hour})
		most := 0
		for i := range 6000 { // in less than a minute
			deny(engine, "bot")
			deny(engine, authz.UserID(fmt.Sprintf("u%d", i)))
			time.Sleep(time.Second / 200)
			if i%100 == 0 {
				most = max(most, len(onRecord(t, store)))
			}
		}
		if most < 2000 || most > 2000+1500 {
			t.Errorf("at times there were %d", most)
		}
		time.Sleep(2 * time.Minute)
		list := onRecord(t, store)
		if n := len(list); n != 2000 || list[0].User != "u5999" {
			t.Errorf("%d are on record, first that of %s", n, list[0].User)
		}
		closeAll(engine)
	})
}

// One user alone, within the budget for months, pushes nobody else's denials out.
func TestOneUserDoesNotFillTheTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Denials: authz.DenialOptions{MaxCount: 50}, PollInterval: time.Hour})
		quiet := deny(engine, "ben")
		for range 1000 {
			deny(engine, "bot")
			time.Sleep(2 * time.Second)
		}
		time.Sleep(time.Minute)
		if got, err := engine.Denial(t.Context(), quiet.ID); err != nil || got.User != "ben" || len(onRecord(t, store)) != 11 {
			t.Errorf("of ben's there is %+v among %d: %v", got, len(onRecord(t, store)), err)
		}
		closeAll(engine)
	})
}

// What no policy could name does no harm to the denials of others.
func TestOddDenials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		odd := strings.Repeat("ü", 5000) + "\x00\xff\n\u2028\u202e"
		engine.RecordDenial(engine.Decide(authz.Question{
			User: authz.UserID(odd), Permissions: []authz.Permission{authz.Permission(odd), "", "\xff:\n"},
		}), odd, odd)
		time.Sleep(time.Second)
		got := onRecord(t, store)[0]
		cut := func(n int) string { return strings.Repeat("ü", n-1) + "\ufffd" }
		want := authz.Denial{
			ID: got.ID, At: got.At, User: authz.UserID(cut(100)), Method: cut(100), Route: cut(500), Revision: engine.View().Revision(),
			Required: []authz.Permission{authz.Permission(cut(201)), "", "\ufffd:\ufffd"},
		}
		want.Missing = want.Required
		mustBeEqual(t, got, want)
		if list, err := engine.Denials(t.Context(), authz.DenialQuery{User: authz.UserID(odd)}); err != nil || len(list) != 1 {
			t.Errorf("asked for as it came, there are %d: %v", len(list), err)
		}
		whole := authz.UserID(strings.Repeat("ü", 100))
		deny(engine, whole)
		time.Sleep(time.Second)
		if got := onRecord(t, store)[0]; got.User != whole {
			t.Errorf("the longest id became %q", got.User)
		}

		var many []authz.Permission
		for i := range 101 {
			many = append(many, authz.Permission(fmt.Sprintf("a:%d", i)))
		}
		if denyAll(engine, "ben", many...).ID != "" {
			t.Error("recorded with 101 permissions")
		}
		if denyAll(engine, "ben", many[:100]...).ID == "" {
			t.Error("not recorded with 100 permissions")
		}
		closeAll(engine)
	})
}

// Without a store that keeps them, and where the host wants none, denials have no id.
func TestDenialsThatNobodyKeeps(t *testing.T) {
	t.Parallel()
	for _, engine := range []*authz.Engine{
		open(t, memstore.New(), authz.Options{Bootstrap: "ana", Denials: authz.DenialOptions{Off: true}}),
		open(t, struct{ authz.Store }{memstore.New()}, authz.Options{Bootstrap: "ana"}),
	} {
		d := deny(engine, "ben")
		if d.ID != "" || !slices.Equal(d.Missing, d.Required) {
			t.Errorf("%+v", d)
		}
		if _, err := engine.Denial(t.Context(), "X"); !errors.Is(err, authz.ErrNoSuchDenial) {
			t.Error(err)
		}
		if list, err := engine.Denials(t.Context(), authz.DenialQuery{}); err != nil || len(list) > 0 {
			t.Errorf("%v %v", list, err)
		}
	}
}

func TestDenialsFromManyAtOnce(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 1000 {
				deny(engine, authz.UserID(fmt.Sprintf("u%d", (i+j)%40)))
			}
		})
	}
	all.Wait()
	closeAll(engine)
	seen := map[authz.DenialID]bool{}
	for _, d := range onRecord(t, store) {
		if seen[d.ID] {
			t.Errorf("%s is there twice", d.ID)
		}
		seen[d.ID] = true
	}
	if len(seen) == 0 {
		t.Error("none are on record")
	}
}

// Since when someone would be let in, for all permissions or one of them.
func TestAllowedSince(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	d := authz.Denial{User: "ben", Required: []authz.Permission{"a:b", "c:d"}, Revision: engine.View().Revision()}
	one := d
	one.OneIsEnough = true
	give := func(delta authz.RulesDelta) authz.Revision {
		return must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", delta)).Revision
	}
	check := func(d authz.Denial, allowed bool, since authz.Revision) {
		t.Helper()
		gotAllowed, gotSince, err := engine.AllowedSince(t.Context(), engine.View(), d)
		if gotAllowed != allowed || gotSince != since || err != nil {
			t.Errorf("allowed %v since %d, not %v since %d: %v", gotAllowed, gotSince, allowed, since, err)
		}
	}
	check(d, false, 0)
	check(one, false, 0)
	first := give(authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
	check(d, false, 0)
	check(one, true, first)
	second := give(authz.RulesDelta{Grant: []authz.Pattern{"c:*"}})
	give(authz.RulesDelta{Grant: []authz.Pattern{"x:y"}})
	check(d, true, second)
	check(one, true, first)
	give(authz.RulesDelta{Restrict: []authz.Pattern{"c:d"}})
	check(d, false, 0)
	third := give(authz.RulesDelta{Lift: []authz.Pattern{"c:d"}})
	check(d, true, third)
	d.Revision = third // the policy changed between the decision and the record of it
	check(d, true, 0)
	d.Revision = second // by which they were allowed; they lost it since
	check(d, true, third)
	d.Required = nil // a route that asks for nothing lets nobody in
	check(d, false, 0)
	one.Required = nil
	check(one, false, 0)
}
