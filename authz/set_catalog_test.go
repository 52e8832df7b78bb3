package authz_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func declaring(permissions ...authz.Permission) authz.Catalog {
	var c authz.Catalog
	for _, p := range permissions {
		c = append(c, authz.Entry{Permission: p, Label: "Label of " + string(p)})
	}
	return c
}

// A new catalog is that of the next write, view and decision.
func TestSetCatalog(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Catalog: declaring("old:view", "both:view"), Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	before := engine.View()
	if _, err := ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"new:view"}}); !errors.Is(err, authz.ErrUnknownPermission) {
		t.Errorf("before: %v", err)
	}
	must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"old:view", "*:view"}}))
	revision := engine.View().Revision()
	if err := engine.SetCatalog(declaring("new:view", "both:view")); err != nil {
		t.Fatal(err)
	}
	must(t)(ana.ChangeUserPermissions(ctx, "cleo", authz.RulesDelta{Grant: []authz.Pattern{"new:view"}}))
	if _, err := ana.ChangeUserPermissions(ctx, "cleo", authz.RulesDelta{Grant: []authz.Pattern{"old:view"}}); !errors.Is(err, authz.ErrUnknownPermission) {
		t.Errorf("a permission that isn't declared any more can be granted: %v", err)
	}
	for _, p := range []authz.Permission{"old:view", "new:view", "both:view"} {
		if !engine.Can("ben", p) {
			t.Errorf("ben lost %s", p)
		}
	}
	if engine.Can("cleo", "old:view") || !engine.Can("cleo", "new:view") {
		t.Error("cleo's permissions are wrong")
	}
	view := engine.View()
	if rules, n := view.Undeclared(10); n != 1 || rules[0].Pattern != "old:view" {
		t.Errorf("undeclared are %v", rules)
	}
	held := view.PermissionsOf("ben")
	if !slices.Contains(held, "new:view") || !slices.Contains(held, "old:view") { // old, because a grant names it
		t.Errorf("ben holds %q", held)
	}
	if d := engine.Decide(authz.Question{User: "dana", Permissions: []authz.Permission{"new:view"}}); d.Missing()[0].Label != "Label of new:view" {
		t.Errorf("the refusal has %+v", d.Missing())
	}
	if entries := before.Catalog(nil, "old:view"); len(entries) != 1 || view.Revision() != revision+1 {
		t.Errorf("the view from before has %v; the revision is %d", entries, view.Revision())
	}
	if e := before.Explain("ben", "new:view").Permissions[0]; e.Declared || !view.Explain("ben", "new:view").Permissions[0].Declared {
		t.Error("a view's catalog changed, or the next one's didn't")
	}
}

// A catalog that can't be used leaves the present one in place.
func TestSetCatalogRefuses(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Catalog: declaring("old:view"), Bootstrap: "ana"})
	for want, c := range map[string]authz.Catalog{
		"empty":             {},
		`"a:view" is decla`: declaring("a:view", "a:view"),
		`"a" is not of`:     declaring("b:view", "a"),
		"reserved":          declaring("rightful.mine:view"),
	} {
		if err := engine.SetCatalog(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", c, err, want)
		}
	}
	if len(engine.View().Catalog(nil, "old:view")) != 1 || len(engine.View().Catalog(nil, "b:view")) != 0 {
		t.Error("the catalog changed")
	}
}

// While an older instance with an older catalog runs beside a newer one, neither breaks or undoes anything of the other.
func TestCatalogsDifferDuringADeployment(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	var log bytes.Buffer
	older := open(t, store, authz.Options{Catalog: declaring("old:view"), Bootstrap: "ana", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	newer := open(t, store, authz.Options{Catalog: declaring("old:view")})
	if err := newer.SetCatalog(declaring("new:view")); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	must(t)(newer.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"new:view"}}}))
	must(t)(newer.As("ana").Assign(ctx, "Desk", "ben"))
	if err := older.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if _, n := older.View().Undeclared(10); n != 1 || !older.Can("ben", "new:view") {
		t.Errorf("the older instance has %d undeclared rules, ben may: %v", n, older.Can("ben", "new:view"))
	}
	// What the older instance writes about the group keeps the rule, and it can take it away.
	description, name := "Front desk", authz.GroupName("Front desk")
	must(t)(older.As("ana").UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: &name, Description: &description}))
	must(t)(older.As("ana").ChangeUserPermissions(ctx, "cleo", authz.RulesDelta{Grant: []authz.Pattern{"old:view"}}))
	if err := newer.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if rules, n := newer.View().Undeclared(10); n != 1 || rules[0].Pattern != "old:view" || !newer.Can("ben", "new:view") || !newer.Can("cleo", "old:view") {
		t.Errorf("the newer instance has %v", rules)
	}
	must(t)(older.As("ana").Revoke(ctx, name, "new:view"))
	if older.Can("ben", "new:view") {
		t.Error("the older instance can't revoke what it doesn't declare")
	}
}

// Decisions, views and writes go on while the catalog is replaced again and again.
func TestSetCatalogConcurrently(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Catalog: declaring("p.0:view", "p:view"), Bootstrap: "ana"})
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"p.*:view"}}))
	var group sync.WaitGroup
	const rounds = 200
	group.Go(func() {
		for i := range rounds {
			if err := engine.SetCatalog(declaring(authz.Permission(fmt.Sprintf("p.%d:view", i)), "p:view")); err != nil {
				t.Error(err)
			}
		}
	})
	group.Go(func() {
		for i := range rounds {
			d := engine.Decide(authz.Question{User: "ben", Permissions: []authz.Permission{authz.Permission(fmt.Sprintf("p.%d:view", i)), "p:edit"}})
			if missing := d.Missing(); d.Allowed || len(missing) != 1 || missing[0].Permission != "p:edit" {
				t.Errorf("%d: %v, %v", i, d.Allowed, missing)
			}
		}
	})
	group.Go(func() {
		for range rounds {
			view := engine.View()
			listed := view.Catalog(nil, "p.")
			if len(listed) != 1 || !view.Explain("ben", listed[0].Permission).Permissions[0].Declared || !slices.Contains(view.PermissionsOf("ben"), listed[0].Permission) {
				t.Errorf("a view has %v, and ben holds %v", listed, view.PermissionsOf("ben"))
			}
		}
	})
	group.Go(func() {
		for i := range rounds {
			must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), authz.UserID(fmt.Sprint("user", i)), authz.RulesDelta{Grant: []authz.Pattern{"p:view"}}))
		}
	})
	group.Wait()
}
