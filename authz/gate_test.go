package authz_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// busyDesk is an engine at revision 4, at which ben lost a:b, that a test can make busy.
type busyDesk struct {
	*authz.Engine
	store *authztest.Store
}

func newBusyDesk(t *testing.T) *busyDesk {
	t.Helper()
	store := authztest.NewStore()
	d := &busyDesk{open(t, store, authz.Options{Bootstrap: "ana"}), store}
	must(t)(d.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	must(t)(d.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Revoke: []authz.Pattern{"a:b"}}))
	return d
}

// occupy takes n places at the gate, and returns the function that gives them back.
func (d *busyDesk) occupy(t *testing.T, n int) (leave func()) {
	t.Helper()
	hang, done := make(chan struct{}), sync.WaitGroup{}
	d.store.OnCall(func(context.Context) error { <-hang; return nil }, authztest.CallBefore)
	for range n {
		done.Go(func() {
			if _, err := d.ViewAt(context.Background(), 1); err != nil {
				t.Error(err)
			}
		})
	}
	synctest.Wait()
	d.store.OnCall(nil, authztest.CallBefore)
	return sync.OnceFunc(func() { close(hang); done.Wait() })
}

// places is how much expensive work goes on at once.
func places() int { return max(1, runtime.GOMAXPROCS(0)-1) }

// expensive has every kind of expensive work.
func (d *busyDesk) expensive(ctx context.Context, user authz.UserID) map[string]func() error {
	who, last := d.As(user), d.View().Revision()
	file := authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"p", "cleo", "a", "b"}}}}
	of := func(_ authz.Change, err error) error { return err }
	users, patterns := make([]authz.UserID, 1001), make([]authz.Pattern, 1001)
	for i := range users {
		users[i], patterns[i] = authz.UserID(fmt.Sprint("u", i)), authz.Pattern(fmt.Sprintf("a%d:b", i))
	}
	rules := authz.Rules{Grants: patterns[:500], Restrictions: patterns[500:]}
	return map[string]func() error{
		"import":         func() error { return of(who.Import(ctx, file, authz.ImportMerge)) },
		"import dry run": func() error { return of(who.DryRun().Import(ctx, file, authz.ImportMerge)) },
		"revert":         func() error { return of(who.Revert(ctx, 3)) },
		"revert dry run": func() error { return of(who.DryRun().Revert(ctx, 3)) },
		"members":        func() error { return of(who.DryRun().ChangeMembers(ctx, authz.Administrators, users, nil)) },
		"own rules":      func() error { return of(who.DryRun().SetUserPermissions(ctx, "cleo", rules)) },
		"group": func() error {
			return of(who.DryRun().CreateGroup(ctx, authz.GroupSpec{Name: "Made", Permissions: rules}))
		},
		"authorize": func() error {
			return who.Authorize(ctx, authz.Operation{Action: authz.ActionChangeRevert, Revision: 3})
		},
		"past": func() error { _, err := d.ViewAt(ctx, 1); return err },
		"lost": func() error { _, err := d.Lost(ctx, d.View(), "ben", "a:b"); return err },
		"allowed since": func() error {
			_, _, err := d.AllowedSince(ctx, d.View(), authz.Denial{User: "ana", Required: []authz.Permission{"a:b"}, Revision: 1})
			return err
		},
		"impact": func() error {
			c, err := d.Change(ctx, last)
			if err == nil {
				_, err = who.Impact(ctx, c)
			}
			return err
		},
	}
}

// timed returns how long something took on the clock of the bubble.
func timed(do func() error) (time.Duration, error) {
	start := time.Now()
	err := do()
	return time.Since(start), err
}

// With the gate full, expensive work waits for five seconds and is then refused, having done nothing.
func TestExpensiveWorkIsRefusedAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		leave := d.occupy(t, places())
		defer leave()
		for name, do := range d.expensive(t.Context(), "ana") {
			if waited, err := timed(do); !errors.Is(err, authz.ErrBusy) || waited != 5*time.Second {
				t.Errorf("%s waited %v: %v", name, waited, err)
			}
		}
		if r := d.View().Revision(); r != 4 {
			t.Errorf("something was written: revision %d", r)
		}
	})
}

