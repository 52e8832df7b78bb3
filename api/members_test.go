package api_test

import (
	"slices"
	"strings"
	"testing"
)

func TestMemberOperations(t *testing.T) {
	runExchanges(t, []exchange{
		{"viewer", "GET", "/groups/Finance/members", "", "", 200, ""},
		{"", "GET", "/groups/Finance/members", "", "", 401, "unauthenticated"},
		{"group-viewer", "GET", "/groups/Finance/members", "", "", 403, "forbidden"},
		{"group-viewer", "GET", "/groups/Nobody/members", "", "", 403, "forbidden"},
		{"viewer", "GET", "/groups/Nobody/members", "", "", 404, "not-found"},
		{"viewer", "GET", "/groups/Finance/members?q=d", "", "", 400, "malformed-request"},

		{"admin", "PATCH", "/groups/Finance/members", `{"add":["ben"],"remove":["dana"]}`, "", 200, ""},
		{"admin", "PATCH", "/groups/Finance/members", `{"add":["dana"],"remove":["ben"]}`, "now", 200, ""},
		{"admin", "PATCH", "/groups/Finance/members?dry_run=true", `{"add":["ben"]}`, "", 200, ""},
		{"lead", "PATCH", "/groups/Deposit%20viewers/members", `{"add":["ben"],"remove":["cleo"]}`, "", 200, ""},
		{"lead", "PATCH", "/groups/Deposit%20viewers/members", `{"add":["lead"]}`, "", 403, "forbidden"},
		{"lead", "PATCH", "/groups/Finance/members", `{"add":["ben"]}`, "", 403, "forbidden"},
		{"lead", "PATCH", "/groups/Nobody/members", `{"add":["ben"]}`, "", 403, "forbidden"},
		{"", "PATCH", "/groups/Finance/members", `{}`, "", 401, "unauthenticated"},
		{"admin", "PATCH", "/groups/Finance/members", `{"add":[1]}`, "", 400, "malformed-request"},
		{"admin", "PATCH", "/groups/Nobody/members", `{}`, "", 404, "not-found"},
		{"admin", "PATCH", "/groups/Finance/members", `{}`, "stale", 412, "revision-conflict"},
		{"admin", "PATCH", "/groups/Finance/members", `{"add":["a/b"]}`, "", 422, "invalid"},
		{"user-editor", "PATCH", "/groups/Finance/members", `{"add":["ben"]}`, "", 403, "escalation"},
		{"admin", "PATCH", "/groups/Administrators/members", `{"remove":["admin"]}`, "", 409, "last-administrator"},

		{"admin", "PUT", "/groups/Finance/members/ben", "", "", 204, ""},
		{"admin", "PUT", "/groups/Finance/members/dana", "", "now", 204, ""},
		{"admin", "PUT", "/groups/Finance/members/ben?dry_run=true", "", "", 200, ""},
		{"lead", "PUT", "/groups/Deposit%20viewers/members/ben", "", "", 204, ""},
		{"lead", "PUT", "/groups/Deposit%20viewers/members/lead", "", "", 403, "forbidden"},
		{"lead", "PUT", "/groups/Finance/members/ben", "", "", 403, "forbidden"},
		{"lead", "PUT", "/groups/Nobody/members/ben", "", "", 403, "forbidden"},
		{"", "PUT", "/groups/Finance/members/ben", "", "", 401, "unauthenticated"},
		{"admin", "PUT", "/groups/Finance/members/ben?x=1", "", "", 400, "malformed-request"},
		{"admin", "PUT", "/groups/Nobody/members/ben", "", "", 404, "not-found"},
		{"admin", "PUT", "/groups/Finance/members/ben", "", "stale", 412, "revision-conflict"},
		{"admin", "PUT", "/groups/Finance/members/group:x", "", "", 422, "invalid"},
		{"user-editor", "PUT", "/groups/Finance/members/ben", "", "", 403, "escalation"},
		{"user-editor", "PUT", "/groups/Administrators/members/ben", "", "", 403, "escalation"},

		{"admin", "DELETE", "/groups/Finance/members/dana", "", "", 204, ""},
		{"admin", "DELETE", "/groups/Finance/members/ben", "", "now", 204, ""},
		{"admin", "DELETE", "/groups/Finance/members/dana?dry_run=true", "", "", 200, ""},
		{"lead", "DELETE", "/groups/Deposit%20viewers/members/cleo", "", "", 204, ""},
		{"lead", "DELETE", "/groups/Deposit%20viewers/members/lead", "", "", 403, "forbidden"},
		{"viewer", "DELETE", "/groups/Finance/members/dana", "", "", 403, "forbidden"},
		{"viewer", "DELETE", "/groups/Nobody/members/dana", "", "", 403, "forbidden"},
		{"", "DELETE", "/groups/Finance/members/dana", "", "", 401, "unauthenticated"},
		{"admin", "DELETE", "/groups/Nobody/members/dana", "", "", 404, "not-found"},
		{"admin", "DELETE", "/groups/Finance/members/dana", "", "stale", 412, "revision-conflict"},
		{"admin", "DELETE", "/groups/Finance/members/..", "", "", 422, "invalid"},
		{"user-editor", "DELETE", "/groups/Administrators/members/admin", "", "", 403, "escalation"},
		{"admin", "DELETE", "/groups/Administrators/members/admin", "", "", 409, "last-administrator"},
	})
}

