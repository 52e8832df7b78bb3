package authz_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// What a view says that a user may try is what the engine lets the user try.
func TestMayIsWhatAuthorizeSays(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	for _, g := range []struct {
		name   authz.GroupName
		grants []authz.Pattern
	}{
		{"Desk", []authz.Pattern{"a:b"}},
		{"Editors", []authz.Pattern{"rightful.groups:*"}},
		{"Movers", []authz.Pattern{"rightful.groups:view", "rightful.users:*"}},
		{"Leads", []authz.Pattern{"rightful.*:view", "rightful.members/Desk:assign", "rightful.members/Editors:assign"}},
	} {
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: g.name, Permissions: authz.Rules{Grants: g.grants}}))
		must(t)(ana.Assign(ctx, g.name, authz.UserID("in "+g.name)))
	}
	may := 0
	for _, user := range []authz.UserID{"ana", "in Editors", "in Movers", "in Leads", "in Desk", "nobody"} {
		assigns := map[authz.GroupName]bool{}
		for _, name := range engine.View().Rights(user).Assigns {
			assigns[name] = true
		}
		for _, group := range []authz.GroupName{"Editors", "Movers", "Leads", "Desk", authz.Administrators, "Nobody"} {
			for _, action := range []authz.Action{
				authz.ActionGroupUpdate, authz.ActionGroupDelete, authz.ActionGroupMembersChange, authz.ActionUserDelete,
				authz.ActionPolicyImport, "no such action",
			} {
				o := authz.Operation{Action: action, Group: group, Add: []authz.UserID{"other"}}
				if got, err := engine.View().May(user, o), engine.As(user).Authorize(ctx, o); got != (err == nil) {
					t.Errorf("%s may try %s of %s: %v, but Authorize says %v", user, action, group, got, err)
				} else if got {
					may++
				}
			}
			_, err := engine.As(user).DryRun().Assign(ctx, group, "other")
			if got := engine.View().MayAssign(user, group); got == errors.Is(err, authz.ErrForbidden) && group != authz.Administrators {
				t.Errorf("%s may assign the members of %s: %v, but a change says %v", user, group, got, err)
			}
			if want := group != "Nobody" && engine.View().MayAssign(user, group); assigns[group] != want {
				t.Errorf("%s assigns the members of %s: %v", user, group, assigns[group])
			}
		}
	}
	if v := engine.View(); !v.May("in Movers", authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Desk"}) || v.MayAssign("in Movers", authz.Administrators) {
		t.Error("someone who isn't an administrator may assign the members of Administrators")
	}
	if may == 0 {
		t.Error("nobody may try anything")
	}
}

// A policy that is too old gives no rights.
func TestNoRightsByAnOldPolicy(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	open(t, store, authz.Options{Bootstrap: "ana"})
	old := open(t, store, authz.Options{MaxAge: 1, PollInterval: time.Hour})
	if r := old.View().Rights("ana"); r.Administrator || len(r.Permissions) > 0 || len(r.Assigns) > 0 {
		t.Errorf("the rights are %+v", r)
	}
}
