package authz_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// rung is one call in a ladder: it has the faults of all rungs after it, and one more.
type rung struct {
	want error
	try  func() (authz.Change, error)
}

// ladderOffice is an office with a catalog. nora has no rights, gus may delete groups and
// nothing else, dave may change everything and holds little: what Finance gives he lacks.
func ladderOffice(t *testing.T) *authz.Engine {
	t.Helper()
	var catalog authz.Catalog
	for _, p := range []authz.Permission{"requests.deposit:view", "requests.deposit:update", "finance.balances:adjust", "finance.reports:export"} {
		catalog = append(catalog, authz.Entry{Permission: p, Label: "L"})
	}
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Catalog: catalog})
	ctx, ana := t.Context(), engine.As("ana")
	for _, spec := range []authz.GroupSpec{
		{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.*:view"}}},
		{Name: "Finance", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}, Restrictions: []authz.Pattern{"finance.reports:export"}}},
		{Name: "Leads", Permissions: authz.Rules{Grants: []authz.Pattern{"rightful.groups:*", "rightful.users:*", "rightful.policy:*", "requests.*:view"}}},
		{Name: "Auditors", Permissions: authz.Rules{Grants: []authz.Pattern{"rightful.changes:view"}}},
		{Name: "Juniors", Inherits: []authz.GroupName{"Desk"}},
	} {
		must(t)(ana.CreateGroup(ctx, spec))
	}
	must(t)(ana.Assign(ctx, "Leads", "dave"))
	must(t)(ana.Assign(ctx, "Auditors", "alma"))
	must(t)(ana.Assign(ctx, "Juniors", "jo"))
	must(t)(ana.SetUserPermissions(ctx, "ron", authz.Rules{Restrictions: []authz.Pattern{"finance.*:*"}}))
	must(t)(ana.SetUserPermissions(ctx, "gus", authz.Rules{Grants: []authz.Pattern{"rightful.groups:view", "rightful.groups:delete"}}))
	return engine
}

