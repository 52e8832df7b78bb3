package authz_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
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
		if err := engine.Close(context.Background()); err != nil {
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

// While a change hangs in a store that is deaf to its context, every change returns within its time,
// decisions go on, and the trouble shows; afterwards changes succeed again.
func TestBusyEngineAnswersInBoundedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", WriteTimeout: 5 * time.Second, MaxAge: 3 * time.Second})
		ana, release := engine.As("ana"), make(chan struct{})
		store.OnCall(func(context.Context) error { <-release; return nil }, authztest.CallCommit)
		file := authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"p", "fay", "a", "b", "allow"}}}}
		for _, limit := range []time.Duration{0, time.Second, time.Minute} {
			ctx, want := context.Background(), 10*time.Second // the second half is for the outcome, which nobody knows
			if limit == time.Second {
				bounded, cancel := context.WithTimeout(ctx, limit)
				t.Cleanup(cancel)
				ctx, want = bounded, limit
			}
			begun, do := time.Now(), func() (authz.Change, error) {
				return ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
			}
			if limit == time.Minute {
				want, do = limit+5*time.Second, func() (authz.Change, error) { return ana.Import(ctx, file, authz.ImportMerge) }
			}
			c, err := do()
			if took := time.Since(begun); took > want+50*time.Millisecond || !errors.Is(err, authz.ErrStoreUnavailable) || len(c.Hash) == 0 {
				t.Errorf("after %v: %v, %+v", took, err, c)
			}
		}
		if !engine.Can("ana", "a:b") || engine.Can("ben", "a:b") || engine.Can("fay", "a:b") || engine.Status().StoreErr == nil {
			t.Errorf("decisions waited, or what isn't written counts; store error %v", engine.Status().StoreErr)
		}
		close(release) // the store doesn't begin what was canceled
		synctest.Wait()
		if err := engine.Refresh(context.Background()); err != nil || engine.Status().StoreErr != nil {
			t.Error(err, engine.Status().StoreErr)
		}
		if engine.View().Revision() != 2 || engine.Can("ben", "a:b") || engine.Can("fay", "a:b") {
			t.Errorf("at revision %d", engine.View().Revision())
		}
		must(t)(ana.ChangeUserPermissions(context.Background(), "eve", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		closeAll(engine)
	})
}

// A store that hangs until its context ends holds up a change for the write timeout and, to
// learn the outcome, as long again.
func TestHangingStoreTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", WriteTimeout: 5 * time.Second, PollInterval: time.Hour}) // a poll ends the trouble
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
		_ = engine.Close(context.Background())
	})
}

// Where the answer to a commit is lost, and the commit lands later or never, the operation is made once and is
// never refused because of its own effect (B2).
func TestLateCommitsAreMadeOnce(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, authz.Admin) (authz.Change, error){
		"create": func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "New"})
		},
		"replace": func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			desk, _ := a.DryRun().Grant(ctx, "Desk")
			g, _ := desk.View.Group("Desk")
			return a.IfVersion(g.Version).SetGroupPermissions(ctx, "Desk", authz.Rules{Grants: []authz.Pattern{"x:y"}})
		},
		"delete": func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.DeleteGroup(ctx, "Desk", true)
		},
		"member": func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.Unassign(ctx, "Desk", "ben") },
	} {
		for _, late := range []time.Duration{0, time.Millisecond, 150 * time.Millisecond, 700 * time.Millisecond, 7 * time.Second} {
			synctest.Test(t, func(t *testing.T) { commitLate(t, fmt.Sprint(name, " ", late), late, do) })
		}
	}
}

// commitLate loses the answer to the first commit of an operation, which lands after the time given.
func commitLate(t *testing.T, name string, late time.Duration, do func(context.Context, authz.Admin) (authz.Change, error)) {
	t.Helper()
	ctx, store := context.Background(), authztest.NewStore()
	lossy := &lossyStore{Store: store, late: late}
	engine := open(t, lossy, authz.Options{Bootstrap: "ana"})
	must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	must(t)(engine.As("ana").Assign(ctx, "Desk", "ben"))
	before := engine.View().Revision()
	lossy.armed.Store(true)
	c, err := do(ctx, engine.As("ana"))
	if err != nil || c.Revision != before+1 || engine.View().Revision() < c.Revision {
		t.Errorf("%s: %v, at revision %d", name, err, c.Revision)
	}
	time.Sleep(8 * time.Second)
	stored, err := engine.Change(ctx, before+1)
	if position, _ := store.Position(ctx); err != nil || position.Revision != before+1 || !bytes.Equal(stored.Hash, c.Hash) {
		t.Errorf("%s: made %d times", name, position.Revision-before)
	}
	checkRecords(t, engine)
	closeAll(engine)
}