func TestMembersAreShownAfterTheDelta(t *testing.T) {
	d := newDesk(t)
	r := d.do("admin", "PATCH", "/groups/Finance/members", `{"add":["ben","Zoe","adam"],"remove":["dana","unheard-of"]}`)
	if got := r.items("user"); !slices.Equal(got, []string{"adam", "ben", "restricted", "Zoe"}) {
		t.Errorf("answered %q", got)
	}
	if r.json()["member_count"] != 4.0 || r.body != d.get("viewer", "/groups/Finance/members").body {
		t.Errorf("answered %s", r.body)
	}
}

// Adding a member again, or removing a user who isn't one, gets the same answer and isn't recorded.
func TestMembershipIsIdempotent(t *testing.T) {
	d := newDesk(t)
	for _, method := range []string{"PUT", "DELETE"} {
		first := d.do("admin", method, "/groups/Finance/members/ben", "").want(204)
		again := d.do("admin", method, "/groups/Finance/members/ben", "").want(204)
		if first.revision() == "" || first.revision() != again.revision() {
			t.Errorf("%s: revision %s, then %s", method, first.revision(), again.revision())
		}
	}
}

// A body is ignored: the path says all.
func TestMembershipNeedsNoBody(t *testing.T) {
	d := newDesk(t)
	for _, body := range []string{"null", "{}", "not JSON", strings.Repeat("x", 2<<20)} {
		d.do("admin", "PUT", "/groups/Finance/members/ben", body).want(204)
	}
}

// Ids are text: characters that are special in addresses stay.
func TestOddUserIDs(t *testing.T) {
	d := newDesk(t)
	for escaped, id := range map[string]string{
		"a+b": "a+b", "a%2Bb": "a+b", "a%20b": "a b", "m%C3%BCller": "müller", "a%25b": "a%b", "a%2525b": "a%25b",
		"Smith,%20Jo": "Smith, Jo", "mail@host.example": "mail@host.example", "a;b": "a;b", "a=b&c": "a=b&c", "x%3Fy%23z": "x?y#z",
	} {
		d.do("admin", "PUT", "/groups/Finance/members/"+escaped, "").want(204)
		if !slices.Contains(d.get("viewer", "/groups/Finance/members").items("user"), id) {
			t.Errorf("%s put in somebody else than %q", escaped, id)
		}
		if got := d.get("viewer", "/users/"+escaped).want(200).json()["id"]; got != id {
			t.Errorf("%s is %q", escaped, got)
		}
		d.do("admin", "DELETE", "/groups/Finance/members/"+escaped, "").want(204)
		if slices.Contains(d.get("viewer", "/groups/Finance/members").items("user"), id) {
			t.Errorf("%s took out somebody else than %q", escaped, id)
		}
	}
}

// Errors about the path don't point into a body.
func TestMembershipErrorsHaveNoPointer(t *testing.T) {
	d := newDesk(t)
	r := d.do("admin", "PUT", "/groups/Finance/members/a%22b", "")
	r.problem(422, "invalid")
	if e := r.errors(); e[""] == "" || len(e) != 1 {
		t.Errorf("errors are %v", e)
	}
}