func groupLadders(ctx context.Context, e *authz.Engine) map[string][]rung {
	stale := authz.Version{Revision: 1000}
	nora, dave, ana := e.As("nora"), e.As("dave"), e.As("ana")
	long := strings.Repeat("x", 1001)
	create := func(a authz.Admin, name authz.GroupName, description string, inherits authz.GroupName, grants ...authz.Pattern) func() (authz.Change, error) {
		return func() (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: name, Description: description, Inherits: []authz.GroupName{inherits}, Permissions: authz.Rules{Grants: grants}})
		}
	}
	patch := func(a authz.Admin, group, name authz.GroupName, description string, inherits ...authz.GroupName) func() (authz.Change, error) {
		return func() (authz.Change, error) {
			return a.UpdateGroup(ctx, group, authz.GroupPatch{Name: &name, Description: &description, Inherits: &inherits})
		}
	}
	remove := func(a authz.Admin, group authz.GroupName, release bool) func() (authz.Change, error) {
		return func() (authz.Change, error) { return a.DeleteGroup(ctx, group, release) }
	}
	set := func(a authz.Admin, group authz.GroupName, grants ...authz.Pattern) func() (authz.Change, error) {
		return func() (authz.Change, error) {
			return a.SetGroupPermissions(ctx, group, authz.Rules{Grants: grants})
		}
	}
	grant := func(a authz.Admin, group authz.GroupName, grants ...authz.Pattern) func() (authz.Change, error) {
		return func() (authz.Change, error) { return a.Grant(ctx, group, grants...) }
	}
	move := func(a authz.Admin, group authz.GroupName, add ...authz.UserID) func() (authz.Change, error) {
		return func() (authz.Change, error) { return a.ChangeMembers(ctx, group, add, []authz.UserID{"ana"}) }
	}
	return map[string][]rung{
		"CreateGroup": {
			{authz.ErrForbidden, create(nora.IfVersion(stale), "desk", long, authz.Administrators, "**", "z:z", "finance.*:*")},
			{authz.ErrRevisionConflict, create(dave.IfVersion(stale), "Desk", long, authz.Administrators, "**", "z:z", "finance.*:*")},
			{authz.ErrProtectedGroup, create(dave, "desk", long, authz.Administrators, "**", "z:z", "finance.*:*")},
			{authz.ErrInvalid, create(dave, "desk", long, "desk", "z:z", "finance.*:*")},
			{authz.ErrInvalid, create(dave, "desk", "", "Nowhere", "z:z", "finance.*:*")},
			{authz.ErrInvalid, create(dave, "desk", "", "desk", "**", "z:z", "finance.*:*")},
			{authz.ErrUnknownPermission, create(dave, "desk", "", "Juniors", "z:z", "finance.*:*")},
			{authz.ErrEscalation, create(dave, "desk", "", "Juniors", "finance.*:*")},
			{authz.ErrGroupExists, create(dave, "desk", "", "Juniors", "requests.deposit:view")},
			{authz.ErrInheritanceCycle, create(dave, "New", "", "New", "requests.deposit:view")},
			{nil, create(dave.DryRun(), "New", "", "Juniors", "requests.deposit:view")},
		},
		"UpdateGroup": {
			{authz.ErrForbidden, patch(nora.IfVersion(stale), "Nowhere", "juniors", long, authz.Administrators, "Finance", "Juniors")},
			{authz.ErrNotFound, patch(dave.IfVersion(stale), "Nowhere", "juniors", long, authz.Administrators, "Finance", "Juniors")},
			{authz.ErrRevisionConflict, patch(dave.IfVersion(stale), "Desk", "juniors", long, authz.Administrators, "Finance", "Juniors")},
			{authz.ErrProtectedGroup, patch(dave, "Desk", "juniors", long, authz.Administrators, "Finance", "Juniors")},
			{authz.ErrProtectedGroup, patch(dave, authz.Administrators, "a/b", long, "Nowhere")},
			{authz.ErrInvalid, patch(dave, "Desk", "juniors", long, "Finance", "Juniors")},
			{authz.ErrInvalid, patch(dave, "Desk", "juniors", "", "Finance", "Nowhere", "Juniors")},
			{authz.ErrInvalid, patch(dave, "Desk", "a/b", "", "Finance", "Juniors")},
			{authz.ErrEscalation, patch(dave, "Desk", "juniors", "", "Finance", "Juniors")},
			{authz.ErrGroupExists, patch(dave, "Desk", "juniors", "")},
			{authz.ErrInheritanceCycle, patch(dave, "Desk", "Front", "", "Juniors")},
			{nil, patch(dave.DryRun(), "Desk", "Front", "")},
		},
		"DeleteGroup": {
			{authz.ErrForbidden, remove(nora.IfVersion(stale), "Nowhere", true)},
			{authz.ErrForbidden, remove(e.As("gus").IfVersion(stale), "Nowhere", true)}, // may delete, but not release
			{authz.ErrForbidden, remove(e.As("gus"), authz.Administrators, true)},
			{authz.ErrNotFound, remove(dave.IfVersion(stale), "Nowhere", true)},
			{authz.ErrRevisionConflict, remove(dave.IfVersion(stale), authz.Administrators, true)},
			{authz.ErrProtectedGroup, remove(dave.Because(long), authz.Administrators, true)},
			{authz.ErrInvalid, remove(dave.Because(long), "Auditors", false)},
			{authz.ErrEscalation, remove(dave, "Auditors", false)}, // which has a member as well
			{authz.ErrGroupHasMembers, remove(ana, "Auditors", false)},
			{authz.ErrGroupInherited, remove(dave, "Desk", true)},
			{nil, remove(ana.DryRun(), "Auditors", true)},
		},
		"SetGroupPermissions": {
			{authz.ErrForbidden, set(nora.IfVersion(stale), "Nowhere", "**", "z:z", "finance.*:*")},
			{authz.ErrNotFound, set(dave.IfVersion(stale), "Nowhere", "**", "z:z", "finance.*:*")},
			{authz.ErrRevisionConflict, set(dave.IfVersion(stale), authz.Administrators, "**", "z:z", "finance.*:*")},
			{authz.ErrProtectedGroup, set(dave, authz.Administrators, "**", "z:z", "finance.*:*")},
			{authz.ErrInvalid, set(dave, "Desk", "**", "z:z", "finance.*:*")},
			{authz.ErrUnknownPermission, set(dave, "Desk", "z:z", "finance.*:*")},
			{authz.ErrEscalation, set(dave, "Desk", "finance.*:*")},
			{authz.ErrEscalation, set(dave, "Finance")}, // lifts a restriction on what dave lacks
			{nil, set(dave.DryRun(), "Desk")},
		},
		"ChangeGroupPermissions": {
			{authz.ErrForbidden, grant(nora.IfVersion(stale), "Nowhere", "**", "z:z", "finance.*:*")},
			{authz.ErrNotFound, grant(dave.IfVersion(stale), "Nowhere", "**", "z:z", "finance.*:*")},
			{authz.ErrRevisionConflict, grant(dave.IfVersion(stale), authz.Administrators, "**", "z:z", "finance.*:*")},
			{authz.ErrProtectedGroup, grant(dave, authz.Administrators, "**", "z:z", "finance.*:*")},
			{authz.ErrInvalid, grant(dave, "Desk", "**", "z:z", "finance.*:*")},
			{authz.ErrUnknownPermission, grant(dave, "Desk", "z:z", "finance.*:*")},
			{authz.ErrEscalation, grant(dave, "Desk", "finance.*:*")},
			{nil, grant(dave.DryRun(), "Desk", "requests.deposit:view")},
		},
		"ChangeMembers": {
			{authz.ErrForbidden, move(nora.IfVersion(stale), "Nowhere", "a/b")},
			{authz.ErrNotFound, move(dave.IfVersion(stale), "Nowhere", "a/b")},
			{authz.ErrRevisionConflict, move(dave.IfVersion(stale), authz.Administrators, "a/b")},
			{authz.ErrInvalid, move(dave, authz.Administrators, "a/b")},
			{authz.ErrEscalation, move(dave, authz.Administrators)},
			{authz.ErrLastAdministrator, move(ana, authz.Administrators)},
			{nil, move(ana.DryRun(), authz.Administrators, "eve")},
		},
	}
}

