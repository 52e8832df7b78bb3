package adapters_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casbin/casbin/v2"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// The names that instances fight over are few, so that they meet.
var (
	foughtGroups   = []authz.GroupName{"A", "B", "C", "D"}
	foughtUsers    = []authz.UserID{"u0", "u1", "u2", "u3", "u4", "u5"}
	foughtPatterns = []authz.Pattern{"a.b:v", "a.*:v", "a.b:*", "b:v", "*:w", "*:*"}
)

// Three instances on one database, all changing at once what the others change: in the end all
// agree with one another, with the table read anew and with plain Casbin; no change was lost,
// doubled or out of order, and at no revision was there no administrator.
func TestThreeInstancesAtOnce(t *testing.T) {
	changes := 10_000
	if testing.Short() {
		changes = 300
	}
	onEach(t, func(t *testing.T, d database) {
		engines := make([]*authz.Engine, 3)
		for i := range engines {
			options := authz.Options{
				Bootstrap: "u0", PollInterval: 20 * time.Millisecond, WriteTimeout: time.Minute, Logger: slog.New(slog.DiscardHandler),
			}
			var err error
			if engines[i], err = authz.Open(t.Context(), d.open(t, adapters.GormOptions{}), options); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = engines[i].Close() })
		}
		first := engines[0].View().Revision()
		begun := time.Now()
		made, refused := fight(t, engines, changes)
		t.Logf("%d changes made and %d refused in %v", made, refused, time.Since(begun).Round(time.Millisecond))

		fresh, err := authz.Open(t.Context(), d.open(t, adapters.GormOptions{}), authz.Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = fresh.Close() })
		if got := int(fresh.View().Revision() - first); got != made {
			t.Errorf("%d changes were acknowledged and the store has %d", made, got)
		}
		for _, e := range engines {
			if err := e.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		agree(t, d, append(engines, fresh))
		if n, err := fresh.AuditRecords(t.Context(), engines[0].View().Head()); err != nil || n != int(fresh.View().Revision()) {
			t.Errorf("%d of %d records fit: %v", n, fresh.View().Revision(), err)
		}
		alwaysAdministered(t, fresh)
	})
}

// fight lets all instances make random changes at once, until there are enough.
func fight(t *testing.T, engines []*authz.Engine, changes int) (made, refused int) {
	t.Helper()
	var ok, no atomic.Int64
	var all sync.WaitGroup
	for i, e := range engines {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 40))
			for int(ok.Load()) < changes {
				c, err := randomChange(t.Context(), r, e.AsCommand(fmt.Sprint("instance ", i)))
				switch {
				case err == nil && c.Revision > 0:
					ok.Add(1)
				case errors.Is(err, authz.ErrStoreUnavailable):
					t.Errorf("instance %d: %v", i, err)
					return
				case err != nil:
					no.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(ok.Load()), int(no.Load())
}

func randomChange(ctx context.Context, r *rand.Rand, a authz.Admin) (authz.Change, error) {
	group, user := foughtGroups[r.IntN(len(foughtGroups))], foughtUsers[r.IntN(len(foughtUsers))]
	pattern := foughtPatterns[r.IntN(len(foughtPatterns))]
	switch r.IntN(12) {
	case 0:
		return a.CreateGroup(ctx, authz.GroupSpec{Name: group, Permissions: authz.Rules{Grants: []authz.Pattern{pattern}}})
	case 1:
		return a.DeleteGroup(ctx, group, true)
	case 2: // the last administrator is fought over
		return a.Assign(ctx, authz.Administrators, user)
	case 3, 4:
		return a.Unassign(ctx, authz.Administrators, user)
	case 5:
		return a.Restrict(ctx, group, pattern)
	case 6:
		return a.SetUserPermissions(ctx, user, authz.Rules{Grants: []authz.Pattern{pattern}})
	case 7:
		return a.DeleteUser(ctx, user)
	case 8:
		to := foughtGroups[r.IntN(len(foughtGroups))]
		return a.UpdateGroup(ctx, group, authz.GroupPatch{Name: &to})
	case 9:
		return a.ChangeGroupPermissions(ctx, group, authz.RulesDelta{Grant: []authz.Pattern{pattern}})
	case 10:
		return a.Unassign(ctx, group, user)
	default:
		return a.Assign(ctx, group, user)
	}
}

// agree compares every decision of the engines and of a plain Casbin that reads the table.
func agree(t *testing.T, d database, engines []*authz.Engine) {
	t.Helper()
	adapter, err := gormadapter.NewAdapterByDB(d.host(t, gorm.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := casbin.NewEnforcer(newModel(t), adapter)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range append([]authz.UserID{"nobody"}, foughtUsers...) {
		for _, p := range []authz.Permission{"a.b:v", "a.c:v", "a.b:w", "b:v", "b:w", "c:x"} {
			object, action, _ := p.Split()
			want, err := plain.Enforce(string(user), object, action)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range engines {
				if got := e.Can(user, p); got != want {
					t.Errorf("instance %d: %q may %q: %v, plain Casbin says %v", i, user, p, got, want)
				}
			}
		}
	}
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
