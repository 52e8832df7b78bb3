package authz_test

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// Every operation makes one revision. Repeated, where that is possible, it makes none.
func TestEachOperationMakesOneRevision(t *testing.T) {
	t.Parallel()
	engine := office(t)
	for _, o := range operations() {
		before := engine.View().Revision()
		c := must(t)(o.do(t.Context(), engine.AsCommand("test").Because("why").Via("test")))
		if c.Revision != before+1 || engine.View().Revision() != before+1 || len(c.Hash) == 0 || c.Reason != "why" || c.Channel != "test" || c.Actor.ID != "test" || c.At.IsZero() {
			t.Errorf("%s at %d: %+v", o.name, before, c)
		}
		stored, err := engine.Change(t.Context(), c.Revision)
		if err != nil || stored.Action != c.Action || stored.Target != c.Target || !stored.At.Equal(c.At) || hex.EncodeToString(stored.Hash) != hex.EncodeToString(c.Hash) {
			t.Errorf("%s: stored as %+v (%v)", o.name, stored, err)
		}
	}
	checkRecords(t, engine)
}

// A write that changes nothing records nothing and doesn't call the store.
func TestWriteThatChangesNothingRecordsNothing(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	ctx, ana, command := t.Context(), engine.As("ana"), engine.AsCommand("test")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Base"}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Description: "d", Inherits: []authz.GroupName{"Base"}, Permissions: authz.Rules{
		Grants: []authz.Pattern{"a:b", "a.*:*"}, Restrictions: []authz.Pattern{"a.c:d"},
	}}))
	must(t)(ana.Assign(ctx, "Desk", "ben"))
	must(t)(ana.SetUserPermissions(ctx, "ben", authz.Rules{Grants: []authz.Pattern{"x:y"}, Restrictions: []authz.Pattern{"x:z"}}))
	var file authz.PolicyFile
	for i, r := range engine.View().Export() {
		fields := slices.DeleteFunc(append([]string{r.Type}, r.V[:]...), func(s string) bool { return s == "" })
		file.Lines = append(file.Lines, authz.PolicyLine{Number: i + 1, Fields: fields})
	}
	revision, export := engine.View().Revision(), engine.View().Export()
	store.Fail(errors.New("something is written"), authztest.CallCommit)
	for what, do := range map[string]func() (authz.Change, error){
		"an empty patch": func() (authz.Change, error) { return ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{}) },
		"the same patch": func() (authz.Change, error) {
			return ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Desk")), Description: ptr("d"), Inherits: &[]authz.GroupName{"Base", "Base"}})
		},
		"an empty delta":      func() (authz.Change, error) { return ana.ChangeGroupPermissions(ctx, "Desk", authz.RulesDelta{}) },
		"no grant":            func() (authz.Change, error) { return ana.Grant(ctx, "Desk") },
		"a grant again":       func() (authz.Change, error) { return ana.Grant(ctx, "Desk", "a:b", "a:b") },
		"a restriction again": func() (authz.Change, error) { return ana.Restrict(ctx, "Desk", "a.c:d") },
		"taking what isn't there": func() (authz.Change, error) {
			return ana.ChangeGroupPermissions(ctx, "Desk", authz.RulesDelta{Revoke: []authz.Pattern{"q:q", "a.c:d"}, Lift: []authz.Pattern{"q:q", "a:b"}})
		},
		"the same rules": func() (authz.Change, error) {
			return ana.SetGroupPermissions(ctx, "Desk", authz.Rules{Grants: []authz.Pattern{"a.*:*", "a:b", "a:b"}, Restrictions: []authz.Pattern{"a.c:d"}})
		},
		"Administrators as it is": func() (authz.Change, error) {
			return ana.SetGroupPermissions(ctx, authz.Administrators, authz.Rules{Grants: []authz.Pattern{"*:*"}})
		},
		"Administrators again": func() (authz.Change, error) { return ana.Grant(ctx, authz.Administrators, "*:*") },
		"a member again":       func() (authz.Change, error) { return ana.Assign(ctx, "Desk", "ben", "ben") },
		"no member":            func() (authz.Change, error) { return ana.Unassign(ctx, "Desk", "eve") },
		"nobody":               func() (authz.Change, error) { return ana.ChangeMembers(ctx, "Desk", nil, nil) },
		"the same groups":      func() (authz.Change, error) { return ana.SetUserGroups(ctx, "ben", []authz.GroupName{"Desk", "Desk"}) },
		"no groups of nobody":  func() (authz.Change, error) { return ana.SetUserGroups(ctx, "nobody", nil) },
		"the same rules of one": func() (authz.Change, error) {
			return ana.SetUserPermissions(ctx, "ben", authz.Rules{Grants: []authz.Pattern{"x:y"}, Restrictions: []authz.Pattern{"x:z"}})
		},
		"an own rule again": func() (authz.Change, error) {
			return ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"x:y"}})
		},
		"no rules of nobody":     func() (authz.Change, error) { return ana.SetUserPermissions(ctx, "nobody", authz.Rules{}) },
		"deleting nobody":        func() (authz.Change, error) { return ana.DeleteUser(ctx, "nobody") },
		"the same file":          func() (authz.Change, error) { return ana.Import(ctx, file, authz.ImportMerge) },
		"the same file, whole":   func() (authz.Change, error) { return ana.Import(ctx, file, authz.ImportReplace) },
		"an empty file":          func() (authz.Change, error) { return ana.Import(ctx, authz.PolicyFile{}, authz.ImportMerge) },
		"an administrator again": func() (authz.Change, error) { return command.Bootstrap(ctx, "ana") },
		"no bad rows":            func() (authz.Change, error) { return ana.RepairRows(ctx, authz.RowRepair{}) },
	} {
		c, err := do()
		if err != nil || c.Revision != 0 || len(c.Delta.Added)+len(c.Delta.Removed)+len(c.Delta.Groups) > 0 || len(c.Hash) > 0 || !c.At.IsZero() || c.Action == "" || c.Actor.Kind == "" {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
		if stored, err := store.Position(ctx); err != nil || stored.Revision != revision || engine.View().Revision() != revision || !slices.Equal(engine.View().Export(), export) {
			t.Fatalf("%s made revision %d", what, stored)
		}
	}
	if _, err := ana.IfVersion(authz.Version{Revision: revision + 1}).Grant(ctx, "Desk"); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("nothing to change excuses no stale version: %v", err)
	}
	if _, err := engine.As("ben").Grant(ctx, "Desk"); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("nothing to change needs the right all the same: %v", err)
	}
}