func userLadders(ctx context.Context, e *authz.Engine) map[string][]rung {
	stale := authz.Version{Revision: 1000}
	nora, dave, ana := e.As("nora"), e.As("dave"), e.As("ana")
	long := strings.Repeat("x", 501)
	groups := func(a authz.Admin, user authz.UserID, groups ...authz.GroupName) func() (authz.Change, error) {
		return func() (authz.Change, error) { return a.SetUserGroups(ctx, user, groups) }
	}
	set := func(a authz.Admin, user authz.UserID, grants ...authz.Pattern) func() (authz.Change, error) {
		return func() (authz.Change, error) {
			return a.SetUserPermissions(ctx, user, authz.Rules{Grants: grants})
		}
	}
	grant := func(a authz.Admin, user authz.UserID, grants ...authz.Pattern) func() (authz.Change, error) {
		return func() (authz.Change, error) {
			return a.ChangeUserPermissions(ctx, user, authz.RulesDelta{Grant: grants})
		}
	}
	remove := func(a authz.Admin, user authz.UserID) func() (authz.Change, error) {
		return func() (authz.Change, error) { return a.DeleteUser(ctx, user) }
	}
	take := func(a authz.Admin, mode authz.ImportMode, lines ...[]string) func() (authz.Change, error) {
		var file authz.PolicyFile
		for i, fields := range lines {
			file.Lines = append(file.Lines, authz.PolicyLine{Number: i + 1, Fields: fields})
		}
		return func() (authz.Change, error) { return a.Import(ctx, file, mode) }
	}
	bad, unknown, strong := []string{"x"}, []string{"p", "eve", "z", "z", "allow"}, []string{"p", "eve", "finance.*", "*", "allow"}
	return map[string][]rung{
		"SetUserGroups": {
			{authz.ErrForbidden, groups(nora.IfVersion(stale), "a/b", "Nowhere", authz.Administrators)},
			{authz.ErrRevisionConflict, groups(dave.IfVersion(stale), "a/b", "Nowhere", authz.Administrators)},
			{authz.ErrInvalid, groups(dave, "a/b", authz.Administrators)},
			{authz.ErrInvalid, groups(dave, "ana", "Nowhere")},
			{authz.ErrEscalation, groups(dave, "ana", "Desk")},
			{authz.ErrLastAdministrator, groups(ana, "ana", "Desk")},
			{nil, groups(dave.DryRun(), "eve", "Desk")},
		},
		"SetUserPermissions": {
			{authz.ErrForbidden, set(nora.IfVersion(stale), "a/b", "**", "z:z", "finance.*:*")},
			{authz.ErrRevisionConflict, set(dave.IfVersion(stale), "eve", "**", "z:z", "finance.*:*")},
			{authz.ErrInvalid, set(dave, "eve", "**", "z:z", "finance.*:*")},
			{authz.ErrInvalid, set(dave, "a/b", "z:z", "finance.*:*")},
			{authz.ErrUnknownPermission, set(dave, "eve", "z:z", "finance.*:*")},
			{authz.ErrEscalation, set(dave, "eve", "finance.*:*")},
			{nil, set(dave.DryRun(), "eve", "requests.deposit:view")},
		},
		"ChangeUserPermissions": {
			{authz.ErrForbidden, grant(nora.IfVersion(stale), "a/b", "**", "z:z", "finance.*:*")},
			{authz.ErrRevisionConflict, grant(dave.IfVersion(stale), "eve", "**", "z:z", "finance.*:*")},
			{authz.ErrInvalid, grant(dave, "eve", "**", "z:z", "finance.*:*")},
			{authz.ErrUnknownPermission, grant(dave, "eve", "z:z", "finance.*:*")},
			{authz.ErrEscalation, grant(dave, "eve", "finance.*:*")},
			{nil, grant(dave.DryRun(), "eve", "requests.deposit:view")},
		},
		"DeleteUser": {
			{authz.ErrForbidden, remove(nora.IfVersion(stale), "a/b")},
			{authz.ErrRevisionConflict, remove(dave.IfVersion(stale), "ana")},
			{authz.ErrInvalid, remove(dave, "a/b")},
			{authz.ErrInvalid, remove(dave.Because(long), "ana")},
			{authz.ErrEscalation, remove(dave, "ana")},
			{authz.ErrEscalation, remove(dave, "ron")}, // whose restriction goes too
			{authz.ErrLastAdministrator, remove(ana, "ana")},
			{nil, remove(dave.DryRun(), "jo")},
		},
		"Import": {
			{authz.ErrForbidden, take(nora, authz.ImportMerge, bad, unknown, strong)},
			{authz.ErrForbidden, take(dave, authz.ImportReplace, bad, unknown, strong)},
			{authz.ErrImportRejected, take(dave, authz.ImportMerge, bad, unknown, strong)},
			{authz.ErrImportRejected, take(dave, authz.ImportMerge, unknown, strong)},
			{authz.ErrEscalation, take(dave, authz.ImportMerge, strong)},
			{nil, take(ana.DryRun(), authz.ImportReplace, strong)},
		},
		"RemoveBadRows": {
			{authz.ErrForbidden, func() (authz.Change, error) { return dave.Because(long).RemoveBadRows(ctx) }},
			{authz.ErrInvalid, func() (authz.Change, error) { return ana.Because(long).RemoveBadRows(ctx) }},
			{nil, func() (authz.Change, error) { return ana.RemoveBadRows(ctx) }},
		},
		"Bootstrap": {
			{authz.ErrEscalation, func() (authz.Change, error) { return ana.Because(long).Bootstrap(ctx, "a/b") }},
			{authz.ErrInvalid, func() (authz.Change, error) { return e.AsCommand("x").Bootstrap(ctx, "a/b") }},
			{authz.ErrInvalid, func() (authz.Change, error) { return e.AsCommand("x").Because(long).Bootstrap(ctx, "eve") }},
			{nil, func() (authz.Change, error) { return e.AsCommand("x").DryRun().Bootstrap(ctx, "eve") }},
		},
	}
}

