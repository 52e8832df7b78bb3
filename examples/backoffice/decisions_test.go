package main

import (
	"encoding/csv"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// where returns a request for a route that requires a permission, alone or among others.
func where(permission string) (method, path, body string, found bool) {
	kinds := map[string]string{"deposit": "1", "withdrawal": "2", "transfer": "3", "verification": "4"}
	object, action, _ := strings.Cut(permission, ":")
	if kind, ok := strings.CutPrefix(object, "clients.requests."); ok && kinds[kind] != "" {
		switch action {
		case "view":
			return "GET", "/requests/" + kinds[kind], "", true
		case "update":
			return "POST", "/requests/" + kinds[kind] + "/approve", "", true
		}
		return "", "", "", false
	}
	route, ok := map[string][3]string{
		"clients.profiles:view":                 {"GET", "/profiles"},
		"clients.profiles:update":               {"POST", "/profiles/1", "email=ada%40new.example"},
		"finance.operations:view":               {"GET", "/operations"},
		"finance.operations:create":             {"POST", "/operations", "account=A-1001&amount=1&note=test"},
		"finance.balances:view":                 {"GET", "/balances"},
		"finance.balances:adjust":               {"POST", "/balances/A-1001/adjust", "amount=1&reason=test"},
		"finance.reports:export":                {"GET", "/reports/operations.csv"},
		"system.requests.resolutions:view":      {"GET", "/resolutions"},
		"system.requests.resolution-types:view": {"GET", "/resolution-types"},
		"system.settings:view":                  {"GET", "/settings"},
		"system.settings:update":                {"POST", "/settings", "name=company-name&value=test"},
	}[permission]
	return route[0], route[1], route[2], ok
}

// Every permission of the catalog is required by some route.
func TestEveryPermissionHasARoute(t *testing.T) {
	o := newOffice(t)
	for _, entry := range o.engine.View().Catalog(nil, "") {
		if strings.HasPrefix(string(entry.Permission), "rightful.") {
			continue
		}
		if _, _, _, found := where(string(entry.Permission)); !found {
			t.Errorf("no route requires %s", entry.Permission)
		}
	}
}

// The scenario's decisions hold over HTTP, through the middleware: a 403 lists a permission as
// missing if and only if the user doesn't hold it.
func TestDecisionsOverHTTP(t *testing.T) {
	o := newOffice(t)
	file, err := os.Open("../../authz/testdata/backoffice/decisions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decisions, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sessions, asked := map[string]header{}, 0
	for _, d := range decisions[1:] {
		user, permission, allowed := d[0], d[1], d[2] == "true"
		method, path, body, found := where(permission)
		if !found { // no route requires it
			if got := o.engine.Can(authz.UserID(user), authz.Permission(permission)); got != allowed {
				t.Errorf("Can(%s, %s) = %v", user, permission, got)
			}
			continue
		}
		if sessions[user] == "" {
			sessions[user] = o.withAccount(user)
		}
		r := o.send(method, path, body, sessions[user], asForm)
		asked++
		switch {
		case r.status == http.StatusOK && allowed:
		case r.status == http.StatusForbidden:
			if missing := r.problem(t).missing(); slices.Contains(missing, permission) == allowed {
				t.Errorf("%s %s as %s: missing are %v, want %s allowed: %v", method, path, user, missing, permission, allowed)
			}
		default:
			t.Errorf("%s %s as %s answered %d, want %s allowed: %v", method, path, user, r.status, permission, allowed)
		}
	}
	if asked < 30 {
		t.Errorf("only %d of %d decisions were asked over HTTP", asked, len(decisions)-1)
	}
}

// withAccount signs a user in, with a new account if the policy doesn't name the user.
func (o *office) withAccount(user string) header {
	o.t.Helper()
	if err := o.users.add(o.db, []authz.UserID{authz.UserID(user)}, o.users.decoy); err != nil {
		o.t.Fatal(err)
	}
	return o.signIn(user)
}
