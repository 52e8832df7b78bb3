package fromcasbin

import (
	"context"
	"slices"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	gormadapter "github.com/casbin/gorm-adapter/v3"

	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
)

// What works, and what doesn't, for a host that keeps code of its own which writes to the table through Casbin, as
// docs/casbin.md lists it.
func TestOwnCasbinCodeBeside(t *testing.T) {
	db, _ := filledByCasbin(t, rbacModel, `
		p, clerk, orders, view
		g, ben, clerk
	`)
	store, err := sqlite.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := takeOver(t.Context(), store, rbacModel)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	adapter, err := gormadapter.NewAdapterByDB(db)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		t.Fatal(err)
	}
	own, err := casbin.NewEnforcer(m, adapter)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what  string
		write func() (bool, error)
		user  authz.UserID
		asked authz.Permission
		want  bool
		bad   int
	}{
		{"what was there", func() (bool, error) { return true, nil }, "ben", "orders:view", true, 0},
		{"a grant of a group", func() (bool, error) { return own.AddPolicy("group:clerk", "orders", "edit", "allow") }, "ben", "orders:edit", true, 0},
		{"a membership", func() (bool, error) { return own.AddGroupingPolicy("cleo", "group:clerk") }, "cleo", "orders:edit", true, 0},
		{"a restriction", func() (bool, error) { return own.AddPolicy("cleo", "orders", "edit", "deny") }, "cleo", "orders:edit", false, 0},
		{"the restriction goes", func() (bool, error) { return own.RemovePolicy("cleo", "orders", "edit", "deny") }, "cleo", "orders:edit", true, 0},
		{"an old row of three values", func() (bool, error) { return own.AddPolicy("dana", "orders", "view") }, "dana", "orders:view", true, 0},
		{"a group without its mark", func() (bool, error) { return own.AddGroupingPolicy("emil", "clerk") }, "emil", "orders:view", false, 1},
		{"a group that Rightful doesn't have", func() (bool, error) { return own.AddGroupingPolicy("finn", "group:New") }, "finn", "orders:view", false, 2},
	} {
		if written, err := step.write(); err != nil || !written {
			t.Fatalf("%s: %v %v", step.what, written, err)
		}
		if err := engine.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := engine.Can(step.user, step.asked); got != step.want {
			t.Errorf("%s: %s may %s: %v", step.what, step.user, step.asked, got)
		}
		if got := len(engine.View().BadRows()); got != step.bad {
			t.Errorf("%s: there are %d bad rows", step.what, got)
		}
	}
	changes, err := engine.Changes(t.Context(), authz.ChangeQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if outside := slices.ContainsFunc(changes, func(c authz.Change) bool { return c.Actor.Kind == authz.ActorOutside }); !outside {
		t.Error("no change is recorded as made outside")
	}
	// Until it loads again, the enforcer has the row of three values that it wrote, and fails on it.
	if err := own.LoadPolicy(); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.AsCommand("operator").Assign(t.Context(), "clerk", "gita"); err != nil {
		t.Fatal(err)
	}
	if enforce(t, own, "gita", "orders", "view") {
		t.Error("the host's enforcer noticed a change without loading the table")
	}
	if err := own.LoadPolicy(); err != nil || !enforce(t, own, "gita", "orders", "view") {
		t.Errorf("the host's enforcer, loaded again, denies what Rightful granted: %v", err)
	}
}
