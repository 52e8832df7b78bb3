package authz_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
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

// A change counts at once here, and within the poll interval on every other instance; it
// takes no notification.
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

func closeAll(engines ...*authz.Engine) {
	for _, e := range engines {
		_ = e.Close()
	}
}

// hub is a notifier between the engines of a test.
type hub struct {
	mu    sync.Mutex
	hints []func()
}

func (h *hub) Publish(context.Context, authz.Revision) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, hint := range h.hints {
		hint()
	}
	return nil
}

func (h *hub) Subscribe(ctx context.Context, hint func()) error {
	h.mu.Lock()
	h.hints = append(h.hints, hint)
	h.mu.Unlock()
	<-ctx.Done()
	return nil
}

func TestNotificationIsFasterThanThePoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, h := memstore.New(), &hub{}
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

// Instances that write at once, without having seen each other's changes: each commits onto
// what is there, nothing is lost, nothing doubled, and the records fit.
func TestInstancesThatWriteAtOnce(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	const instances, each = 4, 60
	engines := make([]*authz.Engine, instances)
	for i := range engines {
		engines[i] = open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	}
	var done atomic.Int64
	var all sync.WaitGroup
	for i, e := range engines {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for n := range each {
				user := authz.UserID(fmt.Sprintf("user%d", r.IntN(10)))
				c, err := e.As("ana").ChangeUserPermissions(context.Background(), user, authz.RulesDelta{
					Grant: []authz.Pattern{authz.Pattern(fmt.Sprintf("a.i%d.n%d:b", i, n))},
				})
				if err != nil {
					t.Error(err)
				} else if c.Revision > 0 {
					done.Add(1)
				}
			}
		})
	}
	all.Wait()
	if done.Load() != instances*each {
		t.Errorf("%d changes of %d", done.Load(), instances*each)
	}
	fresh := open(t, store, authz.Options{})
	rules := 0
	for _, u := range fresh.View().Users(authz.UserQuery{}) {
		rules += len(fresh.View().User(u).Permissions.Grants)
	}
	if rules != instances*each {
		t.Errorf("%d rules of %d are there", rules, instances*each)
	}
	for _, e := range engines {
		if err := e.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(e.View().Export()) != fmt.Sprint(fresh.View().Export()) {
			t.Error("an instance has another policy than a fresh load")
		}
	}
	if _, err := fresh.AuditRecords(t.Context()); err != nil {
		t.Error(err)
	}
}

// Two instances that both see two administrators: of two who throw each other out only one
// succeeds (promise 2 on the revision committed onto).
func TestLastAdministratorIsFoughtOver(t *testing.T) {
	t.Parallel()
	for range 50 {
		store := memstore.New()
		one := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		must(t)(one.As("ana").Assign(t.Context(), authz.Administrators, "eve"))
		two := open(t, store, authz.Options{PollInterval: time.Hour})
		var wins atomic.Int64
		var all sync.WaitGroup
		for _, f := range []struct {
			e              *authz.Engine
			actor, against authz.UserID
		}{{one, "ana", "eve"}, {two, "eve", "ana"}} {
			all.Go(func() {
				if _, err := f.e.As(f.actor).Unassign(context.Background(), authz.Administrators, f.against); err == nil {
					wins.Add(1)
				}
			})
		}
		all.Wait()
		members := open(t, store, authz.Options{}).View().Users(authz.UserQuery{Group: authz.Administrators})
		if wins.Load() != 1 || len(members) != 1 {
			t.Fatalf("%d won, %q are left", wins.Load(), members)
		}
	}
}

