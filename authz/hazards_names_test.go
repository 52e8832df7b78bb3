package authz_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Hazard 9: rules are identified by their fields joined with commas.
func TestRulesWithCommasAreDistinct(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.ChangeUserPermissions(ctx, "a,b", authz.RulesDelta{Grant: []authz.Pattern{"c:d"}}))
	must(t)(ana.ChangeUserPermissions(ctx, "a", authz.RulesDelta{Grant: []authz.Pattern{"x:d"}}))
	must(t)(ana.Assign(ctx, "Desk", "a,b", "b", "a"))
	must(t)(ana.Unassign(ctx, "Desk", "a"))
	if _, err := ana.ChangeUserPermissions(ctx, "a", authz.RulesDelta{Grant: []authz.Pattern{"b,c:d"}}); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("a comma in an object: %v", err)
	}
	plain := plainCasbin(t, engine.View().Export())
	for _, q := range []struct {
		user    string
		object  string
		action  string
		allowed bool
	}{
		{"a,b", "c", "d", true},
		{"a", "b,c", "d", false},
		{"a", "c", "d", false},
		{"a", "x", "d", true},
		{"a,b", "x", "d", false},
		{"a,b", "requests.x", "view", true},
		{"b", "requests.x", "view", true},
		{"a", "requests.x", "view", false},
	} {
		can := engine.Can(authz.UserID(q.user), authz.Permission(q.object+":"+q.action))
		enforced, err := plain.Enforce(q.user, q.object, q.action)
		if can != q.allowed || enforced != q.allowed || err != nil {
			t.Errorf("%+v: Can %v, plain Casbin %v (%v)", q, can, enforced, err)
		}
	}
}

// Hazard 13: a user named like a group has the rights of the group.
func TestUserNamedLikeAGroupHasNoneOfItsRights(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.Assign(ctx, "Desk", "Finance", "Administrators")) // people who signed up so
	must(t)(ana.ChangeUserPermissions(ctx, "Administrators", authz.RulesDelta{Restrict: []authz.Pattern{"requests.*:*"}}))
	plain := plainCasbin(t, engine.View().Export())
	enforcer, err := engine.View().Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []authz.UserID{"Finance", "Administrators", "group:Finance", "group:Administrators", "Leads"} {
		for _, p := range []authz.Permission{"finance.reports:export", "rightful.users:view"} {
			if engine.Can(u, p) || engine.Explain(u, p).Allowed {
				t.Errorf("%q may %q", u, p)
			}
		}
		if ok, err := plain.Enforce(string(u), "finance.reports", "export"); (ok || err != nil) && !strings.HasPrefix(string(u), "group:") {
			t.Errorf("plain Casbin lets %q: %v", u, err)
		}
		if ok, err := enforcer(u, "finance.reports", "export"); (ok || err != nil) && !strings.HasPrefix(string(u), "group:") {
			t.Errorf("our Casbin lets %q: %v", u, err)
		}
		if _, err := engine.As(u).CreateGroup(ctx, authz.GroupSpec{Name: "Mine"}); !errors.Is(err, authz.ErrForbidden) {
			t.Errorf("%q acts: %v", u, err)
		}
	}
	if !engine.Can("Finance", "requests.deposit:view") {
		t.Error("the user Finance isn't in Desk")
	}
	if engine.Can("Administrators", "requests.deposit:view") {
		t.Error("a restriction doesn't touch the user Administrators")
	}
}

// Hazard 14: everything after a wildcard is ignored, and a wildcard matches inside a segment.
func TestWildcardIsAWholeLastSegment(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	for _, p := range []authz.Pattern{"a*b:view", "cli*:view", "*.b:view", "a.*.b:view", "**:view", "a:v*", "/a/*/b:view"} {
		_, err := ana.Grant(ctx, "Desk", p)
		if !errors.Is(err, authz.ErrInvalid) {
			t.Errorf("%q: %v", p, err)
		}
		object, action, _ := authz.Permission(p).Split()
		_, err = ana.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 7, Fields: []string{"p", "ben", object, action, "allow"}}}}, authz.ImportMerge)
		var rejected *authz.Error
		if !errors.As(err, &rejected) || rejected.Faults[0].Line != 7 {
			t.Errorf("%q imported: %v", p, err)
		}
	}
	must(t)(ana.Grant(ctx, "Desk", "clients.*:view", "/orders/*:view"))
	must(t)(ana.Assign(ctx, "Desk", "ben"))
	for p, want := range map[authz.Permission]bool{
		"clients.a:view": true, "clients.a.b:view": true, "clients:view": false, "clientsx.a:view": false, "client:view": false,
		"/orders/1:view": true, "/orders/1/x:view": true, "/orders:view": false, "/ordersx/1:view": false, "clients/a:view": false,
	} {
		if engine.Can("ben", p) != want {
			t.Errorf("%q isn't %v", p, want)
		}
	}
}

// Hazard 15b: Casbins read some names differently. Every name that Rightful accepts means the
// same to plain Casbin.
func TestOddNamesMeanTheSameToPlainCasbin(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	users := []authz.UserID{"a,b", "o'neil", "#1", "x (y)", "p", "g", "r.sub", "a b", "=1+1", "*", "ß", "ss", "group", `a\b`, "a;b", "%41", "${x}", "true", "1"}
	groups := []authz.GroupName{"#1", "Ops (night)", "p", "r.sub", "It's", "Zoë", "a b", "ß", "%41", "true"}
	for i, g := range groups {
		object := authz.Pattern(fmt.Sprintf("%s.o%d:do it", g, i))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: g, Permissions: authz.Rules{Grants: []authz.Pattern{object}}}))
		must(t)(ana.Assign(ctx, g, users[i], users[i+5]))
	}
	plain := plainCasbin(t, engine.View().Export())
	for _, u := range append(users, "ana") {
		for i, g := range groups {
			object := fmt.Sprintf("%s.o%d", g, i)
			want := u == users[i] || u == users[i+5] || u == "ana"
			got, err := plain.Enforce(string(u), object, "do it")
			if can := engine.Can(u, authz.Permission(object+":do it")); can != want || got != want || err != nil {
				t.Errorf("%q and %q: Can %v, plain Casbin %v (%v), want %v", u, object, can, got, err, want)
			}
		}
	}
}
