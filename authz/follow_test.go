package authz_test

import (
	"context"
	"errors"
	"sync"
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
