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

// A change takes effect at once on its own instance and within the poll interval on all others,
// without notifications.
func TestAnotherInstanceFollows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		one := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Second})
		two := open(t, store, authz.Options{PollInterval: time.Second})
		must(t)(one.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		if !one.Can("ben", "a:b") {
			t.Error("not on the next decision")
		}
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if !two.Can("ben", "a:b") {
			t.Error("not within the poll interval")
		}
		must(t)(two.As("ana").DeleteUser(t.Context(), "ben"))
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if one.Can("ben", "a:b") {
			t.Error("the revocation didn't come back")
		}
		closeAll(one, two)
	})
}

// notifierHub is a notifier between the engines of a test.
type notifierHub struct {
	mu    sync.Mutex
	hints []func()
}

func (h *notifierHub) Publish(context.Context, authz.Revision) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, hint := range h.hints {
		hint()
	}
	return nil
}

func (h *notifierHub) Subscribe(ctx context.Context, hint func()) error {
	h.mu.Lock()
	h.hints = append(h.hints, hint)
	h.mu.Unlock()
	<-ctx.Done()
	return nil
}

func TestNotificationIsFasterThanThePoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, h := memstore.New(), &notifierHub{}
		one := open(t, store, authz.Options{Bootstrap: "ana", Notifier: h, PollInterval: time.Hour})
		two := open(t, store, authz.Options{Notifier: h, PollInterval: time.Hour})
		synctest.Wait()
		must(t)(one.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		time.Sleep(time.Second)
		synctest.Wait()
		if !two.Can("ben", "a:b") {
			t.Error("the notification was lost")
		}
		closeAll(one, two)
	})
}

// During a store outage decisions go on, the age is shown, and writes fail; past MaxAge
// everything is denied (promise 8).
func TestStoreOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Second, MaxAge: time.Minute})
		away := errors.New("connection refused")
		store.Fail(away)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if !engine.Can("ana", "a:b") || engine.Status().Age < 29*time.Second || engine.Status().StoreErr == nil {
			t.Errorf("age %v, store error %q", engine.Status().Age, engine.Status().StoreErr)
		}
		revision := engine.View().Revision()
		if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, "ben"); !errors.Is(err, authz.ErrStoreUnavailable) {
			t.Errorf("%v", err)
		}
		if engine.View().Revision() != revision || engine.Can("ben", "a:b") {
			t.Error("memory went ahead of the store")
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if engine.Can("ana", "a:b") || engine.View().Can("ana", "a:b") || engine.Explain("ana", "a:b").Allowed || len(engine.View().PermissionsOf("ana")) > 0 {
			t.Error("older than the host allows, and still allowing")
		}
		store.Fail(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !engine.Can("ana", "a:b") || engine.Status().StoreErr != nil {
			t.Error("it didn't recover by itself")
		}
		closeAll(engine)
	})
}

// An outage is a warning at first. It is an error when it lasts and when everything is denied, once each, and the next
// outage says so again.
func TestLogOfAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{
			Bootstrap: "ana", MaxAge: time.Minute, Denials: authz.DenialOptions{Off: true}, Requests: authz.RequestOptions{Off: true},
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: levelAndMessage})),
		})
		const warning, recovered = "level=WARN msg=\"store unreachable; decisions continue with the last revision\"\n", "level=INFO msg=\"store reachable again\"\n"
		const lasting = "level=ERROR msg=\"store still unreachable; revocations made elsewhere don't take effect here\"\n"
		for _, c := range []struct {
			seconds time.Duration
			want    string
		}{
			{5, warning + recovered},
			{50, warning + lasting + recovered},
			{600, warning + lasting + "level=ERROR msg=\"the policy is older than MaxAge; everything is denied\"\n" + recovered},
			{50, warning + lasting + recovered},
		} {
			synctest.Wait()
			log.Reset()
			store.Fail(errors.New("connection refused"))
			time.Sleep(c.seconds * time.Second)
			store.Fail(nil)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if log.String() != c.want {
				t.Errorf("%d s:\n%s\nnot\n%s", c.seconds, &log, c.want)
			}
		}
		closeAll(engine)
	})
}

func levelAndMessage(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.LevelKey || a.Key == slog.MessageKey {
		return a
	}
	return slog.Attr{}
}