// Of several errors the engine reports the first in the documented order, so that unauthorized
// callers can't probe for existence.
func TestErrorPrecedence(t *testing.T) {
	t.Parallel()
	engine := ladderOffice(t)
	revision := engine.View().Revision()
	for _, ladders := range []map[string][]rung{groupLadders(t.Context(), engine), userLadders(t.Context(), engine)} {
		for name, ladder := range ladders {
			for i, r := range ladder {
				if _, err := r.try(); !errors.Is(err, r.want) {
					t.Errorf("%s, rung %d: %v, want %v", name, i, err, r.want)
				}
			}
		}
	}
	if engine.View().Revision() != revision {
		t.Error("something refused was stored")
	}
}

// The refusal is the same for what exists and what doesn't, whatever else is wrong with the
// call.
func TestForbiddenRevealsNothing(t *testing.T) {
	t.Parallel()
	engine := ladderOffice(t)
	ctx, nora := t.Context(), engine.As("nora")
	for _, group := range []authz.GroupName{"Desk", "Nowhere", authz.Administrators, "a/b", ""} {
		for what, try := range map[string]func(authz.Admin) (authz.Change, error){
			"forbidden: this needs rightful.groups:view, rightful.groups:update":                                             func(a authz.Admin) (authz.Change, error) { return a.Grant(ctx, group, "**") },
			"forbidden: this needs rightful.groups:view, rightful.groups:delete, rightful.users:view, rightful.users:update": func(a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, group, true) },
			"forbidden: this needs rightful.groups:view, rightful.users:view, rightful.users:update":                         func(a authz.Admin) (authz.Change, error) { return a.Assign(ctx, group, "nora") },
		} {
			for _, a := range []authz.Admin{nora, nora.IfVersion(authz.Version{Revision: 1}), nora.DryRun(), nora.Because("\x00"), engine.As(""), engine.As("group:Administrators")} {
				if _, err := try(a); err == nil || err.Error() != what {
					t.Errorf("%q: %v, not %s", group, err, what)
				}
			}
		}
	}
}
