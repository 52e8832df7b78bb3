package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Instances write concurrently without having seen each other's changes: each commits on top of
// the others, nothing is lost or duplicated, and the records verify.
func TestConcurrentWritesOfInstances(t *testing.T) {
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

// Two instances each see two administrators; when the two remove each other, only one succeeds
// (promise 2, checked at the committed revision).
func TestConcurrentRemovalKeepsAnAdministrator(t *testing.T) {
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

// Of two concurrent saves the second gets a conflict that names the first (promise 10).
func TestSecondSaveConflictsWithTheFirst(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx := t.Context()
	desk, _ := engine.View().Group("Desk")
	must(t)(engine.As("ana").IfVersion(desk.Version).Grant(ctx, "Desk", "a:b"))
	_, err := engine.As("ana").IfVersion(desk.Version).SetGroupPermissions(ctx, "Desk", authz.Rules{})
	var conflict *authz.Error
	now, _ := engine.View().Group("Desk")
	if !errors.As(err, &conflict) || conflict.Version != now.Version || now.Version == desk.Version {
		t.Errorf("%v, at %v", err, now.Version)
	}
	joined := must(t)(engine.As("ana").Assign(ctx, "Desk", "ben"))
	if after, _ := engine.View().Group("Desk"); after.Version != now.Version {
		t.Error("members count for the group's version")
	}
	_, version, err := engine.ViewUser(ctx, "ben")
	if err != nil || version != joined.UserVersion("ben") || version.Revision != engine.View().Revision() {
		t.Errorf("%v, %v", err, version)
	}
	if _, err := engine.As("ana").IfVersion(authz.Version{Revision: version.Revision - 1, Hash: version.Hash}).SetUserGroups(ctx, "ben", nil); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("%v", err)
	}
}

// Readers see one whole revision: while a writer moves a user between two groups in one change, the user is
// always in exactly one of them.
func TestReadersSeeWholeRevisions(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "A", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "B", Permissions: authz.Rules{Grants: []authz.Pattern{"c:d"}}}))
	must(t)(ana.SetUserGroups(ctx, "ben", []authz.GroupName{"A"}))
	ctx, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				v := engine.View()
				if v.Can("ben", "a:b") == v.Can("ben", "c:d") {
					t.Error("a reader saw half of a change")
					return
				}
			}
		})
	}
	writes := 300
	if authz.RaceDetector() { // the readers leave little of two cores
		writes = 50
	}
	for i := range writes {
		must(t)(ana.SetUserGroups(t.Context(), "ben", []authz.GroupName{[]authz.GroupName{"B", "A"}[i%2]}))
	}
	stop()
	readers.Wait()
}

// Concurrent readers, writers and reloads never undo a revocation (promise 6, hazard 2).
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

// Three instances share a store that loses answers and refuses commits, and none of them polls:
// what one instance acknowledges holds on all of them.
func TestRandomInstancesAgree(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 4) {
		if err := runInstances(t, seed, 80); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
}

func runInstances(t *testing.T, seed uint64, steps int) error {
	t.Helper()
	ctx, reset := t.Context(), errors.New("connection reset")
	store := authztest.NewStore()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	instances := []*authz.Engine{open(t, store, options), open(t, store, options), open(t, store, options)}
	r, w := rand.New(rand.NewPCG(seed, 12)), newReferenceModel()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for i := range steps {
		s, one := randomStep(r, w), pick(r, instances)
		stored, _ := store.Position(ctx)
		behind := one.View().Revision() < stored.Revision
		refused := false
		switch r.IntN(8) {
		case 0, 1:
			store.OnReturn(func(context.Context) error { return reset }, authztest.CallCommit)
		case 2:
			store.Fail(reset, authztest.CallCommit)
			refused = true
		}
		_, err := s.engine(ctx, one.AsCommand("test"))
		store.OnReturn(nil, authztest.CallCommit)
		store.Fail(nil, authztest.CallCommit)
		switch {
		case err == nil:
			s.model(w)
		case refused && errors.Is(err, authz.ErrStoreUnavailable), behind: // by a policy that was
		case !errors.Is(err, s.expect):
			return fmt.Errorf("step %d, %s: %w, expected %v", i, s.name, err, s.expect)
		}
		for _, e := range []*authz.Engine{one, pick(r, instances)} {
			if e != one || err != nil {
				if r.IntN(3) > 0 {
					continue
				}
				if err := e.Refresh(ctx); err != nil {
					return err
				}
			}
			if err := engineAnswers().differences(e.View(), w); err != nil {
				return fmt.Errorf("step %d, %s: %w", i, s.name, err)
			}
		}
	}
	return compareInstances(t, store, instances, options)
}
