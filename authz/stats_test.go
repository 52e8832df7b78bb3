package authz_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

func TestDecisionsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", MaxAge: time.Minute, PollInterval: time.Second})
		ask := func(user authz.UserID, permissions ...authz.Permission) {
			engine.Decide(authz.Question{User: user, Permissions: permissions})
			engine.Can(user, permissions...) // isn't counted
			engine.View().Can(user, permissions...)
		}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 100 {
					ask("ana", "a:view")
				}
			})
		}
		all.Wait()
		ask("ben", "a:view")
		ask("ana") // nothing is asked
		ask("", "a:view")
		store.Fail(errors.New("away"), authztest.CallPosition)
		time.Sleep(2 * time.Minute)
		ask("ana", "a:view")
		ask("", "a:view")
		s := engine.Stats()
		if s.Allowed != 1000 || s.Denied != 2 || s.Anonymous != 2 || s.Expired != 1 {
			t.Errorf("%+v", s)
		}
		closeAll(engine)
	})
}

// Commits are counted by their time, and conflicts and failures of the store as what they are.
func TestWorkOfTheStoreIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		began := engine.Stats()
		ana, ctx := engine.As("ana"), t.Context()
		write := func(p authz.Pattern) error {
			_, err := ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{p}})
			return err
		}
		store.OnCall(func(context.Context) error { time.Sleep(3 * time.Millisecond); return nil }, authztest.CallCommit) //nolint:forbidigo // in the time of testing/synctest
		if err := write("a:view"); err != nil {
			t.Fatal(err)
		}
		s := engine.Stats()
		if n := s.Commits.Count - began.Commits.Count; n != 1 || s.Commits.Sum-began.Commits.Sum != 3*time.Millisecond {
			t.Errorf("%d commits took %v", n, s.Commits.Sum-began.Commits.Sum)
		}
		for i, b := range s.Commits.Buckets {
			want := uint64(1)
			if b.Bound < 3*time.Millisecond {
				want = 0
			}
			if n := b.Count - began.Commits.Buckets[i].Count; n != want {
				t.Errorf("%d took at most %v", n, b.Bound)
			}
		}
		var fail atomic.Bool
		store.OnCall(func(context.Context) error {
			if fail.Swap(false) {
				return errors.New("connection reset")
			}
			return nil
		}, authztest.CallCommit)
		fail.Store(true)
		if err := write("b:view"); err != nil {
			t.Fatal(err)
		}
		after := engine.Stats()
		if after.StoreErrors-s.StoreErrors != 1 || after.Conflicts != s.Conflicts {
			t.Errorf("after an error: %+v", after)
		}
		other := open(t, store.Another(), authz.Options{PollInterval: time.Hour})
		if _, err := other.As("ana").Assign(ctx, authz.Administrators, "zoe"); err != nil {
			t.Fatal(err)
		}
		if err := write("c:view"); err != nil {
			t.Fatal(err)
		}
		last := engine.Stats()
		if last.Conflicts-after.Conflicts != 1 || last.StoreErrors != after.StoreErrors || last.Commits.Count-after.Commits.Count != 1 {
			t.Errorf("after a conflict: %+v", last)
		}
		gone, leave := context.WithCancel(ctx)
		store.OnCall(func(ctx context.Context) error { leave(); <-ctx.Done(); return ctx.Err() }, authztest.CallCommit)
		_, _ = ana.ChangeUserPermissions(gone, "ben", authz.RulesDelta{Grant: []authz.Pattern{"d:view"}})
		if n := engine.Stats().StoreErrors; n != last.StoreErrors {
			t.Errorf("a caller who gave up is counted as %d errors of the store", n-last.StoreErrors)
		}
		closeAll(engine, other)
	})
}

// Each foreign write is counted by the instance that recorded it.
func TestForeignWritesAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		store.InsertRows(row("p", "ben", "a", "view", "allow"), row("p", "ben", "b", "view", "maybe"))
		if err := engine.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := engine.Stats(); s.ForeignWrites != 1 || s.BadRows != 1 {
			t.Errorf("%+v", s)
		}
		closeAll(engine)
	})
}

func TestDenialsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		for range 40 { // ten more than the rate of one user allows
			deny(engine, "ben")
		}
		time.Sleep(2 * time.Second)
		if s := engine.Stats(); s.DenialsRecorded != 30 || s.DenialsLost != 0 {
			t.Errorf("%+v", s)
		}
		store.Fail(errors.New("away"), authztest.CallAddDenials)
		deny(engine, "cleo")
		time.Sleep(2 * time.Second)
		if s := engine.Stats(); s.DenialsRecorded != 30 || s.DenialsLost != 1 {
			t.Errorf("after a failure: %+v", s)
		}
		closeAll(engine)
	})
}

// fragile is a notifier that can fail and lose its connection.
type fragile struct {
	mu           sync.Mutex
	disconnected bool
	publish      error
	broken       chan error
	hint         func()
}

func (f *fragile) Publish(context.Context, authz.Revision) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.publish
}

func (f *fragile) Subscribe(ctx context.Context, hint func()) error {
	f.mu.Lock()
	f.hint = hint
	f.mu.Unlock()
	select {
	case err := <-f.broken:
		return err
	case <-ctx.Done():
		return nil
	}
}

// hinted returns what the engine wants to be called with a hint.
func (f *fragile) hinted() func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hint
}

func (f *fragile) Connected() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.disconnected
}

// A notifier that fails again and again is logged once, and so is that it works again.
func TestLogOfANotifier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := &fragile{broken: make(chan error)}
		engine := open(t, memstore.New(), authz.Options{
			Bootstrap: "ana", Notifier: f, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: levelAndMessage})),
		})
		synctest.Wait()
		log.Reset()
		for range 5 {
			f.broken <- errors.New("away")
			time.Sleep(10 * time.Second)
		}
		hint := f.hinted()
		hint()
		hint()
		want := "level=WARN msg=\"notifications interrupted; polling continues\"\nlevel=INFO msg=\"notifications arrive again\"\n"
		if log.String() != want {
			t.Errorf("%s\nnot\n%s", &log, want)
		}
		log.Reset()
		for i := range 10 {
			f.mu.Lock()
			f.publish = nil
			if i < 5 {
				f.publish = errors.New("away")
			}
			f.mu.Unlock()
			if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, authz.UserID(fmt.Sprint("user", i))); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		changed := "level=INFO msg=\"policy changed\"\n"
		want = changed + "level=WARN msg=\"can't notify other instances; they find changes by polling\"\n" + strings.Repeat(changed, 5) +
			"level=INFO msg=\"other instances are notified again\"\n" + strings.Repeat(changed, 4)
		if log.String() != want {
			t.Errorf("%s\nnot\n%s", &log, want)
		}
		closeAll(engine)
	})
}

func TestStateOfTheNotifier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		without := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
		if s := without.Stats().Notifier; s != authz.NotifierNone {
			t.Errorf("without a notifier: %d", s)
		}
		f := &fragile{broken: make(chan error)}
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Notifier: f, PollInterval: time.Second})
		synctest.Wait()
		want := func(when string, want authz.NotifierState) {
			t.Helper()
			synctest.Wait()
			if s := engine.Stats().Notifier; s != want {
				t.Errorf("%s: %d, not %d", when, s, want)
			}
		}
		change := func(when func()) {
			f.mu.Lock()
			defer f.mu.Unlock()
			when()
		}
		publish := func(user authz.UserID) {
			if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, user); err != nil {
				t.Fatal(err)
			}
		}
		want("at start", authz.NotifierUp)
		change(func() { f.disconnected = true })
		want("disconnected", authz.NotifierDown)
		change(func() { f.disconnected = false })
		want("connected again", authz.NotifierUp)
		change(func() { f.publish = errors.New("away") })
		publish("ben")
		want("after a failure to publish", authz.NotifierDown)
		change(func() { f.publish = nil })
		publish("cleo")
		want("after it was published", authz.NotifierUp)
		f.broken <- errors.New("away")
		want("after a failure to subscribe", authz.NotifierDown)
		time.Sleep(2 * time.Second)
		want("subscribed again, without a hint", authz.NotifierDown)
		change(func() { f.hint() })
		want("after a hint", authz.NotifierUp)
		closeAll(engine, without)
	})
}
