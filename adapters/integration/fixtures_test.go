package integration_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// openOn opens an instance with a store of its own.
func openOn(t *testing.T, d dbtest.Database, o authz.Options) *authz.Engine {
	t.Helper()
	e, err := authz.Open(t.Context(), d.Open(t, gormstore.Options{}), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// plainProgram is another Casbin program on the same table.
func plainProgram(t *testing.T, d dbtest.Database) *casbin.Enforcer {
	t.Helper()
	adapter, err := gormadapter.NewAdapterByDB(d.Host(t, gorm.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	enforcer, err := casbin.NewEnforcer(newModel(t), adapter)
	if err != nil {
		t.Fatal(err)
	}
	return enforcer
}

// The names that instances fight over are few, so that they meet.
var (
	foughtGroups   = []authz.GroupName{"A", "B", "C", "D"}
	foughtUsers    = []authz.UserID{"u0", "u1", "u2", "u3", "u4", "u5"}
	foughtPatterns = []authz.Pattern{"a.b:v", "a.*:v", "a.b:*", "b:v", "*:w", "*:*"}
)

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
func agree(t *testing.T, d dbtest.Database, engines []*authz.Engine) {
	t.Helper()
	adapter, err := gormadapter.NewAdapterByDB(d.Host(t, gorm.Config{}))
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

func newModel(t *testing.T) model.Model {
	t.Helper()
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
