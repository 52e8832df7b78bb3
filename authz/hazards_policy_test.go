package authz_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// chain makes groups "G1" to "Gn", each inheriting the next; the last holds deep:down.
func chain(t *testing.T, engine *authz.Engine, n int) {
	t.Helper()
	for i := n; i >= 1; i-- {
		spec := authz.GroupSpec{Name: authz.GroupName(fmt.Sprintf("G%d", i))}
		if i < n {
			spec.Inherits = []authz.GroupName{authz.GroupName(fmt.Sprintf("G%d", i+1))}
		} else {
			spec.Permissions.Grants = []authz.Pattern{"deep:down"}
		}
		must(t)(engine.As("ana").CreateGroup(t.Context(), spec))
	}
}

// Hazard 8: an eleventh level of inheritance is silently denied.
func TestTenthInheritanceLevelIsRefused(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	chain(t, engine, 9)
	must(t)(ana.Assign(ctx, "G1", "ben"))
	plain, err := plainCasbin(t, engine.View().Export()).Enforce("ben", "deep", "down")
	if !engine.Can("ben", "deep:down") || !plain || err != nil {
		t.Errorf("nine groups deep: Can %v, plain Casbin %v (%v)", engine.Can("ben", "deep:down"), plain, err)
	}
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Above"}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Below"}))
	revision := engine.View().Revision()
	for name, try := range map[string]func() (authz.Change, error){
		"made": func() (authz.Change, error) {
			return ana.CreateGroup(ctx, authz.GroupSpec{Name: "New", Inherits: []authz.GroupName{"G1"}})
		},
		"above": func() (authz.Change, error) {
			return ana.UpdateGroup(ctx, "Above", authz.GroupPatch{Inherits: &[]authz.GroupName{"G1"}})
		},
		"below": func() (authz.Change, error) {
			return ana.UpdateGroup(ctx, "G9", authz.GroupPatch{Inherits: &[]authz.GroupName{"Below"}})
		},
		"imported": func() (authz.Change, error) {
			return ana.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"g", "group:Above", "group:G1"}}}}, authz.ImportMerge)
		},
	} {
		_, err := try()
		want := authz.ErrInvalid
		if name == "imported" {
			want = authz.ErrImportRejected
		}
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "9 links") || !strings.Contains(err.Error(), `"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t)(ana.UpdateGroup(ctx, "Above", authz.GroupPatch{Inherits: &[]authz.GroupName{"G2"}})) // a ninth beside the first
	if engine.View().Revision() != revision+1 {
		t.Error("something refused was stored")
	}
}

// Hazard 8: cycles are accepted.
func TestCyclesAreRefusedAndForeignOnesQuarantined(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx := t.Context()
	chain(t, engine, 4)
	inherit := func(e *authz.Engine, heir authz.GroupName, groups ...authz.GroupName) error {
		_, err := e.As("ana").UpdateGroup(ctx, heir, authz.GroupPatch{Inherits: &groups})
		return err
	}
	for name, err := range map[string]error{
		"oneself": inherit(engine, "G4", "G4"), "two": inherit(engine, "G4", "G3"), "four": inherit(engine, "G4", "G1"),
	} {
		if !errors.Is(err, authz.ErrInheritanceCycle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_ = engine.Close(context.Background())
	store.InsertRows(row("g", "group:G4", "group:G1")) // a foreign write
	engine = open(t, store, authz.Options{})
	must(t)(engine.As("ana").Assign(ctx, "G3", "ben"))
	must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Aside"}))
	if engine.Can("ben", "deep:down") || engine.Explain("ben", "deep:down").Allowed || len(engine.View().BadRows()) != 4 {
		t.Error("links of a cycle are followed")
	}
	if err := inherit(engine, "G2", "G4"); !errors.Is(err, authz.ErrInheritanceCycle) {
		t.Errorf("joining the cycle: %v", err)
	}
	if err := inherit(engine, "Aside", "G2"); err != nil {
		t.Errorf("beside it: %v", err)
	}
	must(t)(engine.As("ana").RemoveBadRows(ctx, engine.View().BadRows()[3].ID))
	if !engine.Can("ben", "deep:down") || len(engine.View().BadRows()) > 0 {
		t.Errorf("after the cycle is cut: %+v", engine.View().BadRows())
	}
	checkRecords(t, engine)
}

// Hazard 10: of several rules none is added if one of them exists.
func TestExistingRuleDoesNotBlockTheOthers(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	c := must(t)(ana.Grant(ctx, "Desk", "requests.*:view", "chats:reply", "requests.deposit:update", "chats:view"))
	if len(c.Delta.Added) != 2 || len(c.Delta.Removed) != 0 {
		t.Errorf("%+v", c.Delta)
	}
	c = must(t)(ana.ChangeMembers(ctx, "Leads", []authz.UserID{"dave", "eve", "eve"}, []authz.UserID{"nobody"}))
	if len(c.Delta.Added) != 1 || len(c.Delta.Removed) != 0 || !engine.Can("eve", authz.ViewUsers) {
		t.Errorf("%+v", c.Delta)
	}
	c = must(t)(ana.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{
		{Number: 1, Fields: []string{"g", "dave", "group:Leads"}}, {Number: 2, Fields: []string{"g", "fay", "group:Leads"}},
	}}, authz.ImportMerge))
	if len(c.Delta.Added) != 1 || !engine.Can("fay", authz.ViewUsers) {
		t.Errorf("%+v", c.Delta)
	}
}

// brokenNotifier is a notifier that fails every call.
type brokenNotifier struct{}

func (brokenNotifier) Publish(context.Context, authz.Revision) error {
	return errors.New("no route to host")
}

func (brokenNotifier) Subscribe(context.Context, func()) error { return errors.New("no route to host") }

// Hazard 11: with a failing watcher, a change reports an error and is applied all the same.
func TestBrokenNotifierFailsNoChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		one := open(t, store, authz.Options{Bootstrap: "ana", Notifier: brokenNotifier{}})
		two := open(t, store, authz.Options{Notifier: brokenNotifier{}})
		c := must(t)(one.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		if c.Revision != one.View().Revision() || !one.Can("ben", "a:b") {
			t.Errorf("%+v", c)
		}
		<-time.After(1100 * time.Millisecond) // a poll later
		synctest.Wait()
		if !two.Can("ben", "a:b") {
			t.Error("the other instance never learns of it")
		}
		closeAll(one, two)
	})
}

// Hazard 15a: a rule of two fields or five prevents the load, or allows; a membership with a third
// field makes an administrator; rows about a missing group take effect when someone creates it.
func TestRowsOfWrongLengthAllowNobody(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t,
		row("p", "jo", "vault"), row("p", "ben", "vault", "open", "allow", "x"),
		row("g", "eve", "group:Administrators", "x"), row("g", "eve", "group:Vault"), row("p", "group:Vault", "vault", "open", "allow"))
	for _, u := range []authz.UserID{"jo", "ben", "eve"} {
		if engine.Can(u, "vault:open") {
			t.Errorf("%q got into the vault", u)
		}
	}
	if _, err := engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Vault"}); !errors.Is(err, authz.ErrInvalid) || engine.Can("eve", "vault:open") {
		t.Errorf("the group was made, and rows came to life: %v", err)
	}
	if n := len(engine.View().BadRows()); n != 5 {
		t.Errorf("%d bad rows", n)
	}
	for _, fields := range [][]string{{"p", "jo", "vault"}, {"g", "eve", "group:Desk", "x"}, {"p", "jo", "vault", "open", "allow", "x"}} {
		_, err := engine.As("ana").Import(t.Context(), authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: fields}}}, authz.ImportMerge)
		if !errors.Is(err, authz.ErrImportRejected) {
			t.Errorf("%q imported: %v", fields, err)
		}
	}
}

// Hazard 15c: a custom role manager is ignored, or goes stale after a change, and concurrent
// questions race.
func TestEnforcerKeepsItsRevision(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ask := func(e authz.Enforcer, want bool) {
		t.Helper()
		if got, err := e("ben", "finance.reports", "export"); got != want || err != nil {
			t.Errorf("%v (%v), want %v", got, err, want)
		}
	}
	enforcer := func() authz.Enforcer {
		e, err := engine.View().Enforcer()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	before := enforcer()
	ask(before, false)
	must(t)(engine.As("ana").Assign(t.Context(), "Finance", "ben"))
	with := enforcer()
	must(t)(engine.As("ana").Unassign(t.Context(), "Finance", "ben"))
	after := enforcer()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				ask(before, false)
				ask(with, true)
				ask(after, false)
			}
		})
	}
	all.Wait()
}
