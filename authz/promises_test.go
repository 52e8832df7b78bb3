package authz_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// attempt is one way to change Administrators that promise 1 or 2 forbids.
type attempt struct {
	name string
	want error
	try  func(context.Context, authz.Admin) (authz.Change, error)
}

func attempts() []attempt {
	const admins = authz.Administrators
	line := func(fields ...string) authz.PolicyFile {
		return authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: fields}}}
	}
	rules := func(name string, delta authz.RulesDelta) attempt {
		return attempt{name, authz.ErrProtectedGroup, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeGroupPermissions(ctx, admins, delta)
		}}
	}
	return []attempt{
		{"removed", authz.ErrProtectedGroup, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.DeleteGroup(ctx, admins, true)
		}},
		{"renamed", authz.ErrProtectedGroup, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, admins, authz.GroupPatch{Name: ptr(authz.GroupName("Staff"))})
		}},
		rules("narrowed", authz.RulesDelta{Revoke: []authz.Pattern{"*:*"}}),
		rules("widened", authz.RulesDelta{Grant: []authz.Pattern{"a.*:*"}}),
		rules("widened by nonsense, which is refused before it is read", authz.RulesDelta{Grant: []authz.Pattern{"**"}}),
		rules("restricted", authz.RulesDelta{Restrict: []authz.Pattern{"a:b"}}),
		{"set to nothing", authz.ErrProtectedGroup, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetGroupPermissions(ctx, admins, authz.Rules{})
		}},
		{"set to less", authz.ErrProtectedGroup, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetGroupPermissions(ctx, admins, authz.Rules{Grants: []authz.Pattern{"a.*:*"}})
		}},
		{"made to inherit", authz.ErrProtectedGroup, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, admins, authz.GroupPatch{Inherits: &[]authz.GroupName{"Desk"}})
		}},
		{"inherited", authz.ErrProtectedGroup, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Desk", authz.GroupPatch{Inherits: &[]authz.GroupName{admins}})
		}},
		{"inherited from birth", authz.ErrProtectedGroup, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "New", Inherits: []authz.GroupName{admins}})
		}},
		{"emptied", authz.ErrLastAdministrator, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Unassign(ctx, admins, "ana")
		}},
		{"emptied by the user's groups", authz.ErrLastAdministrator, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetUserGroups(ctx, "ana", []authz.GroupName{"Desk"})
		}},
		{"emptied by the user's deletion", authz.ErrLastAdministrator, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.DeleteUser(ctx, "ana")
		}},
		{"impersonated by a group in other letters", authz.ErrGroupExists, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "ＡＤＭＩＮＩＳＴＲＡＴＯＲＳ"})
		}},
		{"impersonated by a renamed group", authz.ErrGroupExists, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("administrators"))})
		}},
		{"impersonated by a user's id", authz.ErrInvalid, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetUserPermissions(ctx, "group:Administrators", authz.Rules{})
		}},
		{"made a member", authz.ErrInvalid, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Assign(ctx, "Desk", "group:Administrators")
		}},
		{"widened by an import", authz.ErrImportRejected, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Import(ctx, line("p", "group:Administrators", "a", "b", "allow"), authz.ImportMerge)
		}},
		{"restricted by an import", authz.ErrImportRejected, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Import(ctx, line("p", "group:Administrators", "a", "b", "deny"), authz.ImportMerge)
		}},
		{"inherited by an import", authz.ErrImportRejected, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Import(ctx, line("g", "group:Desk", "group:Administrators"), authz.ImportReplace)
		}},
		{"made to inherit by an import", authz.ErrImportRejected, func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Import(ctx, line("g", "group:Administrators", "group:Desk"), authz.ImportMerge)
		}},
	}
}

// No administrator and no command can change or remove the group Administrators (promises 1 and
// 2).
func TestAdministratorsIsProtected(t *testing.T) {
	t.Parallel()
	for _, at := range attempts() {
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			engine := office(t)
			for _, acting := range []authz.Admin{engine.As("ana"), engine.AsCommand("test")} {
				revision := engine.View().Revision()
				if _, err := at.try(t.Context(), acting); !errors.Is(err, at.want) {
					t.Errorf("got %v, want %v", err, at.want)
				}
				if engine.View().Revision() != revision {
					t.Error("it made a change")
				}
			}
			if !engine.Can("ana", "whatever.comes:next") {
				t.Error("ana is no administrator any more")
			}
		})
	}
}

