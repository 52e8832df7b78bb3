package authz_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// adopted is an engine over a table that plain Casbin filled.
func adopted(t *testing.T, rows ...authz.Row) *authz.Engine {
	t.Helper()
	store := authztest.NewStore()
	store.InsertRows(rows...)
	engine := open(t, store, authz.Options{})
	if _, err := engine.AuditRecords(t.Context()); err != nil {
		t.Errorf("right after the adoption: %v", err)
	}
	return engine
}

// A cycle in the table ends no process: neither a decision nor an explanation.
func TestCycleInTheTable(t *testing.T) {
	t.Parallel()
	engine := withRows(t, row("g", "group:Juniors", "group:Trainees"), row("g", "group:Trainees", "group:Juniors"))
	for _, p := range []authz.Permission{"a.b:view", "a.c:edit"} {
		if engine.Can("jo", p) != engine.Explain("jo", p).Allowed {
			t.Errorf("Can and Explain differ on %q", p)
		}
	}
	if engine.Can("jo", "a.c:edit") || !engine.Can("jo", "a.b:view") || len(engine.View().PermissionsOf("jo")) != 0 {
		t.Error("decisions are wrong")
	}
}

// A group of a plain table in a second spelling is nobody's user: its rows stay, as bad rows
// of a group, and what they may restrict is denied.
func TestAdoptionOfASecondSpelling(t *testing.T) {
	t.Parallel()
	engine := adopted(t,
		row("p", "administrators", "*", "*", "allow"), row("g", "ana", "administrators"),
		row("g", "ben", "editors"), row("g", "cleo", "Editors"),
		row("p", "cleo", "doc", "read", "allow"), row("p", "Editors", "doc", "read", "deny"))
	if engine.Can("administrators", "x:y") || engine.Can("ana", "x:y") {
		t.Error("someone holds everything")
	}
	if engine.Can("cleo", "doc:read") {
		t.Error("cleo's restriction is lost")
	}
}

// What a bad row of a bare group restricts stays restricted for its members.
func TestAdoptionKeepsBadRestrictions(t *testing.T) {
	t.Parallel()
	engine := adopted(t, row("p", "editors", "*", "*", "allow"), row("p", "editors", "art*cle", "read", "deny"), row("g", "ben", "editors"))
	if engine.Can("ben", "article:read") {
		t.Error("a restriction with a bad object is lost")
	}
	engine = adopted(t, row("p", "editors", "doc", "read", "deny"), row("g", "ben", "editors", "t1"), row("p", "ben", "doc", "read", "allow"))
	if engine.Can("ben", "doc:read") {
		t.Error("the restriction of a group that only a bad row names is lost")
	}
}

// A table that was emptied stops no start; the command is the way back in.
func TestEmptiedTable(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "eve", authz.RulesDelta{Grant: []authz.Pattern{"rightful.groups:*"}}))
	_ = engine.Close()
	store.DeleteRow(idOf(t, store, "p", "group:Administrators"))
	store.DeleteRow(idOf(t, store, "g", "ana"))
	engine = open(t, store, authz.Options{Bootstrap: "mallory"})
	if engine.Can("ana", "a:b") || engine.Can("mallory", "a:b") {
		t.Error("someone is an administrator")
	}
	must(t)(engine.As("eve").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	must(t)(engine.AsCommand("root").Bootstrap(t.Context(), "ana"))
	if !engine.Can("ana", "a:b") {
		t.Error("there is no way back in")
	}
}

// A repair that puts back what the table had lost fits the records, which never lost it.
func TestRepairFitsTheRecords(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	_ = engine.Close()
	store.DeleteRow(idOf(t, store, "p", "group:Administrators"))
	store.InsertRows(row("g", "group:Administrators", "group:Administrators"), row("p", "group:Administrators", "a", "b", "deny"))
	engine = open(t, store, authz.Options{})
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	if _, err := engine.AuditRecords(t.Context()); err != nil {
		t.Error(err)
	}
	if again := open(t, store, authz.Options{}); again.View().Revision() != engine.View().Revision() {
		t.Error("the next start has something to repair again")
	}
}

// A link onto Administrators that appears while an engine runs gives nothing when it is read,
// and stops nobody from writing.
func TestLinkOntoAdministratorsInService(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "X"}))
	must(t)(ana.Assign(ctx, "X", "ben"))
	store.InsertRows(row("g", "group:X", "group:Administrators"))
	store.DeleteRow(idOf(t, store, "g", "ben"))
	must(t)(ana.Unassign(ctx, "X", "ben")) // which meets the changed table and reads it anew
	must(t)(ana.Assign(ctx, "X", "cleo"))
	if engine.Can("cleo", "a:b") {
		t.Error("cleo holds everything")
	}
}

// A rename that changes only the spelling doesn't wake a bad row either.
func TestRenameOfSpellingWakesNoBadRow(t *testing.T) {
	t.Parallel()
	engine := withRows(t, row("g", "eve", "group:desk"), row("p", "group:desk", "*", "*", "allow"))
	if _, err := engine.As("ana").UpdateGroup(t.Context(), "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("desk"))}); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// What a bad row denies is no escalation of whoever puts its holder into a group.
func TestAssigningSomeoneWhomABadRowDenies(t *testing.T) {
	t.Parallel()
	engine := withRows(t, row("p", "gita", "a", "view", "perhaps"))
	ctx := t.Context()
	must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Empty"}))
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "lena", authz.RulesDelta{Grant: []authz.Pattern{
		"rightful.groups:view", "rightful.users:view", "rightful.members/Empty:assign",
	}}))
	must(t)(engine.As("lena").Assign(ctx, "Empty", "gita"))
}

// The right to assign covers one group or all of them: none comes under it by a new name.
func TestNoRightToAssignByTheBeginningOfAName(t *testing.T) {
	t.Parallel()
	if err := authz.Pattern("rightful.members/desk.*:assign").Check(); err == nil {
		t.Error("accepted")
	}
	if err := authz.Pattern("rightful.members/*:assign").Check(); err != nil {
		t.Error(err)
	}
}

// Authorize knows every operation that it lets someone try.
func TestAuthorizeRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	dave := office(t).As("dave")
	for _, a := range []authz.Action{authz.ActionPolicyRepair, authz.ActionBootstrap, authz.ActionPolicySeed, "typo"} {
		if err := dave.Authorize(t.Context(), authz.Operation{Action: a}); !errors.Is(err, authz.ErrForbidden) {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// An import in a mode that doesn't exist is refused, and doesn't merge.
func TestImportModeMustExist(t *testing.T) {
	t.Parallel()
	engine := office(t)
	if _, err := engine.As("ana").Import(t.Context(), authz.PolicyFile{}, "Replace"); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// Past Options.MaxAge a write says that the policy is too old, not that a right is missing.
func TestWritePastMaxAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", MaxAge: time.Minute})
		away := errors.New("connection refused")
		store.Fail(away, authztest.CallPosition, authztest.CallLoad, authztest.CallSince)
		time.Sleep(2 * time.Minute)
		if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, "eve"); !errors.Is(err, authz.ErrStoreUnavailable) {
			t.Errorf("%v", err)
		}
		_ = engine.Close()
	})
}

// What a caller does to the bad rows that it was given stays with the caller.
func TestBadRowsAreCopies(t *testing.T) {
	t.Parallel()
	engine := withRows(t, row("p", "ben", "a*b", "view", "deny"))
	engine.View().BadRows()[0].Values[1] = "cleo"
	if got := engine.View().BadRows()[0].Values[1]; got != "ben" {
		t.Errorf("it is %q now", got)
	}
}
