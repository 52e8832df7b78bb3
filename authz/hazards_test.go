package authz_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
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

// Faults of Casbin and its neighbors that Rightful must not have, by their numbers in docs/hazards.md.
// Those about odd policies and odd names are in hazards_policy_test.go and hazards_names_test.go.

// Hazard 1: EnforceEx gives no reason for a denial, and for an allow no path through groups.
func TestDenialComesWithItsReason(t *testing.T) {
	t.Parallel()
	engine := office(t)
	must(t)(engine.As("ana").UpdateGroup(t.Context(), "Leads", authz.GroupPatch{Inherits: &[]authz.GroupName{"Desk"}}))
	x := engine.Explain("dave", "requests.deposit:update", "finance.balances:adjust")
	if missing := x.Missing(); len(missing) != 1 || missing[0].Permission != "finance.balances:adjust" {
		t.Errorf("missing is %+v", missing)
	}
	if held := x.Permissions[:1]; !held[0].Allowed || len(held[0].Origins) != 1 || path(held[0].Origins[0]) != "dave > group:Leads > group:Desk" {
		t.Errorf("held is %+v", held)
	}
}

// Hazard 2: a revocation between reading the table and swapping the policy is lost.
func TestRevocationDuringAReloadStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := authztest.NewStore()
		other := open(t, memory, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		store := memory.Another()
		engine := open(t, store, authz.Options{PollInterval: time.Hour})
		must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "eve", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		read, goOn := make(chan struct{}), make(chan struct{})
		store.Fail(authz.ErrGap, authztest.CallSince) // so that it reads everything
		var hangs atomic.Bool
		store.OnReturn(func(context.Context) error {
			if !hangs.Swap(true) {
				close(read)
				<-goOn
			}
			return nil
		}, authztest.CallLoad)
		var all sync.WaitGroup
		all.Go(func() {
			if err := engine.Refresh(context.Background()); err != nil {
				t.Error(err)
			}
		})
		<-read // ben's grant among it
		all.Go(func() {
			_, err := engine.As("ana").ChangeUserPermissions(context.Background(), "ben", authz.RulesDelta{Revoke: []authz.Pattern{"a:b"}})
			if err != nil || engine.Can("ben", "a:b") {
				t.Errorf("revoked, and allowed on the next decision: %v", err)
			}
		})
		synctest.Wait() // the revocation doesn't wait for the reload
		if engine.Can("ben", "a:b") {
			t.Error("the revocation waits for the reload")
		}
		close(goOn)
		all.Wait()
		if engine.Can("ben", "a:b") || !engine.Can("eve", "a:b") || engine.View().Revision() != other.View().Revision()+1 {
			t.Errorf("at revision %d", engine.View().Revision())
		}
		closeAll(engine, other)
	})
}

// Hazard 3: caches go on allowing after a membership is removed.
func TestRemovedMemberIsDeniedOnTheNextDecision(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	for name, change := range map[string][2]func() (authz.Change, error){
		"a membership": {
			func() (authz.Change, error) { return ana.Assign(ctx, "Finance", "ben") },
			func() (authz.Change, error) { return ana.Unassign(ctx, "Finance", "ben") },
		},
		"a link of inheritance": {
			func() (authz.Change, error) {
				must(t)(ana.SetUserGroups(ctx, "ben", []authz.GroupName{"Desk"}))
				return ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Inherits: &[]authz.GroupName{"Finance"}})
			},
			func() (authz.Change, error) {
				return ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Inherits: &[]authz.GroupName{}})
			},
		},
		"a rule of an inherited group": {
			func() (authz.Change, error) {
				must(t)(ana.SetUserGroups(ctx, "ben", []authz.GroupName{"Leads"}))
				must(t)(ana.UpdateGroup(ctx, "Leads", authz.GroupPatch{Inherits: &[]authz.GroupName{"Desk"}}))
				return ana.Grant(ctx, "Desk", "finance.reports:*")
			},
			func() (authz.Change, error) {
				return ana.ChangeGroupPermissions(ctx, "Desk", authz.RulesDelta{Revoke: []authz.Pattern{"finance.reports:*"}})
			},
		},
		"a rule": {
			func() (authz.Change, error) {
				must(t)(ana.SetUserGroups(ctx, "ben", []authz.GroupName{"Desk"}))
				return ana.Grant(ctx, "Desk", "finance.*:*")
			},
			func() (authz.Change, error) {
				return ana.ChangeGroupPermissions(ctx, "Desk", authz.RulesDelta{Revoke: []authz.Pattern{"finance.*:*"}})
			},
		},
	} {
		for range 3 {
			must(t)(change[0]())
			for range 3 {
				if !engine.Can("ben", "finance.reports:export") {
					t.Errorf("%s given, and denied", name)
				}
			}
			must(t)(change[1]())
			if engine.Can("ben", "finance.reports:export") || engine.Explain("ben", "finance.reports:export").Allowed {
				t.Errorf("%s taken, and allowed", name)
			}
		}
	}
}

