package api_test

import (
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
		{"cleo", "W/" + tag, 304},
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
	defer engine.Close()
	d.mount(engine)
	if tag() == member {
		t.Error("another catalog left the tag as it was")
	}
}
