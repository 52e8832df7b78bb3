package api_test

import (
	"reflect"
	"slices"
	"testing"
)

// userExchanges has each operation on users with its answers.
var userExchanges = []exchange{
	{"viewer", "GET", "/users", "", "", 200, ""},
	{"viewer", "GET", "/users?q=DA&group=Finance", "", "", 200, ""},
	{"", "GET", "/users", "", "", 401, "unauthenticated"},
	{"group-viewer", "GET", "/users", "", "", 403, "forbidden"},
	{"viewer", "GET", "/users?group=", "", "", 400, "malformed-request"},

	{"viewer", "GET", "/users/cleo", "", "", 200, ""},
	{"viewer", "GET", "/users/unheard-of", "", "", 200, ""},
	{"", "GET", "/users/cleo", "", "", 401, "unauthenticated"},
	{"group-viewer", "GET", "/users/cleo", "", "", 403, "forbidden"},
	{"group-viewer", "GET", "/users/a%2Fb", "", "", 403, "forbidden"},
	{"viewer", "GET", "/users/cleo?x=1", "", "", 400, "malformed-request"},
	{"viewer", "GET", "/users/group:Finance", "", "", 422, "invalid"},
	{"viewer", "GET", "/users/a%2Fb", "", "", 422, "invalid"},

	{"admin", "DELETE", "/users/cleo", "", "", 204, ""},
	{"admin", "DELETE", "/users/cleo", "", "now", 204, ""},
	{"admin", "DELETE", "/users/unheard-of", "", "", 204, ""},
	{"admin", "DELETE", "/users/cleo?dry_run=true", "", "", 200, ""},
	{"", "DELETE", "/users/cleo", "", "", 401, "unauthenticated"},
	{"viewer", "DELETE", "/users/cleo", "", "", 403, "forbidden"},
	{"admin", "DELETE", "/users/cleo?members=release", "", "", 400, "malformed-request"},
	{"admin", "DELETE", "/users/cleo", "", "stale", 412, "revision-conflict"},
	{"admin", "DELETE", "/users/a%2Fb", "", "", 422, "invalid"},
	{"user-editor", "DELETE", "/users/admin", "", "", 403, "escalation"},
	{"user-editor", "DELETE", "/users/restricted", "", "", 403, "escalation"},
	{"admin", "DELETE", "/users/admin", "", "", 409, "last-administrator"},

	{"viewer", "GET", "/users/cleo/groups", "", "", 200, ""},
	{"", "GET", "/users/cleo/groups", "", "", 401, "unauthenticated"},
	{"group-viewer", "GET", "/users/cleo/groups", "", "", 403, "forbidden"},
	{"viewer", "GET", "/users/%2E%2E/groups", "", "", 422, "invalid"},

	{"admin", "PUT", "/users/cleo/groups", `{"groups":[{"group":"Finance"},{"group":"Trainees"}]}`, "now", 200, ""},
	{"admin", "PUT", "/users/new/groups", `{"groups":[{"group":"Finance"}]}`, `"0"`, 200, ""},
	{"admin", "PUT", "/users/cleo/groups?dry_run=true", `{"groups":[]}`, "now", 200, ""},
	{"user-editor", "PUT", "/users/cleo/groups", `{"groups":[]}`, "now", 200, ""},
	{"", "PUT", "/users/cleo/groups", `{}`, "now", 401, "unauthenticated"},
	{"viewer", "PUT", "/users/cleo/groups", `{}`, "now", 403, "forbidden"},
	{"admin", "PUT", "/users/cleo/groups", `{}`, "now", 400, "malformed-request"},
	{"admin", "PUT", "/users/cleo/groups", `{"groups":["Finance"]}`, "now", 400, "malformed-request"},
	{"admin", "PUT", "/users/cleo/groups", `{"groups":[{"group":"Finance","since":"2030-01-01T00:00:00Z"}]}`, "now", 400, "malformed-request"},
	{"admin", "PUT", "/users/cleo/groups", `{"groups":[]}`, "", 428, "precondition-required"},
	{"admin", "PUT", "/users/cleo/groups", `{"groups":[]}`, "stale", 412, "revision-conflict"},
	{"admin", "PUT", "/users/cleo/groups", `{"groups":[{"group":"Nobody"}]}`, "now", 422, "invalid"},
	{"admin", "PUT", "/users/a%2Fb/groups", `{"groups":[]}`, "*", 422, "invalid"},
	{"user-editor", "PUT", "/users/cleo/groups", `{"groups":[{"group":"Finance"}]}`, "now", 403, "escalation"},
	{"admin", "PUT", "/users/admin/groups", `{"groups":[]}`, "now", 409, "last-administrator"},

	{"viewer", "GET", "/users/restricted/permissions", "", "", 200, ""},
	{"", "GET", "/users/cleo/permissions", "", "", 401, "unauthenticated"},
	{"group-viewer", "GET", "/users/cleo/permissions", "", "", 403, "forbidden"},
	{"viewer", "GET", "/users/a%2Fb/permissions", "", "", 422, "invalid"},

	{"admin", "PUT", "/users/cleo/permissions", `{"grants":["system.*:*"],"restrictions":["finance.*:*"]}`, "now", 200, ""},
	{"admin", "PUT", "/users/cleo/permissions?dry_run=true", `{"grants":["system.*:*"],"restrictions":[]}`, "now", 200, ""},
	{"", "PUT", "/users/cleo/permissions", `{}`, "now", 401, "unauthenticated"},
	{"viewer", "PUT", "/users/cleo/permissions", `{}`, "now", 403, "forbidden"},
	{"admin", "PUT", "/users/cleo/permissions", `{"grants":[]}`, "now", 400, "malformed-request"},
	{"admin", "PUT", "/users/cleo/permissions", `{"grants":[],"restrictions":[]}`, "", 428, "precondition-required"},
	{"admin", "PUT", "/users/cleo/permissions", `{"grants":[],"restrictions":[]}`, "stale", 412, "revision-conflict"},
	{"admin", "PUT", "/users/cleo/permissions", `{"grants":["*"],"restrictions":[]}`, "now", 422, "invalid"},
	{"admin", "PUT", "/users/cleo/permissions", `{"grants":["sistem.settings:view"],"restrictions":[]}`, "now", 422, "unknown-permission"},
	{"user-editor", "PUT", "/users/cleo/permissions", `{"grants":["system.settings:view"],"restrictions":[]}`, "now", 403, "escalation"},

	{"admin", "PATCH", "/users/cleo/permissions", `{"grant":["system.settings:view"]}`, "", 200, ""},
	{"admin", "PATCH", "/users/cleo/permissions?dry_run=true", `{"restrict":["system.settings:view"]}`, "now", 200, ""},
	{"", "PATCH", "/users/cleo/permissions", `{}`, "", 401, "unauthenticated"},
	{"viewer", "PATCH", "/users/cleo/permissions", `{}`, "", 403, "forbidden"},
	{"admin", "PATCH", "/users/cleo/permissions", `{"grants":[]}`, "", 400, "malformed-request"},
	{"admin", "PATCH", "/users/cleo/permissions", `{}`, "stale", 412, "revision-conflict"},
	{"admin", "PATCH", "/users/cleo/permissions", `{"grant":["*"]}`, "", 422, "invalid"},
	{"user-editor", "PATCH", "/users/restricted/permissions", `{"lift":["finance.operations:create"]}`, "", 403, "escalation"},
}

