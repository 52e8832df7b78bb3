package authz_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// Only administrators can do anything by which a bad row denies less (promise 9, finding A6). mallory holds
// everything, is no administrator, and may not lift what the group Trainees is restricted.
func TestOnlyAdministratorsMakeABadRowDenyLess(t *testing.T) {
	t.Parallel()
	none := []authz.GroupName{}
	for name, c := range map[string]struct {
		row authz.Row
		do  func(context.Context, authz.Admin) (authz.Change, error)
	}{
		"delete the group": {row("g", "ben", "Interns"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.DeleteGroup(ctx, "Interns", true)
		}},
		"delete the group that the row denies": {row("p", "group:Desk", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.DeleteGroup(ctx, "Desk", true)
		}},
		"lift the restriction": {row("g", "ben", "Trainees"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeGroupPermissions(ctx, "Trainees", authz.RulesDelta{Lift: []authz.Pattern{"other:thing"}})
		}},
		"cut the inheritance to the restriction": {row("g", "ben", "Heirs"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Heirs", authz.GroupPatch{Inherits: &none})
		}},
		"cut the inheritance to what the row denies": {row("p", "group:Trainees", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Heirs", authz.GroupPatch{Inherits: &none})
		}},
		"take the user out of what the row denies": {row("p", "group:Desk", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Unassign(ctx, "Desk", "ben")
		}},
		"let the membership that the row denies end": {row("p", "group:Desk", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Until(time.Now().Add(time.Hour)).Assign(ctx, "Desk", "ben")
		}},
		"let the membership that leads to the restriction end": {row("g", "ben", "tim"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Until(time.Now().Add(time.Hour)).Assign(ctx, "Interns", "tim")
		}},
		"let it end sooner": {row("g", "ben", "kim"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Until(time.Now().Add(time.Hour)).Assign(ctx, "Interns", "kim")
		}},
		"delete the user": {row("p", "group:Desk", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.DeleteUser(ctx, "ben")
		}},
		"make another user of the row's name": {row("p", "BEN ", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeUserPermissions(ctx, "BEN", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
		}},
		"rename the group, which the row doesn't follow": {row("p", "group:desk ", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Counter"))})
		}},
		"remove the row": {row("p", "ben", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.RemoveBadRows(ctx)
		}},
		"empty the group by an import": {row("p", "group:Desk", "a*b", "x", "deny"), func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetUserGroups(ctx, "ben", none)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := authztest.NewStore()
			engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
			ctx, ana := t.Context(), engine.As("ana")
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Permissions: authz.Rules{Restrictions: []authz.Pattern{"other:thing"}}}))
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Interns", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a:b"}}}))
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Heirs", Inherits: []authz.GroupName{"Trainees"}}))
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
			must(t)(ana.Assign(ctx, "Desk", "ben"))
			must(t)(ana.Assign(ctx, "Interns", "tim"))
			must(t)(ana.Until(time.Now().Add(2*time.Hour)).Assign(ctx, "Interns", "kim"))
			must(t)(ana.ChangeUserPermissions(ctx, "mallory", authz.RulesDelta{Grant: []authz.Pattern{"*:*"}}))
			store.InsertRows(c.row)
			if err := engine.Refresh(ctx); err != nil || len(engine.View().BadRows()) != 1 {
				t.Fatalf("%v, %+v", err, engine.View().BadRows())
			}
			before := engine.View().Revision()
			var refused *authz.Error
			if _, err := c.do(ctx, engine.As("mallory")); !errors.As(err, &refused) || !slices.Contains(refused.Missing, authz.Everything) &&
				name != "rename the group, which the row doesn't follow" {
				t.Errorf("mallory: %v", err)
			}
			if engine.View().Revision() != before {
				t.Error("something was stored")
			}
			if _, err := c.do(ctx, ana); err != nil && name != "rename the group, which the row doesn't follow" {
				t.Errorf("ana: %v", err)
			}
			checkRecords(t, engine)
		})
	}
}

// What leaves every denial of the bad rows as it is needs no administrator.
func TestDelegatesWorkBesideBadRows(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t, row("p", "group:Desk", "a*b", "x", "deny"), row("g", "jo", "Trainees"))
	ctx := t.Context()
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "lena", authz.RulesDelta{Grant: []authz.Pattern{"*:*"}}))
	lena := engine.As("lena")
	must(t)(lena.Assign(ctx, "Desk", "eve"))
	must(t)(lena.CreateGroup(ctx, authz.GroupSpec{Name: "New", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a:b"}}}))
	must(t)(lena.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Counter"))}))
	must(t)(lena.Unassign(ctx, "Trainees", "tim"))
	must(t)(lena.Until(time.Now().Add(time.Hour)).Assign(ctx, "Counter", "zoe"))
	must(t)(lena.Until(time.Now().Add(2*time.Hour)).Assign(ctx, "Counter", "zoe"))
	if engine.Can("eve", "a.b:view") || engine.Can("jo", "a.b:view") {
		t.Error("a denial is lost")
	}
	checkRecords(t, engine)
}

// Only an administrator may give a group a name to which rights already refer, no matter who holds them
// (promise 3, finding A11).
func TestOnlyAdministratorsWakeRights(t *testing.T) {
	t.Parallel()
	ghost := authz.GroupName("Ghost")
	for name, c := range map[string]struct {
		right []authz.Row
		delta authz.RulesDelta // of mallory, beside the rights to make and change groups
	}{
		"held by its holder": {[]authz.Row{row("p", "mallory", "rightful.members/Ghost", "assign", "allow")}, authz.RulesDelta{}},
		"held by another":    {[]authz.Row{row("p", "eve", "rightful.members/Ghost", "*", "allow")}, authz.RulesDelta{}},
		"held by everything": {
			[]authz.Row{row("p", "eve", "rightful.members/Ghost", "assign", "allow")},
			authz.RulesDelta{Grant: []authz.Pattern{"*:*"}},
		},
		"held by everything, and restricted on the old name": {
			[]authz.Row{row("p", "eve", "rightful.members/Ghost", "assign", "allow")},
			authz.RulesDelta{Grant: []authz.Pattern{"*:*"}, Restrict: []authz.Pattern{"rightful.members/Desk:assign"}},
		},
		"a restriction": {
			[]authz.Row{row("p", "eve", "rightful.members/Ghost", "assign", "deny")},
			authz.RulesDelta{Grant: []authz.Pattern{"*:*"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := openWithRows(t, c.right...)
			ctx := t.Context()
			c.delta.Grant = append(c.delta.Grant, "rightful.groups:*", "rightful.users:*", "a.*:*")
			must(t)(engine.As("ana").ChangeUserPermissions(ctx, "mallory", c.delta))
			mallory := engine.As("mallory")
			if _, err := mallory.UpdateGroup(ctx, "Juniors", authz.GroupPatch{Name: &ghost}); !errors.Is(err, authz.ErrEscalation) {
				t.Errorf("renamed: %v", err)
			}
			if _, err := mallory.CreateGroup(ctx, authz.GroupSpec{Name: ghost}); !errors.Is(err, authz.ErrEscalation) {
				t.Errorf("created: %v", err)
			}
			must(t)(engine.As("ana").UpdateGroup(ctx, "Juniors", authz.GroupPatch{Name: &ghost}))
		})
	}
}
