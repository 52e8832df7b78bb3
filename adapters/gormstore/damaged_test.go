package gormstore_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// SQLite lets any value into any column. One that another program damaged keeps neither the engine from opening nor the other
// rows from being read, and allows nothing: a membership whose end can't be read has ended.
func TestDamagedValuesDamageTheirRow(t *testing.T) {
	d := dbtest.SQLite(t)
	s := d.Open(t, gormstore.Options{})
	ctx := t.Context()
	engine, err := authz.Open(ctx, s, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ana := engine.As("ana")
	made := func(_ authz.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	made(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	made(ana.Until(time.Now().Add(time.Hour)).Assign(ctx, "Desk", "ben"))
	made(ana.Assign(ctx, "Desk", "cleo"))
	requests := []authz.AccessRequest{{ID: "r1", User: "ben"}, {ID: "r2", User: "cleo"}}
	for _, r := range requests {
		r.Permissions, r.State = []authz.Permission{"c:d"}, authz.RequestOpen
		r.CreatedAt, r.ExpiresAt = time.Now(), time.Now().Add(time.Hour)
		if _, err := s.AddRequest(ctx, r, authz.OpenRequests{All: 10, OfUser: 5}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddDenials(ctx, []authz.Denial{{ID: "d1", At: time.Now(), User: "ben"}, {ID: "d2", At: time.Now(), User: "ben"}}); err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	dbtest.Exec(t, d.Pool(t),
		"PRAGMA ignore_check_constraints = ON; UPDATE rightful_memberships SET until = 'x'",
		"UPDATE rightful_groups SET updated_at = 'x', version = 'x' WHERE name = 'Desk'",
		"UPDATE rightful_users SET version = 'x' WHERE user_id = 'ben'",
		"UPDATE rightful_changes SET at = 'x' WHERE revision = 2",
		"UPDATE rightful_requests SET ends_at = 'x', expires_at = 'x', one_is_enough = 'x' WHERE id = 'r1'",
		"UPDATE rightful_denials SET revision = 'x', one_is_enough = 'x', suppressed = 'x' WHERE id = 'd1'",
	)
	engine, err = authz.Open(ctx, s, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	if engine.Can("ben", "a:b") || !engine.Can("cleo", "a:b") {
		t.Errorf("ben can: %v, cleo can: %v", engine.Can("ben", "a:b"), engine.Can("cleo", "a:b"))
	}
	if list, err := engine.Changes(ctx, authz.ChangeQuery{}); err != nil || len(list) < 4 {
		t.Errorf("%d changes: %v", len(list), err)
	}
	if list, err := s.Requests(ctx, authz.RequestQuery{Limit: 10}); err != nil || len(list) != 2 {
		t.Errorf("requests %v: %v", list, err)
	}
	if list, err := s.Denials(ctx, authz.DenialQuery{Limit: 10}); err != nil || len(list) != 2 {
		t.Errorf("denials %v: %v", list, err)
	}
	made(engine.As("ana").Assign(ctx, "Desk", "dana")) // the store can still be written
}