func TestUserOperations(t *testing.T) { runExchanges(t, userExchanges) }

// An error about a membership points to its group.
func TestMembershipErrorsPointToTheGroup(t *testing.T) {
	d := newDesk(t)
	r := d.do("admin", "PUT", "/users/cleo/groups", `{"groups":[{"group":"Finance"},{"group":"Nobody"}]}`, "If-Match", "*")
	r.problem(422, "invalid")
	if found := r.errors(); len(found) != 1 || found["/groups/1/group"] == "" {
		t.Errorf("the errors are %v", found)
	}
}

func TestUsersAreNarrowed(t *testing.T) {
	d := newDesk(t)
	for query, want := range map[string][]string{
		"?group=Finance":          {"dana", "restricted"},
		"?group=Finance&q=STRICT": {"restricted"},
		"?group=Nobody":           {}, // a filter that nothing matches
		"?q=viewer":               {"group-viewer", "viewer"},
	} {
		if got := d.get("viewer", "/users"+query).items("id"); !slices.Equal(got, want) {
			t.Errorf("%s lists %q, not %q", query, got, want)
		}
	}
}

func TestUserIsShownWithEveryOrigin(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PUT", "/groups/Deposit%20viewers/members/finn", "").want(204)
	r := d.get("viewer", "/users/finn").want(200)
	got := r.json()
	if !ofVersion(r.header.Get("ETag"), got["version"]) {
		t.Errorf("version %v, ETag %s", got["version"], r.header.Get("ETag"))
	}
	delete(got, "version")
	want := map[string]any{
		"id": "finn", "known": true, "allowed": []any{}, "groups": []any{membership("Deposit viewers"), membership("Trainees")},
		"permissions": map[string]any{"grants": []any{}, "restrictions": []any{}},
		"effective": []any{
			map[string]any{
				"permission": "clients.requests.deposit:update", "label": "Decide deposits", "category": []any{"Clients"},
				"origins":      []any{origin("clients.requests.deposit:update", "finn", "group:Trainees", "group:Requests desk")},
				"origin_count": 1.0,
			},
			map[string]any{
				"permission": "clients.requests.deposit:view", "label": "View deposits", "category": []any{"Clients"},
				"origins": []any{
					origin("clients.requests.deposit:view", "finn", "group:Deposit viewers"),
					origin("clients.requests.*:view", "finn", "group:Trainees", "group:Requests desk"),
				},
				"origin_count": 2.0,
			},
		},
	}
	// The two origins are in the order in which the groups were created, which is not promised.
	slices.SortFunc(got["effective"].([]any)[1].(map[string]any)["origins"].([]any), func(a, b any) int {
		return len(a.(map[string]any)["path"].([]any)) - len(b.(map[string]any)["path"].([]any))
	})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	me := d.get("finn", "/me").want(200).json()
	if me["user"] != "finn" || len(me["effective"].([]any)) != 2 || me["revision"] != float64(d.engine.View().Revision()) {
		t.Errorf("/me is %v", me)
	}
}