// Hazard 4: every user id asked about, known or not, stays in memory. This test isn't parallel,
// since it measures the heap.
func TestUnknownUsersCostNoMemory(t *testing.T) {
	engine := office(t)
	enforcer, err := engine.View().Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	ask := func(from, to int) {
		for i := from; i < to; i++ {
			u := authz.UserID(fmt.Sprintf("stranger %d %s", i, strings.Repeat("x", 50)))
			if engine.Can(u, "requests.deposit:view") || engine.Explain(u, "requests.deposit:view").Allowed || len(engine.View().PermissionsOf(u)) > 0 {
				t.Fatalf("%q is allowed", u)
			}
			if ok, err := enforcer(u, "requests.deposit", "view"); ok || err != nil {
				t.Fatalf("%q is allowed by Casbin: %v", u, err)
			}
		}
	}
	ask(0, 100)
	before := heap()
	ask(100, 10_100)
	if grown := heap() - before; grown > 500_000 {
		t.Errorf("10,000 strangers cost %d bytes", grown)
	}
	runtime.KeepAlive(enforcer)
}

// Hazard 4: a deleted user stays in the role manager.
func TestDeletedUserIsForgotten(t *testing.T) {
	t.Parallel()
	engine := office(t)
	must(t)(engine.As("ana").Assign(t.Context(), "Finance", "ben"))
	must(t)(engine.As("ana").DeleteUser(t.Context(), "ben"))
	view := engine.View()
	if view.User("ben").Known || slices.Contains(view.Users(authz.UserQuery{}), "ben") || view.Explain("ben", "finance.reports:export").Known {
		t.Error("the policy still names ben")
	}
	enforcer, err := view.Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := enforcer("ben", "finance.reports", "export"); ok || err != nil {
		t.Errorf("Casbin still lets ben in: %v", err)
	}
}

// Hazard 4: the keys of the cached enforcers collide.
func TestQuestionsWithTheSameJoinedTextAreDistinct(t *testing.T) {
	t.Parallel()
	engine := office(t)
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "a", authz.RulesDelta{Grant: []authz.Pattern{"b$$c:d", "b::c:d", "b c:d"}}))
	for _, sep := range []string{"$$", "::", " "} {
		if !engine.Can("a", authz.Permission("b"+sep+"c:d")) {
			t.Error("a is denied")
		}
		if engine.Can(authz.UserID("a"+sep+"b"), "c:d") || engine.Can("a", authz.Permission("b"+sep+"c"+sep+"d:d")) {
			t.Errorf("with %q the question is taken for another", sep)
		}
	}
}

// Hazards 6 and 12: without a loaded policy everything is allowed, a switch turns the check off,
// and any code with the enforcer can change it.
func TestEngineWithoutAPolicyAllowsNothing(t *testing.T) {
	t.Parallel()
	away := errors.New("connection refused")
	store := authztest.NewStore()
	store.OnReturn(func(context.Context) error { return away }, authztest.CallLoad)
	engine, err := authz.Open(t.Context(), store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if engine != nil || !errors.Is(err, authz.ErrStoreUnavailable) || !errors.Is(err, away) {
		t.Errorf("opened without a policy: %v", err)
	}
	empty := open(t, memstore.New(), authz.Options{})
	enforcer, err := empty.View().Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []authz.UserID{"", "ana", "group:Administrators", "*"} {
		for _, p := range []authz.Permission{"", ":", "a:b", "*:*"} {
			if empty.Can(u, p) || empty.Explain(u, p).Allowed {
				t.Errorf("%q may %q", u, p)
			}
		}
		if empty.Can(u) {
			t.Errorf("%q may nothing, which is all of it", u)
		}
		if ok, _ := enforcer(u, "", ""); ok && u != "group:Administrators" { // Can doesn't ask about that one
			t.Errorf("Casbin lets %q do what has no name", u)
		}
	}
	for _, x := range []any{enforcer, empty} {
		for m := range reflect.TypeOf(x).NumMethod() {
			name := reflect.TypeOf(x).Method(m).Name
			setsPolicy := strings.HasPrefix(name, "Set") && name != "SetCatalog" // the catalog decides nothing
			if x == any(enforcer) && name != "Enforce" || setsPolicy || strings.HasPrefix(name, "Enable") {
				t.Errorf("%T has %s", x, name)
			}
		}
	}
}

// Hazard 7: after a failed reload, members are denied, or allowed by memoized results.
func TestFailedReloadChangesNothing(t *testing.T) {
	t.Parallel()
	memory := authztest.NewStore()
	other := open(t, memory, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	store := memory.Another()
	engine := open(t, store, authz.Options{PollInterval: time.Hour})
	must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	store.Fail(authz.ErrGap, authztest.CallSince)
	store.OnReturn(func(context.Context) error { return errors.New("connection reset") }, authztest.CallLoad)
	if err := engine.Refresh(t.Context()); !errors.Is(err, authz.ErrStoreUnavailable) || engine.Status().StoreErr == nil {
		t.Errorf("the failure is kept quiet: %v", err)
	}
	if !engine.Can("ana", "a:b") || engine.Can("ben", "a:b") || engine.View().Revision() != other.View().Revision()-1 {
		t.Error("half of the reload is there")
	}
	store.OnReturn(nil, authztest.CallLoad)
	if err := engine.Refresh(t.Context()); err != nil || !engine.Can("ben", "a:b") || engine.Status().StoreErr != nil {
		t.Errorf("it didn't recover: %v", err)
	}
}
