package authz_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// When other writers come first, the operation is drafted again on each revision, and the
// actor's rights are those of the revision it is committed onto.
func TestRightsAreCheckedAtTheCommittedRevision(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	one := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	must(t)(one.As("ana").Assign(t.Context(), authz.Administrators, "eve"))
	stale := open(t, store, authz.Options{PollInterval: time.Hour})
	must(t)(one.As("ana").Unassign(t.Context(), authz.Administrators, "eve"))
	if !stale.Can("eve", "a:b") {
		t.Fatal("the instance isn't stale; the test sees nothing")
	}
	if _, err := stale.As("eve").CreateGroup(t.Context(), authz.GroupSpec{Name: "Mine"}); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("acted by rights that were gone: %v", err)
	}
	if stale.Can("eve", "a:b") {
		t.Error("still stale")
	}
}

// A closed engine writes nothing and still decides.
func TestClosedEngineWritesNothing(t *testing.T) {
	t.Parallel()
	engine := office(t)
	revision := engine.View().Revision()
	for range 2 {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, o := range operations() {
		for _, a := range []authz.Admin{engine.AsCommand("test"), engine.AsCommand("test").DryRun()} {
			if _, err := o.do(t.Context(), a); !errors.Is(err, authz.ErrStoreUnavailable) {
				t.Errorf("%s: %v", o.name, err)
			}
		}
	}
	if engine.View().Revision() != revision || !engine.Can("ana", "a:b") || engine.Can("eve", "a:b") {
		t.Error("something was changed")
	}
	if list, err := engine.Changes(t.Context(), authz.ChangeQuery{}); err != nil || len(list) == 0 {
		t.Errorf("the past can't be read: %v", err)
	}
}

// A canceled or expired context changes nothing and isn't reported as a failure of the store.
func TestCanceledCallerChangesNothing(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	expectNoChange(canceled, t, context.Canceled)
	expectNoChange(late, t, context.DeadlineExceeded)
}

func expectNoChange(ctx context.Context, t *testing.T, kind error) {
	t.Helper()
	engine := office(t)
	revision := engine.View().Revision()
	for _, o := range operations() {
		if _, err := o.do(ctx, engine.AsCommand("test")); !errors.Is(err, authz.ErrStoreUnavailable) || !errors.Is(err, kind) {
			t.Errorf("%s: %v", o.name, err)
		}
	}
	reads := map[string]error{"Refresh": engine.Refresh(ctx)}
	_, reads["Changes"] = engine.Changes(ctx, authz.ChangeQuery{})
	_, reads["Change"] = engine.Change(ctx, 1)
	_, reads["AuditRecords"] = engine.AuditRecords(ctx)
	for what, err := range reads {
		if !errors.Is(err, kind) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if engine.View().Revision() != revision || engine.Status().StoreErr != nil {
		t.Errorf("at revision %d, store error %q", engine.View().Revision(), engine.Status().StoreErr)
	}
}

// While one change hangs in the store, others return in bounded time and decisions go on;
// afterwards changes succeed again.
func TestBusyEngineAnswersInBoundedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", WriteTimeout: 5 * time.Second, MaxAge: 3 * time.Second})
		release, hanging := make(chan struct{}), make(chan error, 1)
		store.OnCall(func(context.Context) error { <-release; return nil }, authztest.CallCommit) // deaf to its context
		go func() {
			_, err := engine.As("ana").ChangeUserPermissions(context.Background(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
			hanging <- err
		}()
		synctest.Wait()
		for _, limit := range []time.Duration{0, time.Second} {
			ctx, cancel := context.WithCancel(context.Background())
			want := 5 * time.Second
			if limit > 0 {
				ctx, cancel = context.WithTimeout(context.Background(), limit)
				want = limit
			}
			begun := time.Now()
			_, err := engine.As("ana").ChangeUserPermissions(ctx, "eve", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
			if took := time.Since(begun); took != want || !errors.Is(err, authz.ErrStoreUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", took, err)
			}
			cancel()
		}
		begun := time.Now()
		if _, err := engine.As("ana").Import(context.Background(), authz.PolicyFile{}, authz.ImportMerge); !errors.Is(err, authz.ErrStoreUnavailable) || time.Since(begun) != time.Minute {
			t.Errorf("an import waits twelve times as long, not %v: %v", time.Since(begun), err)
		}
		if !engine.Can("ana", "a:b") || engine.Can("ben", "a:b") || engine.Can("eve", "a:b") || engine.Status().StoreErr != nil {
			t.Errorf("decisions waited, or what isn't written counts; store error %q", engine.Status().StoreErr)
		}
		close(release)
		<-hanging // longer than its time; what came of it is the store's to say
		if err := engine.Refresh(context.Background()); err != nil {
			t.Error(err)
		}
		stored, err := store.Position(context.Background())
		if err != nil || stored.Revision != engine.View().Revision() || engine.Can("ben", "a:b") != (stored.Revision == 3) {
			t.Errorf("at revision %d of %d, %v", engine.View().Revision(), stored.Revision, err)
		}
		must(t)(engine.As("ana").ChangeUserPermissions(context.Background(), "eve", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		closeAll(engine)
	})
}

// A store that hangs until its context ends holds up a change for the write timeout and, to
// learn the outcome, as long again.
func TestHangingStoreTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", WriteTimeout: 5 * time.Second})
		store.OnCall(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, authztest.CallCommit)
		begun := time.Now()
		_, err := engine.As("ana").ChangeUserPermissions(context.Background(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
		if took := time.Since(begun); took < 5*time.Second || took > 10*time.Second || !errors.Is(err, authz.ErrStoreUnavailable) {
			t.Errorf("after %v: %v", took, err)
		}
		if engine.Can("ben", "a:b") || engine.Status().StoreErr == nil {
			t.Error("what isn't written counts, or the trouble is kept quiet")
		}
		closeAll(engine)
	})
}

// Past Options.MaxAge a write reports that the policy is too old, not that a right is missing.
func TestWritePastMaxAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", MaxAge: time.Minute})
		away := errors.New("connection refused")
		store.Fail(away, authztest.CallPosition, authztest.CallLoad, authztest.CallSince)
		time.Sleep(2 * time.Minute)
		if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, "eve"); !errors.Is(err, authz.ErrStoreUnavailable) {
			t.Errorf("%v", err)
		}
		_ = engine.Close()
	})
}
