package authz_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// A dry run at a revision gives the same result, however the policy has changed since.
func TestDryRunAtRepeatsTheDryRun(t *testing.T) {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	type rehearsal struct {
		revision authz.Revision
		operate  func(authz.Admin) (authz.Change, error)
		change   authz.Change
		impact   authz.Impact
	}
	var all []rehearsal
	for _, operate := range []func(authz.Admin) (authz.Change, error){
		func(a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "A", Permissions: authz.Rules{Grants: []authz.Pattern{"a.*:view"}}})
		},
		func(a authz.Admin) (authz.Change, error) {
			return a.ChangeMembers(ctx, "A", []authz.UserID{"ben", "cleo"}, nil)
		},
		func(a authz.Admin) (authz.Change, error) { return a.Grant(ctx, "A", "a.b:update") },
		func(a authz.Admin) (authz.Change, error) {
			return a.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Restrict: []authz.Pattern{"a.b:*"}})
		},
		func(a authz.Admin) (authz.Change, error) { return a.DeleteUser(ctx, "cleo") },
		func(a authz.Admin) (authz.Change, error) { return a.Revert(ctx, 5) },
		func(a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, "A", true) },
	} {
		r := rehearsal{revision: engine.View().Revision(), operate: operate}
		var err error
		if r.change, r.impact, err = preview(root, operate); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
		must(t)(operate(root))
	}
	end := engine.View().Revision()
	for i, r := range all {
		view, err := engine.ViewAt(ctx, r.revision)
		if err != nil {
			t.Fatal(err)
		}
		// Versions of today say nothing of the past.
		change, err := r.operate(root.IfVersion(authz.Version{Revision: 999}).DryRunAt(view))
		if err != nil {
			t.Fatal(err)
		}
		impact := *change.Impact
		change.Impact, change.View = nil, nil
		if !reflect.DeepEqual(change, r.change) || !reflect.DeepEqual(impact, r.impact) {
			t.Errorf("operation %d at %d: %+v with %+v; it was %+v with %+v", i, r.revision, change, impact, r.change, r.impact)
		}
	}
	view, err := engine.ViewAt(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := all[5].operate(root.DryRunAt(view)); !errors.Is(err, authz.ErrNoSuchChange) {
		t.Errorf("before there was a change it is reverted with %v", err)
	}
	if engine.View().Revision() != end {
		t.Error("something was stored")
	}
}