// The age of a policy is that of the clock that says more: the monotonic clock stands still while the machine is
// suspended, and the wall clock can be set back (promise 8).
func TestAgeByBothClocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Second, MaxAge: time.Minute})
		store.Fail(errors.New("connection refused"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		age := engine.Status().Age
		if authz.Suspend(engine, -time.Hour); engine.Status().Age != age || engine.Status().Expired || !engine.Can("ana", "a:b") {
			t.Errorf("with its clock set back the policy is %v old, not %v", engine.Status().Age, age)
		}
		if authz.Suspend(engine, 2*time.Hour); engine.Status().Age != age+time.Hour || !engine.Status().Expired || engine.Can("ana", "a:b") {
			t.Errorf("after an hour's sleep the policy is %v old", engine.Status().Age)
		}
		store.Fail(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if engine.Status().Age > 2*time.Second || engine.Status().Expired || !engine.Can("ana", "a:b") {
			t.Errorf("it didn't recover by itself; it is %v old", engine.Status().Age)
		}
		closeAll(engine)
	})
}

// A store restored from a backup that has reached the same revision with another history is
// another store: the next poll reloads it, and nothing is committed onto the lost history.
func TestRestoredStoreAtTheSameRevision(t *testing.T) {
	t.Parallel()
	options := authz.Options{Bootstrap: "ana", PollInterval: time.Hour}
	grant := func(user authz.UserID) *authztest.Store {
		store := authztest.NewStore()
		engine := open(t, store, options)
		must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), user, authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		return store
	}
	store := grant("ben")
	polls, writes := open(t, store, options), open(t, store, options)
	store.ReplaceBy(grant("eve"))
	if err := polls.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t)(writes.As("ana").Assign(t.Context(), authz.Administrators, "dan"))
	for name, e := range map[string]*authz.Engine{"polls": polls, "writes": writes} {
		if e.Can("ben", "a:b") || !e.Can("eve", "a:b") {
			t.Errorf("who %s decides by the history that is gone", name)
		}
	}
	if !writes.Can("dan", "a:b") {
		t.Error("what was written doesn't count")
	}
}

// A revocation made elsewhere is followed within 300 ms of its notification while this instance's own write
// hangs in the database and reads hang on dead connections, and the status shows the trouble (B1).
func TestFollowingSurvivesHangingCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, h := authztest.NewStore(), &notifierHub{}
		other := open(t, memory, authz.Options{Bootstrap: "ana", Notifier: h, PollInterval: time.Hour})
		must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		store := memory.Another()
		engine := open(t, store, authz.Options{Notifier: h, PollInterval: time.Hour})
		synctest.Wait()
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		store.OnCall(hang, authztest.CallCommit)
		go func() { _, _ = engine.As("ana").Assign(context.Background(), authz.Administrators, "eve") }()
		time.Sleep(2 * time.Second)
		if engine.Status().StoreErr == nil {
			t.Error("the status keeps quiet about a write that hangs")
		}
		for _, call := range []authztest.Call{authztest.CallPosition, authztest.CallSince} {
			var dead atomic.Int32
			store.OnCall(func(ctx context.Context) error {
				if dead.Add(1) <= 2 { // two dead connections of the pool
					return hang(ctx)
				}
				return nil
			}, call)
			must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Revoke: []authz.Pattern{"a:b"}}))
			time.Sleep(300 * time.Millisecond) //nolint:forbidigo // real time is what is tested
			if engine.Can("ben", "a:b") {
				t.Errorf("with hanging calls of %s, the revocation wasn't followed", call)
			}
			must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
			time.Sleep(300 * time.Millisecond) //nolint:forbidigo // real time is what is tested
			if !engine.Can("ben", "a:b") {
				t.Error("the grant wasn't followed")
			}
			store.OnCall(nil, call)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = engine.Close(ctx)
		closeAll(other)
	})
}

// sinceStore passes what each call of Since returns to a function.
type sinceStore struct {
	*authztest.Store
	returned func([]authz.Record)
}

func (s *sinceStore) Since(ctx context.Context, after authz.Revision, limit, maxBytes int) ([]authz.Record, error) {
	list, err := s.Store.Since(ctx, after, limit, maxBytes)
	if s.returned != nil {
		s.returned(list)
	}
	return list, err
}

// fallBehind returns a store, an engine that doesn't know its last 22 records yet, and the revision of the last one.
// The first takes a grant from ben, the others are large.
func fallBehind(t *testing.T) (*sinceStore, *authz.Engine, authz.Revision) {
	t.Helper()
	store := &sinceStore{Store: authztest.NewStore()}
	other := open(t, store.Another(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	ctx, ana := t.Context(), other.As("ana")
	must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	engine := open(t, store, authz.Options{PollInterval: time.Hour})
	last := must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Revoke: []authz.Pattern{"a:b"}}))
	for i := range 21 {
		grants := make([]authz.Pattern, 2500)
		for j := range grants {
			grants[j] = authz.Pattern(fmt.Sprintf("records.of.some.size.have.many.rules.with.long.names.%d:view", j))
		}
		last = must(t)(ana.ChangeUserPermissions(ctx, authz.UserID(fmt.Sprintf("user%d", i)), authz.RulesDelta{Grant: grants}))
	}
	closeAll(other)
	return store, engine, last.Revision
}