// One place is enough for each, also where one function calls another, and everyone gives it back.
func TestNobodyWaitsForTheirOwnPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		leave := d.occupy(t, places()-1)
		defer leave()
		for range 2 {
			for name, do := range d.expensive(t.Context(), "ana") {
				if waited, err := timed(do); err != nil || waited != 0 {
					t.Errorf("%s waited %v: %v", name, waited, err)
				}
			}
		}
	})
}

// Who waits gets a turn as soon as another is done.
func TestExpensiveWorkTakesTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		leave := d.occupy(t, places())
		time.AfterFunc(3*time.Second, leave)
		if waited, err := timed(d.expensive(t.Context(), "ana")["import"]); err != nil || waited != 3*time.Second {
			t.Errorf("waited %v: %v", waited, err)
		}
		if !d.Can("cleo", "a:b") {
			t.Error("the import has no effect")
		}
	})
}

// A context that ends while its caller waits is noticed at once, and takes no place with it.
func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		leave := d.occupy(t, places())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		waited, err := timed(d.expensive(ctx, "ana")["import"])
		if !errors.Is(err, context.Canceled) || !errors.Is(err, authz.ErrBusy) || waited != time.Second {
			t.Errorf("waited %v: %v", waited, err)
		}
		leave()
		again := d.occupy(t, places())
		again()
	})
}

// Decisions, writes, small dry runs and the present policy don't wait for expensive work.
func TestOrdinaryWorkGoesOnBesideAFullGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		leave := d.occupy(t, places())
		defer leave()
		ctx, ana, users := t.Context(), d.As("ana"), make([]authz.UserID, 1001)
		for i := range users {
			users[i] = authz.UserID(fmt.Sprint("u", i))
		}
		waited, _ := timed(func() error {
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Made"}))
			must(t)(ana.DryRun().Assign(ctx, "Made", users[:1000]...))
			must(t)(ana.Assign(ctx, "Made", users...))
			must(t)(ana.Grant(ctx, "Made", "c:d"))
			if _, err := d.ViewAt(ctx, d.View().Revision()); err != nil || !d.Can("u7", "c:d") {
				t.Error("the writes have no effect", err)
			}
			return nil
		})
		if waited != 0 {
			t.Errorf("they waited %v", waited)
		}
	})
}

// A dry run that takes long takes turns as well, whatever its input: what it takes follows the policy. A write
// doesn't, since it may be a revocation.
func TestSlowDryRunsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		leave := d.occupy(t, places())
		authz.OnDraft(d.Engine, func() { time.Sleep(200 * time.Millisecond) }) //nolint:forbidigo // of the bubble
		ctx, ana := t.Context(), d.As("ana")
		grant := authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}
		dryRun := func() error { _, err := ana.DryRun().ChangeUserPermissions(ctx, "ben", grant); return err }
		if waited, err := timed(dryRun); !errors.Is(err, authz.ErrBusy) || waited < 4*time.Second || waited > 6*time.Second {
			t.Errorf("the dry run waited %v: %v", waited, err)
		}
		if waited, err := timed(func() error { _, err := ana.ChangeUserPermissions(ctx, "ben", grant); return err }); err != nil || waited != 200*time.Millisecond {
			t.Errorf("the write took %v: %v", waited, err)
		}
		leave()
		for range places() + 1 { // each gives its place back
			if waited, err := timed(dryRun); err != nil || waited != 200*time.Millisecond {
				t.Errorf("with an empty gate the dry run took %v: %v", waited, err)
			}
		}
	})
}

// Without the rights nobody waits, so nobody without rights can occupy the gate.
func TestRightsAreCheckedBeforeTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		leave := d.occupy(t, places())
		defer leave()
		work := d.expensive(t.Context(), "nobody")
		for _, name := range []string{"import", "import dry run", "revert", "revert dry run", "members", "own rules", "group", "authorize"} {
			if waited, err := timed(work[name]); !errors.Is(err, authz.ErrForbidden) || waited != 0 {
				t.Errorf("%s waited %v: %v", name, waited, err)
			}
		}
	})
}