// A user who may change groups and users but is no administrator can neither add nor remove
// administrators.
func TestOnlyAdministratorsChangeAdministrators(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, dave := t.Context(), engine.As("dave")
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "dave", authz.RulesDelta{Grant: []authz.Pattern{"*:*"}}))
	tries := map[string]func() (authz.Change, error){
		"joins":        func() (authz.Change, error) { return dave.Assign(ctx, authz.Administrators, "dave") },
		"puts another": func() (authz.Change, error) { return dave.Assign(ctx, authz.Administrators, "eve") },
		"throws out":   func() (authz.Change, error) { return dave.Unassign(ctx, authz.Administrators, "ana") },
		"sets groups": func() (authz.Change, error) {
			return dave.SetUserGroups(ctx, "eve", []authz.GroupName{authz.Administrators})
		},
		"deletes": func() (authz.Change, error) { return dave.DeleteUser(ctx, "ana") },
		"imports": func() (authz.Change, error) {
			return dave.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{
				{Number: 1, Fields: []string{"g", "eve", "group:Administrators"}},
			}}, authz.ImportMerge)
		},
	}
	for name, try := range tries {
		if _, err := try(); !errors.Is(err, authz.ErrEscalation) {
			t.Errorf("%s: got %v, want an escalation", name, err)
		}
	}
	must(t)(engine.As("ana").Assign(ctx, authz.Administrators, "eve"))
	must(t)(engine.As("eve").Unassign(ctx, authz.Administrators, "ana"))
	if _, err := engine.As("eve").Unassign(ctx, authz.Administrators, "eve"); !errors.Is(err, authz.ErrLastAdministrator) {
		t.Errorf("the last one leaves: %v", err)
	}
}

// A replacing import keeps Administrators and its members, whatever the file says.
func TestReplacingImportLeavesAdministratorsAlone(t *testing.T) {
	t.Parallel()
	engine := office(t)
	file := authz.PolicyFile{Lines: []authz.PolicyLine{
		{Number: 1, Fields: []string{"p", "group:Administrators", "a", "b", "deny"}},
		{Number: 2, Fields: []string{"g", "eve", "group:Administrators"}},
		{Number: 3, Fields: []string{"p", "group:New", "a", "b", "allow"}},
	}}
	must(t)(engine.As("ana").Import(t.Context(), file, authz.ImportReplace))
	view := engine.View()
	if members := view.Users(authz.UserQuery{Group: authz.Administrators}); len(members) != 1 || members[0] != "ana" {
		t.Errorf("members are %q", members)
	}
	if !engine.Can("ana", "a:b") || engine.Can("eve", "a:b") {
		t.Error("the file had its way with Administrators")
	}
	desk, ok := view.Group("Desk")
	if !ok || len(desk.Permissions.Grants) > 0 {
		t.Errorf("a group that the file doesn't name is emptied and stays: %v, %+v", ok, desk)
	}
	if _, err := engine.As("dave").Import(t.Context(), file, authz.ImportReplace); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("replacing is for administrators only: %v", err)
	}
}

// directory says who can sign in.
type directory map[authz.UserID]bool

func (d directory) Active(_ context.Context, u authz.UserID) (bool, error) {
	active, known := d[u]
	if !known {
		return true, errors.New("no answer")
	}
	return active, nil
}

// An administrator can leave, and the command can remove one, only if another member can sign
// in.
func TestLeavingAdministratorsNeedsAnotherActiveMember(t *testing.T) {
	t.Parallel()
	people := directory{"ana": true, "gone": false}
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Directory: people})
	ctx := t.Context()
	must(t)(engine.As("ana").Assign(ctx, authz.Administrators, "gone", "unknown"))
	if _, err := engine.As("ana").Unassign(ctx, authz.Administrators, "ana"); !errors.Is(err, authz.ErrLastAdministrator) {
		t.Errorf("leaving with nobody active behind: %v", err)
	}
	if _, err := engine.AsCommand("root").Unassign(ctx, authz.Administrators, "ana"); !errors.Is(err, authz.ErrLastAdministrator) {
		t.Errorf("the command removing the only active one: %v", err)
	}
	must(t)(engine.As("ana").Unassign(ctx, authz.Administrators, "gone"))
	people["unknown"] = true
	must(t)(engine.As("ana").Unassign(ctx, authz.Administrators, "ana"))
}

// A member whose membership has ended, and waits to be removed, is no other member.
func TestLeavingAdministratorsBesideAnEndedMember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		people := directory{"ana": true, "bob": true, "gone": false}
		engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana", Directory: people})
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.Assign(ctx, authz.Administrators, "gone"))
		must(t)(ana.Until(time.Now().Add(time.Second)).Assign(ctx, authz.Administrators, "bob"))
		time.Sleep(time.Second + time.Second/16) // the removal mostly comes later
		if _, err := ana.Unassign(ctx, authz.Administrators, "ana"); !errors.Is(err, authz.ErrLastAdministrator) {
			t.Errorf("ana left: %v", err)
		}
		must(t)(ana.Until(time.Now().Add(time.Hour)).Assign(ctx, authz.Administrators, "bob"))
		must(t)(ana.Unassign(ctx, authz.Administrators, "ana"))
	})
}
