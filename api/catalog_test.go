package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

func TestHolderOperation(t *testing.T) {
	runExchanges(t, []exchange{
		{"viewer", "GET", "/permission-holders?permission=finance.operations:view", "", "", 200, ""},
		{"viewer", "GET", "/permission-holders?permission=no.such:thing", "", "", 200, ""},
		{"", "GET", "/permission-holders?permission=finance.operations:view", "", "", 401, "unauthenticated"},
		{"group-viewer", "GET", "/permission-holders?permission=finance.operations:view", "", "", 403, "forbidden"},
		{"group-viewer", "GET", "/permission-holders", "", "", 403, "forbidden"},
		{"viewer", "GET", "/permission-holders", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/permission-holders?permission=", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/permission-holders?permission=nothing", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/permission-holders?permission=finance.*:view", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/permission-holders?permission=a:b&permission=a:c", "", "", 400, "malformed-request"},
	})
}

// What a browser has of the catalog, and of permissions in the catalog's words, is not taken for current once the
// application replaces the catalog, although the revision stays.
func TestReplacedCatalogInvalidatesAnswers(t *testing.T) {
	d := newDesk(t)
	paths := []string{"/permissions", "/catalog", "/me", "/users/dana/effective", "/groups"}
	tags := map[string]string{}
	for _, path := range paths {
		tags[path] = d.get("admin", path).want(200).header.Get("ETag")
		d.do("admin", "GET", path, "", "If-None-Match", tags[path]).want(304)
	}
	entries := d.engine.View().Catalog(nil, "")
	entries = slices.DeleteFunc(entries, func(e authz.Entry) bool { return strings.HasPrefix(string(e.Permission), "rightful.") })
	for i := range entries {
		entries[i].Label += " now"
	}
	if err := d.engine.SetCatalog(append(entries, authz.Entry{Permission: "brand.new:view", Label: "View what is new"})); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		d.do("admin", "GET", path, "", "If-None-Match", tags[path]).want(200)
	}
	d.do("admin", "PATCH", "/users/cleo/permissions", `{"grant":["brand.new:view"]}`).want(200)
}

// Groups come first, then users, each with every path. Restricted users aren't listed; on an
// administrator a restriction is listed without effect.
func TestHoldersAreShownWithTheirPaths(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "POST", "/groups", `{"name":"Bookkeepers","inherits":["Finance"],"permissions":{"grants":["finance.operations:create"]}}`).want(201)
	d.do("admin", "PUT", "/groups/Bookkeepers/members/dana", "").want(204)
	d.do("admin", "PATCH", "/users/admin/permissions", `{"restrict":["finance.*:create"]}`).want(200)
	d.do("admin", "PATCH", "/users/cleo/permissions", `{"grant":["finance.operations:create"]}`).want(200)
	want := []string{
		"group:Administrators grant *:* [group:Administrators]",
		"group:Bookkeepers grant finance.operations:create [group:Bookkeepers]",
		"group:Bookkeepers grant finance.*:* [group:Bookkeepers group:Finance]",
		"group:Finance grant finance.*:* [group:Finance]",
		"admin restriction finance.*:create [admin]",
		"admin grant *:* [admin group:Administrators]",
		"cleo grant finance.operations:create [cleo]",
		"dana grant finance.*:* [dana group:Finance]",
		"dana grant finance.operations:create [dana group:Bookkeepers]",
		"dana grant finance.*:* [dana group:Bookkeepers group:Finance]",
	}
	got := []string{}
	for _, item := range d.get("viewer", "/permission-holders?permission=finance.operations:create").want(200).json()["items"].([]any) {
		item := item.(map[string]any)
		for _, b := range item["origins"].([]any) {
			b := b.(map[string]any)
			got = append(got, fmt.Sprintf("%s %s %s %v", item["subject"], b["rule"], b["pattern"], b["path"]))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// The listed users are exactly those who are allowed.
func TestHoldersAgreeWithDecisions(t *testing.T) {
	d := newDesk(t)
	d.seedMany()
	for _, p := range deskCatalog {
		shown := d.pages("/permission-holders?limit=7&permission="+string(p.Permission), "subject", func(int) {})
		groups := slices.IndexFunc(shown, func(h string) bool { return len(h) < 6 || h[:6] != "group:" })
		var users []string
		for _, u := range d.get("admin", "/users?limit=500").items("id") {
			if x := d.engine.Explain(authz.UserID(u), p.Permission); x.Allowed {
				users = append(users, u)
			}
		}
		if !slices.Equal(shown[groups:], users) {
			t.Errorf("%s: shown are %q, and %q hold it", p.Permission, shown[groups:], users)
		}
	}
}

// The catalog has the application's permissions, Rightful's own, and the right to assign for each
// group.
func TestCatalog(t *testing.T) {
	runExchanges(t, []exchange{
		{"group-viewer", "GET", "/permissions", "", "", 200, ""},
		{"", "GET", "/permissions", "", "", 401, "unauthenticated"},
		{"cleo", "GET", "/permissions", "", "", 403, "forbidden"},
		{"group-viewer", "GET", "/permissions?categories=x", "", "", 400, "malformed-request"},
	})
	d := newDesk(t)
	for query, want := range map[string]string{
		"?category=Finance":              "finance.balances:adjust finance.operations:create finance.operations:view",
		"?category=Finance+%3E+Balances": "finance.balances:adjust",
		"?category=finance":              "",
		"?category=Fin":                  "",
		"?q=BOOK":                        "finance.operations:create",
		"?q=reason":                      "finance.balances:adjust",
		"?q=rightful.members/fin":        "rightful.members/Finance:assign",
		"?category=Finance&q=adjust":     "finance.balances:adjust",
		"?category=Rightful&q=export":    "rightful.members/Exporters:assign rightful.policy:export",
		"?category=System":               "system.settings:view",
	} {
		if got := strings.Join(d.get("group-viewer", "/permissions"+query).items("permission"), " "); got != want {
			t.Errorf("%s lists %s, not %s", query, got, want)
		}
	}
	first := d.get("group-viewer", "/permissions?category=Finance").body
	if want := `{"permission":"finance.balances:adjust","label":"Adjust balances","category":["Finance","Balances"],"description":"With a reason"}`; !strings.Contains(first, want) {
		t.Errorf("shown as %s", first)
	}
}
