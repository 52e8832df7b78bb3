package authz_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// One change carries all rules of a permission to its new name. Who held the old one holds the new one, and who
// was restricted still is.
func TestRenamePermission(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	engine := open(t, store, authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"old:do", "old:*"}}}))
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Both", Permissions: authz.Rules{Grants: []authz.Pattern{"old:do", "new:do"}}}))
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Inherits: []authz.GroupName{"Desk"}, Permissions: authz.Rules{Restrictions: []authz.Pattern{"old:do"}}}))
	must(t)(root.SetUserPermissions(ctx, "eve", authz.Rules{Grants: []authz.Pattern{"old:do"}}))
	must(t)(root.Assign(ctx, "Desk", "ben"))
	must(t)(root.Assign(ctx, "Trainees", "finn"))
	must(t)(root.Assign(ctx, "Both", "cleo"))
	_ = engine.Close(context.Background())
	engine = open(t, store, authz.Options{Catalog: authz.Catalog{{Permission: "new:do", Label: "New"}}})
	root = engine.As("root")
	before := engine.View().Revision()
	if c := must(t)(root.DryRun().RenamePermission(ctx, "old:do", "new:do")); len(c.Delta.Removed) != 4 || len(c.Delta.Added) != 3 || engine.View().Revision() != before {
		t.Errorf("a dry run: %+v", c.Delta)
	}
	c := must(t)(root.RenamePermission(ctx, "old:do", "new:do"))
	if c.Revision != before+1 || c.Action != authz.ActionPermissionRename || c.Target != "old:do" {
		t.Errorf("%+v", c)
	}
	for user, want := range map[authz.UserID]bool{"ben": true, "finn": false, "eve": true, "cleo": true, "nobody": false} {
		if engine.Can(user, "new:do") != want {
			t.Errorf("%s: %v", user, !want)
		}
	}
	if engine.Can("eve", "old:do") || !engine.Can("ben", "old:do") {
		t.Error("the wildcard stays, and nothing else")
	}
	if c := must(t)(root.RenamePermission(ctx, "old:do", "new:do")); c.Revision != 0 {
		t.Errorf("once more: %+v", c)
	}
	_ = engine.Close(context.Background()) // a revert needs the old permission in the catalog again
	engine = open(t, store, authz.Options{Catalog: authz.Catalog{{Permission: "new:do", Label: "New"}, {Permission: "old:do", Label: "Old"}}})
	must(t)(engine.As("root").Revert(ctx, before+1))
	if !engine.Can("eve", "old:do") || engine.Can("eve", "new:do") || !engine.Can("cleo", "new:do") {
		t.Error("the revert")
	}
	checkRecords(t, engine)
}

func TestRenamePermissionIsRefused(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root", Catalog: authz.Catalog{{Permission: "new:do", Label: "New"}}})
	must(t)(engine.As("root").ChangeUserPermissions(t.Context(), "lead", authz.RulesDelta{Grant: []authz.Pattern{"rightful.*:*", "new:*"}}))
	for _, c := range []struct {
		actor    authz.UserID
		old, new authz.Permission
		want     error
	}{
		{"lead", "old:do", "new:do", authz.ErrForbidden},
		{"root", "old:do", "now:do", authz.ErrUnknownPermission},
		{"root", "new:do", "new:do", authz.ErrInvalid},
		{"root", "old", "new:do", authz.ErrInvalid},
		{"root", "old.*:do", "new:do", authz.ErrInvalid},
		{"root", "rightful.groups:view", "new:do", authz.ErrInvalid},
		{"root", "old:do", "rightful.groups:view", authz.ErrInvalid},
	} {
		if _, err := engine.As(c.actor).RenamePermission(t.Context(), c.old, c.new); !errors.Is(err, c.want) {
			t.Errorf("%s renames %s to %s: %v", c.actor, c.old, c.new, err)
		}
	}
	if _, err := engine.AsCommand("ops").RenamePermission(t.Context(), "old:do", "new:do"); err != nil {
		t.Errorf("the command: %v", err)
	}
}
