package authz_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The groups that hold a permission are those whose members hold it through that group alone.
func TestHoldingGroups(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	for name, rules := range map[authz.GroupName]authz.Rules{
		"Desk":  {Grants: []authz.Pattern{"a.*:view"}},
		"desk2": {Grants: []authz.Pattern{"a.b:view"}},
		"Lame":  {Grants: []authz.Pattern{"a.b:view"}, Restrictions: []authz.Pattern{"*:view"}},
		"Other": {Grants: []authz.Pattern{"b:view"}},
	} {
		must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: rules}))
	}
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Heir", Inherits: []authz.GroupName{"desk2"}}))
	must(t)(root.Assign(ctx, "Heir", "ben"))
	must(t)(root.Assign(ctx, "Lame", "ben", "root"))
	view := engine.View()
	if got := holding(view, "a.b:view", true); !slices.Equal(got, []authz.Subject{"group:Administrators", "group:Desk", "group:desk2", "group:Heir"}) {
		t.Errorf("%q", got)
	}
	if got := holding(view, "a.b:view", false); !slices.Equal(got, []authz.Subject{"root"}) {
		t.Errorf("%q hold it; ben is restricted, and an administrator can't be", got)
	}
	if got := view.Holders(authz.HolderQuery{Permission: "no colon"}); got != nil {
		t.Errorf("%v", got)
	}
}

// Where only few users can hold a permission, they are found without a look at all users, once
// each: through one group, through several, or by rules of their own.
func TestFewHoldersAmongMany(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	var crowd []authz.UserID
	for i := range 500 {
		crowd = append(crowd, authz.UserID(fmt.Sprint("user", i)))
	}
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Crowd"}))
	must(t)(root.Assign(ctx, "Crowd", crowd...))
	for _, name := range []authz.GroupName{"Few", "Fewer"} {
		must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	}
	must(t)(root.Assign(ctx, "Few", "user1", "user2", "user3"))
	must(t)(root.Assign(ctx, "Fewer", "user2"))
	must(t)(root.ChangeUserPermissions(ctx, "user2", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	must(t)(root.ChangeUserPermissions(ctx, "user3", authz.RulesDelta{Restrict: []authz.Pattern{"a:b"}}))
	must(t)(root.ChangeUserPermissions(ctx, "user4", authz.RulesDelta{Grant: []authz.Pattern{"a:*"}}))
	view := engine.View()
	if got := holding(view, "a:b", false); !slices.Equal(got, []authz.Subject{"root", "user1", "user2", "user4"}) {
		t.Errorf("%q", got)
	}
	var got []authz.Subject
	for after := authz.Subject(""); ; after = got[len(got)-1] { // two at a time
		part := view.Holders(authz.HolderQuery{Permission: "a:b", After: after, Limit: 2})
		for _, h := range part {
			got = append(got, h.Subject)
			if len(h.Origins) == 0 || h.Origins[0].Path[0] != h.Subject {
				t.Errorf("%q holds it because of %v", h.Subject, h.Origins)
			}
		}
		if len(part) < 2 {
			break
		}
	}
	if want := []authz.Subject{"group:Administrators", "group:Few", "group:Fewer", "root", "user1", "user2", "user4"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// holding lists the groups or the users that hold a permission.
func holding(v *authz.View, p authz.Permission, groups bool) (list []authz.Subject) {
	for _, h := range v.Holders(authz.HolderQuery{Permission: p}) {
		if _, isGroup := h.Subject.Group(); isGroup == groups {
			list = append(list, h.Subject)
		}
	}
	return list
}