// lossyStore loses the answer to one commit, which lands later.
type lossyStore struct {
	*authztest.Store
	late  time.Duration
	armed atomic.Bool
}

func (s *lossyStore) Commit(ctx context.Context, c authz.Commit) error {
	if !s.armed.Swap(false) {
		return s.Store.Commit(ctx, c)
	}
	if s.late == 0 {
		_ = s.Store.Commit(ctx, c)
	} else {
		go func() {
			time.Sleep(s.late) //nolint:forbidigo // real time is what is tested
			_ = s.Store.Commit(context.WithoutCancel(ctx), c)
		}()
	}
	return errors.New("connection reset")
}

// The commit token is held for moments beside the store's own time, whatever the operation is, and a dry run
// never waits for it (A1, A2).
func TestTokenIsHeldForMoments(t *testing.T) {
	t.Parallel()
	engine := office(t)
	var longest atomic.Int64
	authz.OnRelease(engine, func(held time.Duration) {
		if int64(held) > longest.Load() {
			longest.Store(int64(held))
		}
	})
	// The token is not held during a draft.
	authz.OnDraft(engine, func() { time.Sleep(200 * time.Millisecond) }) //nolint:forbidigo // real time is what is tested
	for _, o := range operations() {
		must(t)(o.do(t.Context(), engine.AsCommand("test")))
	}
	if held := time.Duration(longest.Load()); held > 150*time.Millisecond { // on a machine with much to do
		t.Errorf("the token was held for %v", held)
	}
}

// Canceling the context ends an operation within 50 ms, even in a store that is deaf to it, and nothing is
// settled for the caller.
func TestCancelingEndsTheWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		release := make(chan struct{})
		store.OnCall(func(context.Context) error { <-release; return nil }, authztest.CallCommit)
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		begun := time.Now()
		_, err := engine.As("ana").Assign(ctx, authz.Administrators, "eve")
		if took := time.Since(begun); took > 1050*time.Millisecond || !errors.Is(err, context.Canceled) {
			t.Errorf("after %v: %v", took, err)
		}
		close(release)
		closeAll(engine)
	})
}

// Close waits for a write in progress as long as its context lasts, and cancels it then (B6).
func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		store.OnCall(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, authztest.CallCommit)
		done := make(chan error, 1)
		go func() {
			_, err := engine.As("ana").Assign(context.Background(), authz.Administrators, "eve")
			done <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		begun := time.Now()
		if err := engine.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("closed after %v: %v", time.Since(begun), err)
		}
		if err := <-done; !errors.Is(err, authz.ErrStoreUnavailable) || time.Since(begun) > 1050*time.Millisecond {
			t.Errorf("the write ended after %v: %v", time.Since(begun), err)
		}
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// A draft that is made while holding the commit token ends within 50 ms even where it reads the store on a dead
// connection; other changes don't wait for it longer.
func TestHeldDraftsAreBounded(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, authz.Admin) (authz.Change, error){
		"revert": func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.Revert(ctx, 10) },
		"archive": func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Archive(ctx, 7, &archiveText{})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, store := context.Background(), authztest.NewStore()
			engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour}.CheckpointEvery(7))
			ana, n := engine.As("ana"), 0
			change := func() error {
				n++
				_, err := ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("a:b", n))}})
				return err
			}
			for range 9 {
				must(t)(authz.Change{}, change())
			}
			waits := make(chan time.Duration, 1)
			lost, nested := 0, false
			authz.OnDraft(engine, func() {
				if nested || lost == 3 {
					return
				}
				nested = true
				must(t)(authz.Change{}, change())
				nested = false
				if lost++; lost < 3 {
					return
				}
				var hung atomic.Bool
				store.OnCall(func(ctx context.Context) error {
					if hung.Swap(true) {
						return nil
					}
					go func() {
						begun := time.Now()
						if err := change(); err != nil {
							t.Errorf("%s: another change: %v", name, err)
						}
						waits <- time.Since(begun)
					}()
					<-ctx.Done()
					return ctx.Err()
				}, authztest.CallSince, authztest.CallCheckpoints)
			})
			begun := time.Now()
			_, err := do(ctx, engine.AsCommand("test"))
			took, waited := time.Since(begun), <-waits // synctest ends the test if no other change was made
			if err != nil || waited > 100*time.Millisecond || took > time.Second {
				t.Errorf("%s: it took %v (%v), and another change waited for %v", name, took, err, waited)
			}
			closeAll(engine)
		})
	}
}