// The second of two who save at once learns what the first did (promise 10).
func TestSecondSaveLearnsOfTheFirst(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx := t.Context()
	desk, _ := engine.View().Group("Desk")
	must(t)(engine.As("ana").IfVersion(desk.Version).Grant(ctx, "Desk", "a:b"))
	_, err := engine.As("ana").IfVersion(desk.Version).SetGroupPermissions(ctx, "Desk", authz.Rules{})
	var conflict *authz.Error
	now, _ := engine.View().Group("Desk")
	if !errors.As(err, &conflict) || conflict.Revision != now.Version || now.Version == desk.Version {
		t.Errorf("%v, at %d", err, now.Version)
	}
	must(t)(engine.As("ana").Assign(ctx, "Desk", "ben"))
	if after, _ := engine.View().Group("Desk"); after.Version != now.Version {
		t.Error("members count for the group's version")
	}
	_, version, err := engine.ViewUser(ctx, "ben")
	if err != nil || version != engine.View().Revision() {
		t.Errorf("%v, %d", err, version)
	}
	if _, err := engine.As("ana").IfVersion(version-1).SetUserGroups(ctx, "ben", nil); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("%v", err)
	}
}

// While the store is away decisions go on, the age shows, writes fail, and what the host
// calls too old allows nothing (promise 8).
func TestStoreAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Second, MaxAge: time.Minute})
		away := errors.New("connection refused")
		store.Fail(away)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if !engine.Can("ana", "a:b") || engine.Status().Age < 29*time.Second || engine.Status().StoreErr == nil {
			t.Errorf("age %v, trouble %q", engine.Status().Age, engine.Status().StoreErr)
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

// A store that was restored and went on differently, to the revision where it had been, is
// another store: the next poll reads it anew, and nothing is committed onto the history that
// is gone.
func TestAnotherHistoryAtTheSameRevision(t *testing.T) {
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

// A commit whose answer is lost counts if it was written and not if it wasn't; the caller
// learns which.
func TestLostAnswerOfACommit(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	var log strings.Builder
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	lost := errors.New("connection reset")
	store.OnReturn(func(context.Context) error { return lost }, authztest.CallCommit)
	c := must(t)(engine.As("ana").Assign(t.Context(), authz.Administrators, "eve"))
	if head := "head=" + hex.EncodeToString(c.Hash); !strings.Contains(log.String(), head) {
		t.Errorf("the log lacks %s of what was written", head)
	}
	if !engine.Can("eve", "a:b") || c.Revision != engine.View().Revision() {
		t.Errorf("written, and not taken in: %+v", c)
	}
	store.OnReturn(nil, authztest.CallCommit)
	store.Fail(lost, authztest.CallCommit)
	if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, "dan"); !errors.Is(err, authz.ErrStoreUnavailable) || engine.Can("dan", "a:b") {
		t.Errorf("not written, and taken in: %v", err)
	}
}

// Someone else was first, again and again: the operation is drafted anew on each revision and
// the rights are those of the one committed onto.
func TestRightsAreThoseOfTheRevisionCommittedOnto(t *testing.T) {
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

// A revocation is never undone by readers, writers and reloads at once (promise 6, hazard 2).
func TestRevocationStays(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Millisecond})
	other := open(t, store, authz.Options{PollInterval: time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			_, _ = other.As("ana").ChangeUserPermissions(ctx, "noise", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprintf("a.n%d:b", i))}})
		}
	})
	for range 100 {
		must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Revoke: []authz.Pattern{"a:b"}}))
		for range 20 {
			if engine.Can("ben", "a:b") {
				t.Fatal("the revocation was undone")
			}
		}
	}
	stop()
	all.Wait()
}

// Someone wrote to the table past the engine while it runs: an operation that meets it is
// drafted anew on what is there, instead of failing for ever.
func TestOperationMeetsATableThatSomeoneElseWroteTo(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	must(t)(ana.Assign(ctx, "Desk", "ben"))
	store.DeleteRow(idOf(t, store, "g", "ben"))
	store.InsertRows(row("g", "cleo", "group:Desk"))
	if c := must(t)(ana.Unassign(ctx, "Desk", "ben")); c.Revision != 0 || engine.Can("ben", "a:b") {
		t.Errorf("ben was out already: %+v", c)
	}
	if c := must(t)(ana.Assign(ctx, "Desk", "cleo")); c.Revision != 0 || !engine.Can("cleo", "a:b") {
		t.Errorf("cleo was in already: %+v", c)
	}
}
