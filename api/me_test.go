package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// The answer for front ends is small: permissions without origins.
func TestMeIsSmall(t *testing.T) {
	d := newDesk(t)
	const want = `{"user":"cleo","groups":[{"group":"Deposit viewers"}],"effective":[{"permission":"clients.requests.deposit:view"}],"revision":3}`
	if r := d.get("cleo", "/me").want(200); r.body != want {
		t.Errorf("it is %s", r.body)
	}
}

// Browsers revalidate a cached answer.
func TestMeIsRevalidated(t *testing.T) {
	d := newDesk(t)
	r := d.get("cleo", "/me").want(200)
	tag := r.header.Get("ETag")
	for _, c := range []struct {
		user, tags string
		status     int
	}{
		{"cleo", tag, 304},
		{"cleo", strings.TrimPrefix(tag, "W/"), 304},
		{"cleo", `"17", ` + tag, 304},
		{"cleo", "*", 304},
		{"cleo", `"17"`, 200},
		{"cleo", "", 200},
		{"cleo", "nonsense", 200},
		{"cleo", tag[:len(tag)-1], 200},
		{"dana", tag, 200}, // another caller of the same browser
		{"", tag, 401},
	} {
		answer := d.do(c.user, "GET", "/me", "", "If-None-Match", c.tags).want(c.status)
		if c.status == 304 && (answer.body != "" || answer.header.Get("ETag") != tag) {
			t.Errorf("%s is answered %q with %v", c.tags, answer.body, answer.header)
		}
	}
}

// The ETag changes with the policy and with the catalog.
func TestMeHasATagForWhatItSays(t *testing.T) {
	d := newDesk(t)
	tag := func() string { return d.get("cleo", "/me").want(200).header.Get("ETag") }
	before := tag()
	if tag() != before {
		t.Error("the same has two tags")
	}
	d.do("admin", "PUT", "/groups/Finance/members/cleo", "").want(204)
	member := tag()
	if member == before {
		t.Error("a change left the tag as it was")
	}
	engine, err := authz.Open(t.Context(), d.store, authz.Options{Catalog: append(deskCatalog, authz.Entry{
		Permission: "finance.reports:export", Label: "Export", Category: []string{"Finance"},
	})})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	d.mount(engine)
	if tag() == member {
		t.Error("another catalog left the tag as it was")
	}
}

// A console learns what the caller may do in this interface, and nothing else.
func TestRights(t *testing.T) {
	d := newDesk(t)
	for user, want := range map[string]string{
		"cleo":        `{"user":"cleo","administrator":false,"permissions":[],"assigns":[],"revision":3}`,
		"nobody":      `{"user":"nobody","administrator":false,"permissions":[],"assigns":[],"revision":3}`,
		"lead":        `{"user":"lead","administrator":false,"permissions":["rightful.groups:view","rightful.users:view"],"assigns":["Deposit viewers"],"revision":3}`,
		"user-editor": `{"user":"user-editor","administrator":false,"permissions":["rightful.groups:view","rightful.users:update","rightful.users:view"],"assigns":["Auditors","Deposit viewers","Exporters","Finance","Group editors","Group viewers","Importers","Requests desk","Trainees","User editors","Viewers"],"revision":3}`,
	} {
		if r := d.get(user, "/me/rights").want(200); r.body != want {
			t.Errorf("those of %s are %s", user, r.body)
		}
	}
	admin := d.get("admin", "/me/rights").want(200).json()
	if admin["administrator"] != true || len(admin["permissions"].([]any)) != 10 || len(admin["assigns"].([]any)) != 12 {
		t.Errorf("those of an administrator are %v", admin)
	}
	// The right to assign alone tells nothing about groups.
	d.do("admin", "PATCH", "/users/blind/permissions", `{"grant":["rightful.members/*:assign"]}`).want(200)
	if blind := d.get("blind", "/me/rights").want(200).json(); len(blind["assigns"].([]any)) != 0 {
		t.Errorf("someone without view rights sees %v", blind)
	}
	d.get("", "/me/rights").problem(401, "unauthenticated")
	d.do("cleo", "GET", "/me/rights?x=1", "").problem(400, "malformed-request")
	d.expire()
	d.get("admin", "/me/rights").problem(503, "store-unavailable")
}
