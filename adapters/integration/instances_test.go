package integration_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// Three instances on one database change the same policy at the same time. In the end they agree
// with each other, with a fresh read of the table and with plain Casbin. No change was lost, repeated
// or out of order, and every revision had an administrator.
func TestThreeInstancesAtOnce(t *testing.T) {
	changes := 10_000
	if testing.Short() {
		changes = 300
	}
	if dbtest.RaceDetector {
		changes /= 3
	}
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		engines := make([]*authz.Engine, 3)
		for i := range engines {
			options := authz.Options{
				Bootstrap: "u0", PollInterval: 20 * time.Millisecond, WriteTimeout: time.Minute, Logger: slog.New(slog.DiscardHandler),
			}
			var err error
			if engines[i], err = authz.Open(t.Context(), d.Open(t, gormstore.Options{}), options); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = engines[i].Close(context.Background()) })
		}
		first := engines[0].View().Revision()
		begun := time.Now()
		made, refused := fight(t, engines, changes)
		t.Logf("%d changes made and %d refused in %v", made, refused, time.Since(begun).Round(time.Millisecond))

		fresh, err := authz.Open(t.Context(), d.Open(t, gormstore.Options{}), authz.Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = fresh.Close(context.Background()) })
		if got := int(fresh.View().Revision() - first); got != made {
			t.Errorf("%d changes were acknowledged and the store has %d", made, got)
		}
		for _, e := range engines {
			if err := e.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		agree(t, d, append(engines, fresh))
		if n, err := authz.AuditRecords(t.Context(), d.Open(t, gormstore.Options{}), authz.AuditOptions{Heads: []authz.Head{engines[0].Status().Head}}); err != nil || n.Records != int(fresh.View().Revision()) {
			t.Errorf("%d of %d records fit: %v", n, fresh.View().Revision(), err)
		}
		alwaysAdministered(t, fresh)
	})
}

// alwaysAdministered replays the records: each follows on the one before, and after each there
// is an administrator.
func alwaysAdministered(t *testing.T, e *authz.Engine) {
	t.Helper()
	list, err := e.Changes(t.Context(), authz.ChangeQuery{Limit: 1 << 20})
	if err != nil || len(list) != int(e.View().Revision()) {
		t.Fatalf("%d changes of %d: %v", len(list), e.View().Revision(), err)
	}
	administrators := map[authz.Subject]bool{}
	for i, c := range slices.Backward(list) {
		if want := authz.Revision(len(list) - i); c.Revision != want {
			t.Fatalf("revision %d where %d should be", c.Revision, want)
		}
		for _, r := range c.Delta.Removed {
			if r.Kind == authz.KindMember && r.Group == authz.Administrators {
				delete(administrators, r.Subject)
			}
		}
		for _, r := range c.Delta.Added {
			if r.Kind == authz.KindMember && r.Group == authz.Administrators {
				administrators[r.Subject] = true
			}
		}
		if c.Revision > 1 && len(administrators) == 0 { // the second makes the first one
			t.Fatalf("nobody is an administrator at revision %d", c.Revision)
		}
	}
}

// Ids that differ in case alone, in what a collation takes for nothing or beyond the Unicode
// of two bytes are different people, whatever program made the table.
func TestLookalikesAreDifferentUsers(t *testing.T) {
	people := []authz.UserID{"ana", "Ana", "ANA", "ána", "аna", "zoë", "zoe", "𐐷", "𐐏", "straße", "strasse", "o'_%", `o'\%`, "1", "01", "1.0"}
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		if _, err := gormadapter.NewAdapterByDB(d.Host(t, gorm.Config{})); err != nil { // in the server's collation
			t.Fatal(err)
		}
		engine, err := authz.Open(t.Context(), d.Open(t, gormstore.Options{}), authz.Options{Bootstrap: "root", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close(context.Background())
		root := engine.As("root")
		spec := authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"orders:view"}}}
		if _, err := root.CreateGroup(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		if _, err := root.ChangeMembers(t.Context(), "Desk", people, nil); err != nil {
			t.Fatal(err)
		}
		for i, user := range people {
			if _, err := root.ChangeMembers(t.Context(), "Desk", nil, []authz.UserID{user}); err != nil {
				t.Fatal(err)
			}
			for j, other := range people {
				if engine.Can(other, "orders:view") != (j > i) {
					t.Errorf("after %q went, %q can: %t", user, other, j <= i)
				}
			}
		}
		if _, err := authz.AuditRecords(t.Context(), d.Open(t, gormstore.Options{}), authz.AuditOptions{}); err != nil {
			t.Error(err)
		}
	})
}
