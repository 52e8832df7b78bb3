package authz_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// Administrators exists from the first start on, and only the first start appoints a member.
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

// Only the command, for operators of the machine, can restore access by appointing an
// administrator.
func TestOnlyTheCommandBootstraps(t *testing.T) {
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

// A start repairs Administrators after an edit of the table, and records the repair.
func TestStartRepairsAdministrators(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*authztest.Store){
		"rule removed": func(s *authztest.Store) { s.DeleteRow(rowID(t, s, "p", "group:Administrators")) },
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
			_ = engine.Close(context.Background())
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

// A bad line that the engine finds in a seed is reported with its file and number.
func TestBadLineOfASeedHasTheNameOfItsFile(t *testing.T) {
	t.Parallel()
	seed, err := policycsv.ReadSeed(fstest.MapFS{
		"permissions.csv": {Data: []byte("category,permission,label\nA,a:b,Bees\n")},
		"policy.csv":      {Data: []byte("p, group:X, a, b\np, group:X, nowhere, do\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = authz.Open(t.Context(), memstore.New(), authz.Options{Seed: &seed, Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !errors.Is(err, authz.ErrImportRejected) || !strings.Contains(err.Error(), "policy.csv: line 2: ") {
		t.Errorf("%v", err)
	}
}

// A seed is applied once; later changes are never undone and are reported as drift.
func TestSeedIsAppliedOnce(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	options := authz.Options{Seed: seed(t, filepath.Join("testdata", "backoffice"))}
	engine := open(t, store, options)
	ctx := t.Context()
	must(t)(engine.As("ana").Unassign(ctx, "Requests desk", "ben"))
	must(t)(engine.As("ana").Assign(ctx, "Finance", "cleo"))
	_ = engine.Close(context.Background())
	again := open(t, store, options)
	if again.Can("ben", "finance.operations:view") || !again.Can("cleo", "finance.operations:view") {
		t.Error("the second start undid a change")
	}
	drift := again.Drift(1)
	if drift.MissingCount != 1 || drift.Missing[0].Subject != "ben" || drift.ExtraCount != 1 || drift.Extra[0].Subject != "cleo" {
		t.Errorf("%+v", drift)
	}
	if g, _ := again.View().Group("Finance"); g.Description != "Books operations and adjusts balances" || g.UpdatedBy.Kind != authz.ActorSeed {
		t.Errorf("%+v", g)
	}
	must(t)(again.As("ana").Grant(ctx, "Finance", "clients.profiles:view", "clients.profiles:update"))
	drift = again.Drift(1)
	if drift.ExtraCount != 3 || len(drift.Extra) != 1 || drift.Extra[0].Pattern != "clients.profiles:update" {
		t.Errorf("with two grants more, cut to one: %+v", drift)
	}
}

// A seed with errors prevents the start and stores nothing.
func TestBadSeedPreventsTheStart(t *testing.T) {
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

// A repair that restores rows deleted from the table agrees with the records, which still have
// them.
func TestRepairAtStartMatchesTheRecords(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	_ = engine.Close(context.Background())
	store.DeleteRow(rowID(t, store, "p", "group:Administrators"))
	store.InsertRows(row("g", "group:Administrators", "group:Administrators"), row("p", "group:Administrators", "a", "b", "deny"))
	engine = open(t, store, authz.Options{})
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	if _, err := engine.AuditRecords(t.Context()); err != nil {
		t.Error(err)
	}
	if again := open(t, store, authz.Options{}); again.View().Revision() != engine.View().Revision() {
		t.Error("the next start has something to repair again")
	}
}

// An emptied table doesn't prevent a start; the command restores access.
func TestEmptiedTable(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "eve", authz.RulesDelta{Grant: []authz.Pattern{"rightful.groups:*"}}))
	_ = engine.Close(context.Background())
	store.DeleteRow(rowID(t, store, "p", "group:Administrators"))
	store.DeleteRow(rowID(t, store, "g", "ana"))
	engine = open(t, store, authz.Options{Bootstrap: "mallory"})
	if engine.Can("ana", "a:b") || engine.Can("mallory", "a:b") {
		t.Error("someone is an administrator")
	}
	must(t)(engine.As("eve").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	must(t)(engine.AsCommand("root").Bootstrap(t.Context(), "ana"))
	if !engine.Can("ana", "a:b") {
		t.Error("there is no way back in")
	}
}