// A draft on groups with very many rules ends soon after its context, and takes no work beyond their number: the
// commit token may be held meanwhile (A1).
func TestDraftsOnLargeGroupsEndInTime(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	object := func(i int) string { return fmt.Sprintf("%s%07d", strings.Repeat("x", 80), i) }
	var file authz.PolicyFile
	add := func(group string, rules int) {
		for i := range rules {
			file.Lines = append(file.Lines, authz.PolicyLine{
				Number: len(file.Lines) + 1, Fields: []string{"p", "group:" + group, object(i), "view", "allow"},
			})
		}
	}
	add("Large", 50_000)
	add("Giver", 10_000)
	add("Mallory's", 10_000)
	must(t)(ana.Import(ctx, file, authz.ImportMerge))
	must(t)(ana.Grant(ctx, "Mallory's", "rightful.groups:*", "rightful.users:*"))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Heir"}))
	must(t)(ana.Assign(ctx, "Mallory's", "mallory"))
	var others []authz.Pattern
	for i := range 1000 {
		others = append(others, authz.Pattern(object(200_000+i)+":view"))
	}
	mallory := engine.As("mallory").DryRun()
	for name, do := range map[string]func(context.Context) (authz.Change, error){
		"revokes what a group hasn't": func(ctx context.Context) (authz.Change, error) {
			return mallory.Revoke(ctx, "Large", others...)
		},
		"gives many grants": func(ctx context.Context) (authz.Change, error) {
			return mallory.UpdateGroup(ctx, "Heir", authz.GroupPatch{Inherits: &[]authz.GroupName{"Giver"}})
		},
	} {
		begun := time.Now()
		must(t)(do(ctx))
		whole := time.Since(begun)
		if whole > 5*time.Second { // on a machine with much to do
			t.Errorf("%s: it takes %v", name, whole)
		}
		bounded, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		begun = time.Now()
		if _, err := do(bounded); time.Since(begun) > whole/2+300*time.Millisecond {
			t.Errorf("%s: with 10 ms it takes %v, of %v: %v", name, time.Since(begun), whole, err)
		}
		cancel()
	}
}

// A draft that once took too long while it held the commit token is made under the token again, so that it isn't
// overtaken forever.
func TestSlowHeldDraftsDoNotStarve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, store := context.Background(), authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ana, n := engine.As("ana"), 0
		change := func() {
			n++
			grant := authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("a:b", n))}}
			must(t)(ana.ChangeUserPermissions(ctx, "ben", grant))
		}
		for range 9 {
			change()
		}
		var overtaking atomic.Bool
		drafts := 0
		authz.OnDraft(engine, func() {
			if drafts > 20 || overtaking.Swap(true) {
				return
			}
			if drafts++; drafts == 3 { // the next one hangs
				store.OnCall(func(ctx context.Context) error {
					store.OnCall(nil, authztest.CallSince)
					<-ctx.Done()
					return ctx.Err()
				}, authztest.CallSince)
			}
			overtaken := make(chan struct{})
			go func() {
				defer close(overtaken)
				change()
				overtaking.Store(false)
			}()
			select {
			case <-overtaken:
			case <-time.After(10 * time.Millisecond): // it waits for the token
			}
		})
		if _, err := engine.AsCommand("test").Revert(ctx, 10); err != nil || drafts != 7 {
			t.Errorf("%d drafts were finished: %v", drafts, err)
		}
		synctest.Wait()
		closeAll(engine)
	})
}

// The host's function sees each operation once, with what it returned, and its context reaches the store.
func TestTraceOfOperations(t *testing.T) {
	type traceKey struct{}
	type end struct {
		action authz.Action
		dryRun bool
		made   authz.Revision
		err    error
	}
	var ends []end
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{
		Bootstrap: "ana", PollInterval: time.Hour,
		Trace: func(ctx context.Context, action authz.Action, dryRun bool) (context.Context, func(authz.Change, error)) {
			return context.WithValue(ctx, traceKey{}, action), func(c authz.Change, err error) {
				ends = append(ends, end{action, dryRun, c.Revision, err})
			}
		},
	})
	ends = nil // of the start
	var seen any
	store.OnCall(func(ctx context.Context) error { seen = ctx.Value(traceKey{}); return nil }, authztest.CallCommit)
	made := must(t)(engine.As("ana").Assign(t.Context(), authz.Administrators, "ben"))
	must(t)(engine.As("ana").DryRun().Unassign(t.Context(), authz.Administrators, "ben"))
	_, refusal := engine.As("cleo").Assign(t.Context(), authz.Administrators, "cleo")
	if err := engine.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, closed := engine.As("ana").Assign(t.Context(), authz.Administrators, "dana")
	const action = authz.ActionGroupMembersChange
	if want := []end{{action, false, made.Revision, nil}, {action, true, 0, nil}, {action, false, 0, refusal}, {action, false, 0, closed}}; !slices.Equal(ends, want) || refusal == nil || closed == nil {
		t.Errorf("traced %v, not %v", ends, want)
	}
	if seen != action {
		t.Errorf("the store's context has %v", seen)
	}
}
