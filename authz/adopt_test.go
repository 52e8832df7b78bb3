package authz_test

import (
	"fmt"
	"slices"
	"testing"

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

// The policy of a table that plain Casbin filled is adopted as one recorded change.
func TestAdoption(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(
		row("p", "desk", "a.*", "view"), // no effect: taken as allow
		row("p", "desk", "a.b", "edit", "deny"),
		row("p", "ben", "x", "view", "allow"),
		row("g", "ben", "desk"),
		row("g", "lead", "desk"), // lead stands on the right below, so it is a group
		row("g", "dana", "lead"),
		row("p", "role:odd", "a", "b", "allow"),         // a user, as far as anyone can tell
		row("g", "eve", "role:x"),                       // no name for a group
		row("p", "Administrators", "a", "b", "allow"),   // nobody's: not on the right of a g
		row("p", "desk", "a.*", "view", "allow"),        // the same as the first
		authz.Row{Type: "p", V: [6]string{"x", "", ""}}, // bad
	)
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	for _, d := range []struct {
		user authz.UserID
		p    authz.Permission
		want bool
	}{
		{"ben", "a.q:view", true},
		{"ben", "a.b:edit", false},
		{"ben", "x:view", true},
		{"dana", "a.q:view", true},
		{"desk", "a.q:view", false},
		{"eve", "a:b", false},
		{"ana", "any:thing", true},
	} {
		if got := engine.Can(d.user, d.p); got != d.want {
			t.Errorf("Can(%q, %q) = %v", d.user, d.p, got)
		}
	}
	c, err := engine.Change(t.Context(), 1)
	if err != nil || c.Action != authz.ActionPolicyAdopt || c.Actor.Kind != authz.ActorStart {
		t.Errorf("%v, %+v", err, c)
	}
	if n := len(engine.View().BadRows()); n != 2 {
		t.Errorf("%d bad rows: %+v", n, engine.View().BadRows())
	}
	if _, err := engine.AuditRecords(t.Context()); err != nil {
		t.Error(err)
	}
	again := open(t, store, authz.Options{})
	if again.View().Revision() != engine.View().Revision() || !again.Can("dana", "a.q:view") {
		t.Error("the second start adopts again, or reads otherwise")
	}
}

// Members of a group that happened to be called Administrators don't gain everything by the
// adoption.
func TestAdoptionMakesNobodyAnAdministratorByName(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(row("p", "Administrators", "a", "view"), row("g", "ben", "Administrators"))
	engine := open(t, store, authz.Options{})
	if engine.Can("ben", "vault:open") || engine.Can("Administrators", "a:view") {
		t.Error("more than plain Casbin gave")
	}
	marked := authztest.NewStore()
	marked.InsertRows(row("g", "ben", "group:Administrators"), row("p", "group:Administrators", "a", "view", "allow"))
	for range 2 { // what was left in the table would count on the second start
		engine = open(t, marked, authz.Options{Bootstrap: "ana"})
		if slices.Contains(engine.View().User("ben").Groups, authz.Administrators) || engine.Can("ben", "a:view") || !engine.Can("ana", "a:view") {
			t.Error("a marked row made an administrator")
		}
		if _, err := engine.AuditRecords(t.Context()); err != nil {
			t.Error(err)
		}
	}
	store = authztest.NewStore()
	store.InsertRows(row("p", "Administrators", "*", "*"), row("g", "ben", "Administrators"))
	if !open(t, store, authz.Options{}).Can("ben", "vault:open") {
		t.Error("who held everything holds it still")
	}
}

// Cycles and overlong chains don't stop an adoption: the rows that make them are removed from
// the table, and recorded.
func TestAdoptionBreaksCyclesAndLongChains(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(row("g", "group:A", "group:B"), row("g", "group:B", "group:A"), row("p", "group:A", "a", "view"), row("g", "ben", "group:A"))
	for i := range 12 {
		store.InsertRows(row("g", fmt.Sprintf("group:C%d", i), fmt.Sprintf("group:C%d", i+1)))
	}
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	if !engine.Can("ben", "a:view") {
		t.Error("ben lost what no cycle touches")
	}
	c, err := engine.Change(t.Context(), 1)
	if err != nil || len(c.Delta.RemovedRows) != 2 {
		t.Errorf("%v, removed %+v", err, c.Delta.RemovedRows)
	}
	if again := open(t, store, authz.Options{}); again.View().Revision() != engine.View().Revision() {
		t.Error("the second start had something to do")
	}
}

// A second spelling of a group name in a plain table isn't taken for a user: its rows stay as
// bad rows of a group, and what they may restrict is denied.
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

// What a bad row of an unmarked group restricts stays restricted for its members.
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
