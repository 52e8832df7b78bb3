package authz_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Administrators exists from the first start, and only the first start makes someone one.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	engine := open(t, store, authz.Options{})
	g, ok := engine.View().Group(authz.Administrators)
	if !ok || !g.Protected || len(g.Permissions.Grants) != 1 || g.Permissions.Grants[0] != "*:*" {
		t.Fatalf("%+v", g)
	}
	engine = open(t, store, authz.Options{Bootstrap: "ana"})
	if !engine.Can("ana", "a:b") {
		t.Error("a store that never had an administrator takes the first from the options")
	}
	engine = open(t, store, authz.Options{Bootstrap: "eve"})
	if engine.Can("eve", "a:b") {
		t.Error("a store that had one doesn't")
	}
	changes, err := engine.Changes(t.Context(), authz.ChangeQuery{})
	if err != nil || len(changes) != 2 || changes[0].Action != authz.ActionBootstrap || changes[0].Actor.Kind != authz.ActorStart {
		t.Errorf("%v, %+v", err, changes)
	}
}

// The command is the way back in, for whoever has the machine; nobody else's.
func TestBootstrapIsTheCommands(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	if _, err := engine.As("ana").Bootstrap(t.Context(), "eve"); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("a user: %v", err)
	}
	c := must(t)(engine.AsCommand("root@machine").Bootstrap(t.Context(), "eve"))
	if !engine.Can("eve", "a:b") || c.Actor.Kind != authz.ActorCommand || c.Actor.ID != "root@machine" {
		t.Errorf("%+v", c)
	}
}

// A start repairs Administrators where someone edited the table, on record.
func TestStartRepairsAdministrators(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*authztest.Store){
		"rule removed": func(s *authztest.Store) { s.DeleteRow(idOf(t, s, "p", "group:Administrators")) },
		"widened":      func(s *authztest.Store) { s.InsertRows(row("p", "group:Administrators", "a", "b", "allow")) },
		"restricted":   func(s *authztest.Store) { s.InsertRows(row("p", "group:Administrators", "*", "*", "deny")) },
		"inherits":     func(s *authztest.Store) { s.InsertRows(row("g", "group:Administrators", "group:Desk")) },
		"inherited":    func(s *authztest.Store) { s.InsertRows(row("g", "group:Desk", "group:Administrators")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := authztest.NewStore()
			engine := open(t, store, authz.Options{Bootstrap: "ana"})
			must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
			must(t)(engine.As("ana").Assign(t.Context(), "Desk", "ben"))
			_ = engine.Close()
			spoil(store)
			engine = open(t, store, authz.Options{})
			g, _ := engine.View().Group(authz.Administrators)
			if len(g.Permissions.Grants) != 1 || len(g.Permissions.Restrictions) > 0 || len(g.Inherits) > 0 {
				t.Errorf("%+v", g)
			}
			if !engine.Can("ana", "a:b") || engine.Can("ben", "a:b") {
				t.Error("decisions are wrong")
			}
			c, err := engine.Change(t.Context(), engine.View().Revision())
			if err != nil || c.Action != authz.ActionPolicyOutside || c.Actor.Kind != authz.ActorOutside {
				t.Errorf("%v, %+v", err, c)
			}
		})
	}
}

func idOf(t *testing.T, s *authztest.Store, fields ...string) (id int64) {
	t.Helper()
	want := row(fields...)
	_, rows, err := authztest.Load(t.Context(), s)
	for _, r := range rows {
		if r.Type == want.Type && r.V[0] == want.V[0] {
			id = r.ID
		}
	}
	if err != nil || id == 0 {
		t.Fatal("no such row", err)
	}
	return id
}

// A table that plain Casbin filled is taken over as one recorded change.
func TestAdoption(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(
		row("p", "desk", "a.*", "view"), // no effect: taken as allow
		row("p", "desk", "a.b", "edit", "deny"),
		row("p", "ben", "x", "view", "allow"),
		row("g", "ben", "desk"),
		row("g", "lead", "desk"), // lead stands on the right below, so it is a group
		row("g", "dana", "lead"),
		row("p", "role:odd", "a", "b", "allow"),         // a user, as far as anyone can tell
		row("g", "eve", "role:x"),                       // no name for a group
		row("p", "Administrators", "a", "b", "allow"),   // nobody's: not on the right of a g
		row("p", "desk", "a.*", "view", "allow"),        // the same as the first
		authz.Row{Type: "p", V: [6]string{"x", "", ""}}, // bad
	)
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	for _, d := range []struct {
		user authz.UserID
		p    authz.Permission
		want bool
	}{
		{"ben", "a.q:view", true},
		{"ben", "a.b:edit", false},
		{"ben", "x:view", true},
		{"dana", "a.q:view", true},
		{"desk", "a.q:view", false},
		{"eve", "a:b", false},
		{"ana", "any:thing", true},
	} {
		if got := engine.Can(d.user, d.p); got != d.want {
			t.Errorf("Can(%q, %q) = %v", d.user, d.p, got)
		}
	}
	c, err := engine.Change(t.Context(), 1)
	if err != nil || c.Action != authz.ActionPolicyAdopt || c.Actor.Kind != authz.ActorStart {
		t.Errorf("%v, %+v", err, c)
	}
	if n := len(engine.View().BadRows()); n != 2 {
		t.Errorf("%d bad rows: %+v", n, engine.View().BadRows())
	}
	if _, err := engine.AuditRecords(t.Context()); err != nil {
		t.Error(err)
	}
	again := open(t, store, authz.Options{})
	if again.View().Revision() != engine.View().Revision() || !again.Can("dana", "a.q:view") {
		t.Error("the second start adopts again, or reads otherwise")
	}
}