func membership(group string) any { return map[string]any{"group": group} }

func origin(pattern string, path ...any) any {
	return map[string]any{"rule": "grant", "pattern": pattern, "path": path}
}

// No user is a 404: a user that the policy doesn't name has nothing, at version 0 or at the version
// of the removal.
func TestNoUserIsNotFound(t *testing.T) {
	d := newDesk(t)
	r := d.get("viewer", "/users/unheard-of").want(200)
	if want := `{"id":"unheard-of","known":false,"groups":[],"permissions":{"grants":[],"restrictions":[]},"version":0,"effective":[],"allowed":[]}`; r.body != want {
		t.Errorf("answered %s", r.body)
	}
	if got := r.header.Get("ETag"); got != `"0"` {
		t.Errorf("ETag is %s", got)
	}
	removed := d.do("admin", "DELETE", "/users/cleo", "").want(204)
	if got := d.etag("/users/cleo"); !ofVersion(got, removed.revision()) {
		t.Errorf("after the removal by revision %s the ETag is %s", removed.revision(), got)
	}
}

// All parts of a user have one ETag, which any write of the user takes.
func TestOneETagPerUser(t *testing.T) {
	d := newDesk(t)
	for range 2 {
		tag := d.etag("/users/cleo")
		if a, b := d.etag("/users/cleo/groups"), d.etag("/users/cleo/permissions"); a != tag || b != tag {
			t.Fatalf("ETags are %s, %s and %s", tag, a, b)
		}
		r := d.do("admin", "PUT", "/users/cleo/groups", `{"groups":[{"group":"Finance"}]}`, "If-Match", tag).want(200)
		now := r.header.Get("ETag")
		if now != d.etag("/users/cleo") {
			t.Errorf("answered the ETag %s", now)
		}
		r = d.do("admin", "PUT", "/users/cleo/permissions", `{"grants":["system.settings:view"],"restrictions":[]}`, "If-Match", now).want(200)
		if r.body != d.get("viewer", "/users/cleo/permissions").body || r.header.Get("ETag") != d.etag("/users/cleo") {
			t.Errorf("answered %s with ETag %s", r.body, r.header.Get("ETag"))
		}
	}
}

// A committed change is answered as such, even if the store goes away right after it.
func TestUserChangeIsAnsweredIfTheStoreFailsAfterwards(t *testing.T) {
	d := newDesk(t)
	d.storeGoesAwayAfterCommit()
	r := d.do("admin", "PUT", "/users/cleo/groups", `{"groups":[]}`, "If-Match", "*").want(200)
	if r.body != `{"groups":[]}` || !ofVersion(r.header.Get("ETag"), r.revision()) {
		t.Errorf("answered %s with ETag %s", r.body, r.header.Get("ETag"))
	}
	d.get("viewer", "/users/cleo").problem(503, "store-unavailable")
}

// An id that can't be a user's is refused before the store is asked, which may fail at it as if it were away.
func TestImpossibleUserNeverReachesTheStore(t *testing.T) {
	d := newDesk(t)
	d.storeGoesAway()
	for _, id := range []string{"%00", "%FF", "group:Finance", "a%2Fb"} {
		for _, write := range []exchange{
			{method: "DELETE", path: "/users/" + id},
			{method: "PUT", path: "/users/" + id + "/groups", body: `{"groups":[]}`},
			{method: "PUT", path: "/users/" + id + "/permissions", body: `{"grants":[],"restrictions":[]}`},
			{method: "PATCH", path: "/users/" + id + "/permissions", body: `{"grant":["system.settings:view"]}`},
		} {
			d.do("admin", write.method, write.path, write.body, "If-Match", `"7"`).problem(412, "revision-conflict")
			d.do("admin", write.method, write.path, write.body, "If-Match", "*").problem(422, "invalid")
		}
		d.get("admin", "/users/"+id).problem(422, "invalid")
	}
	if err := d.engine.Status().StoreErr; err != nil {
		t.Errorf("the store is marked as away: %v", err)
	}
}