// An instance that is some large records behind holds few of them at once, applies each once, and decides by those
// that it has read, so that a revocation doesn't wait for what came after it. Until it has read all, its age is that
// of the policy which the store confirmed last.
func TestFollowingIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, engine, last := fallBehind(t)
		read, calls, most := engine.View().Revision(), 0, 0
		store.returned = func(list []authz.Record) {
			if calls++; calls > 1 && (engine.View().Revision() != read || engine.Can("ben", "a:b") || engine.Status().Age < time.Minute) {
				t.Errorf("after %d calls it decides by revision %d of age %v, not by revision %d",
					calls-1, engine.View().Revision(), engine.Status().Age, read)
			}
			bytes := 0
			for _, r := range list {
				if read++; r.Revision != read {
					t.Errorf("revision %d was read in place of %d", r.Revision, read)
				}
				bytes += len(r.Delta)
			}
			most = max(most, bytes)
		}
		time.Sleep(time.Minute)
		if err := engine.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if engine.View().Revision() != last || read != last || engine.Status().Age != 0 || store.Calls(authztest.CallLoad) != 1 {
			t.Errorf("revision %d of age %v after %d loads, %d read, want %d",
				engine.View().Revision(), engine.Status().Age, store.Calls(authztest.CallLoad), read, last)
		}
		if calls < 5 || most > 3<<19 {
			t.Errorf("%d calls returned up to %d bytes at once", calls, most)
		}
		closeAll(engine)
	})
}

// A store that is restored while an instance reads its records is noticed, whether it then has fewer records than the
// instance or others.
func TestStoreRestoredBetweenBatches(t *testing.T) {
	t.Parallel()
	restored := func(users int) *authztest.Store {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		for i := range users {
			must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), authz.UserID(fmt.Sprint("eve", i)), authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		}
		return store
	}
	for name, backup := range map[string]*authztest.Store{"shorter": restored(1), "longer": restored(100)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, engine, _ := fallBehind(t)
			store.returned = func([]authz.Record) {
				if store.Calls(authztest.CallSince) == 2 {
					store.ReplaceBy(backup)
				}
			}
			if err := engine.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			position, err := backup.Position(t.Context())
			if head := engine.Status().Head; err != nil || head.Revision != position.Revision || string(head.Hash) != string(position.Hash) {
				t.Errorf("it decides by revision %d, not by revision %d of the backup (%v)", head.Revision, position.Revision, err)
			}
			if engine.Can("user0", "records.of.some.size.have.many.rules.with.long.names.1:view") || !engine.Can("eve0", "a:b") {
				t.Error("it decides by the history that is gone")
			}
		})
	}
}

// A panic while the store is read ends nothing: the last policy decides, the status has the panic, and following
// continues (A5).
func TestFollowerSurvivesAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := authztest.NewStore()
		other := open(t, memory, authz.Options{Bootstrap: "ana", PollInterval: time.Second})
		store := memory.Another()
		engine := open(t, store, authz.Options{PollInterval: time.Second})
		store.OnCall(func(context.Context) error { panic("an odd record") }, authztest.CallPosition)
		must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		time.Sleep(3 * time.Second)
		if fault := engine.Status().Fault; fault == nil || !strings.Contains(fault.Error(), "an odd record") || !engine.Can("ana", "a:b") {
			t.Errorf("the panic was kept quiet: %v", fault)
		}
		store.OnCall(nil, authztest.CallPosition)
		time.Sleep(3 * time.Second)
		if !engine.Can("ben", "a:b") {
			t.Error("following ended")
		}
		closeAll(engine, other)
	})
}

// The empty user is an anonymous request and holds nothing, even by a forged policy (A5).
func TestEmptyUserHoldsNothing(t *testing.T) {
	t.Parallel()
	engine := office(t)
	authz.EmptyUserHolds(engine)
	if engine.Can("", "a:b") || engine.View().Can("", "a:b") || engine.Explain("", "a:b").Allowed ||
		engine.Decide(authz.Question{Permissions: []authz.Permission{"a:b"}}).Allowed ||
		engine.View().Permits("", "b", authz.Resource{Type: "a"}) {
		t.Error("the empty user is allowed something")
	}
}