// Whoever was in a group that only happened to be called Administrators doesn't begin to hold
// everything by being adopted.
func TestAdoptionMakesNobodyAnAdministratorByName(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(row("p", "Administrators", "a", "view"), row("g", "ben", "Administrators"))
	engine := open(t, store, authz.Options{})
	if engine.Can("ben", "vault:open") || engine.Can("Administrators", "a:view") {
		t.Error("more than plain Casbin gave")
	}
	marked := authztest.NewStore()
	marked.InsertRows(row("g", "ben", "group:Administrators"), row("p", "group:Administrators", "a", "view", "allow"))
	for range 2 { // what was left in the table would count on the second start
		engine = open(t, marked, authz.Options{Bootstrap: "ana"})
		if slices.Contains(engine.View().User("ben").Groups, authz.Administrators) || engine.Can("ben", "a:view") || !engine.Can("ana", "a:view") {
			t.Error("a marked row made an administrator")
		}
		if _, err := engine.AuditRecords(t.Context()); err != nil {
			t.Error(err)
		}
	}
	store = authztest.NewStore()
	store.InsertRows(row("p", "Administrators", "*", "*"), row("g", "ben", "Administrators"))
	if !open(t, store, authz.Options{}).Can("ben", "vault:open") {
		t.Error("who held everything holds it still")
	}
}

// A seed is applied once; what people changed since is never undone, and shows as drift.
func TestSeedIsAppliedOnce(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	options := authz.Options{Seed: seed(t, filepath.Join("testdata", "backoffice"))}
	engine := open(t, store, options)
	ctx := t.Context()
	must(t)(engine.As("ana").Unassign(ctx, "Requests desk", "ben"))
	must(t)(engine.As("ana").Assign(ctx, "Finance", "cleo"))
	_ = engine.Close()
	again := open(t, store, options)
	if again.Can("ben", "finance.operations:view") || !again.Can("cleo", "finance.operations:view") {
		t.Error("the second start undid a change")
	}
	drift := again.Drift()
	if len(drift.Missing) != 1 || drift.Missing[0].Subject != "ben" || len(drift.Extra) != 1 || drift.Extra[0].Subject != "cleo" {
		t.Errorf("%+v", drift)
	}
	if g, _ := again.View().Group("Finance"); g.Description != "Books operations and adjusts balances" || g.UpdatedBy.Kind != authz.ActorSeed {
		t.Errorf("%+v", g)
	}
}

// A seed that can't be read whole stops the start and leaves nothing behind.
func TestBadSeedStopsTheStart(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	bad := &authz.Seed{Policy: authz.PolicyFile{Lines: []authz.PolicyLine{
		{Number: 1, Fields: []string{"p", "group:Desk", "a", "b", "allow"}},
		{Number: 2, Fields: []string{"p", "group:Desk", "a**", "b", "allow"}},
		{Number: 4, Fields: []string{"g", "group:A", "group:A"}},
	}}}
	_, err := authz.Open(t.Context(), store, authz.Options{Seed: bad})
	var rejected *authz.Error
	if !errors.As(err, &rejected) || rejected.Count != 2 || rejected.Faults[0].Line != 2 || rejected.Faults[1].Line != 4 {
		t.Fatalf("%v", err)
	}
	if _, ok := open(t, store, authz.Options{}).View().Group("Desk"); ok {
		t.Error("half of it is there")
	}
}

// Cycles and chains that are too long stop no adoption: the rows that make them go out of the
// table, on record.
func TestAdoptionBreaksCyclesAndLongChains(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(row("g", "group:A", "group:B"), row("g", "group:B", "group:A"), row("p", "group:A", "a", "view"), row("g", "ben", "group:A"))
	for i := range 12 {
		store.InsertRows(row("g", fmt.Sprintf("group:C%d", i), fmt.Sprintf("group:C%d", i+1)))
	}
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	if !engine.Can("ben", "a:view") {
		t.Error("ben lost what no cycle touches")
	}
	c, err := engine.Change(t.Context(), 1)
	if err != nil || len(c.Delta.RemovedRows) != 2 {
		t.Errorf("%v, removed %+v", err, c.Delta.RemovedRows)
	}
	if again := open(t, store, authz.Options{}); again.View().Revision() != engine.View().Revision() {
		t.Error("the second start had something to do")
	}
}
