package api_test

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/fold"
)

// groupExchanges has each operation on groups with its answers.
var groupExchanges = []exchange{
	{"group-viewer", "GET", "/groups", "", "", 200, ""},
	{"group-viewer", "GET", "/groups?q=FINANCE", "", "", 200, ""},
	{"", "GET", "/groups", "", "", 401, "unauthenticated"},
	{"cleo", "GET", "/groups", "", "", 403, "forbidden"},
	{"group-viewer", "GET", "/groups?x=1", "", "", 400, "malformed-request"},

	{"admin", "POST", "/groups", `{"name":"Auditing"}`, "", 201, ""},
	{"admin", "POST", "/groups?dry_run=true", `{"name":"Auditing"}`, "", 200, ""},
	{"admin", "POST", "/groups", `{"name":"A","description":"d","inherits":["Finance"],"permissions":{"grants":["system.*:*"],"restrictions":["finance.*:*"]}}`, "", 201, ""},
	{"group-editor", "POST", "/groups", `{"name":"Empty"}`, "", 201, ""},
	{"", "POST", "/groups", `{"name":"A"}`, "", 401, "unauthenticated"},
	{"group-viewer", "POST", "/groups", `{"name":"A"}`, "", 403, "forbidden"},
	{"admin", "POST", "/groups", `{"name":"finance"}`, "", 409, "group-exists"},
	{"admin", "POST", "/groups", `{"name":"administrators"}`, "", 409, "group-exists"},
	{"admin", "POST", "/groups", `{"name":"Аdministrators"}`, "", 409, "group-exists"}, // with a Cyrillic letter
	{"admin", "POST", "/groups", `{"name":"A","inherits":["Administrators"]}`, "", 409, "protected-group"},
	{"admin", "POST", "/groups", `{"name":"A","inherits":["Nobody"]}`, "", 422, "invalid"},
	{"admin", "POST", "/groups", `{"name":" A"}`, "", 422, "invalid"},
	{"admin", "POST", "/groups", `{"name":"A","permissions":{"grants":["finance.operation:view"]}}`, "", 422, "unknown-permission"},
	{"group-editor", "POST", "/groups", `{"name":"A","permissions":{"grants":["system.settings:view"]}}`, "", 403, "escalation"},
	{"admin", "POST", "/groups", `{"name":"A","inherits":["A"]}`, "", 409, "inheritance-cycle"},
	{"admin", "POST", "/groups", `{}`, "", 400, "malformed-request"},

	{"group-viewer", "GET", "/groups/Finance", "", "", 200, ""},
	{"group-viewer", "GET", "/groups/Requests%20desk", "", "", 200, ""},
	{"group-viewer", "GET", "/groups/finance", "", "", 404, "not-found"},
	{"", "GET", "/groups/Finance", "", "", 401, "unauthenticated"},
	{"cleo", "GET", "/groups/Finance", "", "", 403, "forbidden"},
	{"cleo", "GET", "/groups/Nobody", "", "", 403, "forbidden"},
	{"group-viewer", "GET", "/groups/Finance?x=1", "", "", 400, "malformed-request"},

	{"group-editor", "PATCH", "/groups/Finance", `{"description":"Books"}`, "now", 200, ""},
	{"group-editor", "PATCH", "/groups/Finance", `{}`, "*", 200, ""},
	{"admin", "PATCH", "/groups/Finance?dry_run=true", `{"name":"Treasury"}`, "now", 200, ""},
	{"", "PATCH", "/groups/Finance", `{}`, "now", 401, "unauthenticated"},
	{"group-viewer", "PATCH", "/groups/Finance", `{}`, "now", 403, "forbidden"},
	{"group-viewer", "PATCH", "/groups/Nobody", `{}`, "*", 403, "forbidden"},
	{"group-editor", "PATCH", "/groups/Finance", `{}`, "", 428, "precondition-required"},
	{"group-editor", "PATCH", "/groups/Nobody", `{}`, "*", 404, "not-found"},
	{"group-editor", "PATCH", "/groups/Finance", `{}`, "stale", 412, "revision-conflict"},
	{"group-editor", "PATCH", "/groups/Finance", `{"name":"Trainees"}`, "now", 409, "group-exists"},
	{"group-editor", "PATCH", "/groups/Finance", `{"name":"a:b"}`, "now", 422, "invalid"},
	{"admin", "PATCH", "/groups/Requests%20desk", `{"inherits":["Trainees"]}`, "now", 409, "inheritance-cycle"},
	{"group-editor", "PATCH", "/groups/Deposit%20viewers", `{"inherits":["Finance"]}`, "now", 403, "escalation"},

	{"group-editor", "DELETE", "/groups/Auditors?members=release", "", "now", 403, "forbidden"},
	{"admin", "DELETE", "/groups/Finance?members=release", "", "now", 204, ""},
	{"admin", "DELETE", "/groups/Finance?dry_run=true&members=release", "", "now", 200, ""},
	{"", "DELETE", "/groups/Finance", "", "now", 401, "unauthenticated"},
	{"viewer", "DELETE", "/groups/Finance", "", "now", 403, "forbidden"},
	{"viewer", "DELETE", "/groups/Nobody", "", "*", 403, "forbidden"},
	{"admin", "DELETE", "/groups/Finance", "", "now", 409, "group-has-members"},
	{"admin", "DELETE", "/groups/Requests%20desk", "", "now", 409, "group-is-inherited"},
	{"admin", "DELETE", "/groups/Finance", "", "", 428, "precondition-required"},
	{"admin", "DELETE", "/groups/Nobody", "", "*", 404, "not-found"},
	{"admin", "DELETE", "/groups/Finance", "", "stale", 412, "revision-conflict"},
	{"admin", "DELETE", "/groups/Finance?members=keep", "", "now", 400, "malformed-request"},

	{"group-viewer", "GET", "/groups/Finance/permissions", "", "", 200, ""},
	{"group-viewer", "GET", "/groups/Nobody/permissions", "", "", 404, "not-found"},
	{"cleo", "GET", "/groups/Finance/permissions", "", "", 403, "forbidden"},
	{"", "GET", "/groups/Finance/permissions", "", "", 401, "unauthenticated"},

	{"admin", "PUT", "/groups/Finance/permissions", `{"grants":["system.settings:view"],"restrictions":[]}`, "now", 200, ""},
	{"admin", "PUT", "/groups/Finance/permissions?dry_run=true", `{"grants":[],"restrictions":[]}`, "now", 200, ""},
	{"", "PUT", "/groups/Finance/permissions", `{}`, "now", 401, "unauthenticated"},
	{"viewer", "PUT", "/groups/Finance/permissions", `{}`, "now", 403, "forbidden"},
	{"viewer", "PUT", "/groups/Nobody/permissions", `{}`, "*", 403, "forbidden"},
	{"admin", "PUT", "/groups/Finance/permissions", `{"grants":[]}`, "now", 400, "malformed-request"},
	{"admin", "PUT", "/groups/Finance/permissions", `{"grants":[],"restrictions":[]}`, "", 428, "precondition-required"},
	{"admin", "PUT", "/groups/Nobody/permissions", `{"grants":[],"restrictions":[]}`, "*", 404, "not-found"},
	{"admin", "PUT", "/groups/Finance/permissions", `{"grants":[],"restrictions":[]}`, "stale", 412, "revision-conflict"},
	{"admin", "PUT", "/groups/Finance/permissions", `{"grants":["x"],"restrictions":[]}`, "now", 422, "invalid"},
	{"admin", "PUT", "/groups/Finance/permissions", `{"grants":["no.such:thing"],"restrictions":[]}`, "now", 422, "unknown-permission"},
	{"group-editor", "PUT", "/groups/Finance/permissions", `{"grants":["*:*"],"restrictions":[]}`, "now", 403, "escalation"},

	{"admin", "PATCH", "/groups/Finance/permissions", `{"grant":["system.settings:view"],"revoke":["finance.*:*"],"restrict":["clients.*:*"],"lift":[]}`, "", 200, ""},
	{"admin", "PATCH", "/groups/Finance/permissions?dry_run=true", `{"restrict":["clients.*:*"]}`, "now", 200, ""},
	{"", "PATCH", "/groups/Finance/permissions", `{}`, "", 401, "unauthenticated"},
	{"viewer", "PATCH", "/groups/Finance/permissions", `{}`, "", 403, "forbidden"},
	{"viewer", "PATCH", "/groups/Nobody/permissions", `{}`, "", 403, "forbidden"},
	{"admin", "PATCH", "/groups/Nobody/permissions", `{}`, "", 404, "not-found"},
	{"admin", "PATCH", "/groups/Finance/permissions", `{}`, "stale", 412, "revision-conflict"},
	{"admin", "PATCH", "/groups/Finance/permissions", `{"grant":["a:b"],"revoke":["a:b"]}`, "", 422, "invalid"},
	{"group-editor", "PATCH", "/groups/Finance/permissions", `{"grant":["*:*"]}`, "", 403, "escalation"},
}

func TestGroupOperations(t *testing.T) { runExchanges(t, groupExchanges) }

func TestGroupIsShownAsItIs(t *testing.T) {
	d := newDesk(t)
	made := d.do("admin", "POST", "/groups", `{"name":"Requests & 50% off","description":"Fußball","inherits":["Finance"],
		"permissions":{"grants":["clients.*:*","system.settings:view"],"restrictions":["finance.balances:adjust"]}}`).want(201)
	if got, want := made.header.Get("Location"), "/api/v1/groups/Requests%20&%2050%25%20off"; got != want {
		t.Errorf("Location is %s, not %s", got, want)
	}
	shown := d.get("admin", strings.TrimPrefix(made.header.Get("Location"), "/api/v1")).want(200)
	if shown.body != made.body || shown.header.Get("ETag") != made.header.Get("ETag") {
		t.Errorf("made as %s, shown as %s", made.body, shown.body)
	}
	g := shown.json()
	version := fmt.Sprint(g["version"])
	if !ofVersion(shown.header.Get("ETag"), version) || made.revision() != version {
		t.Errorf("ETag %s, revision %s, version %s", shown.header.Get("ETag"), made.revision(), version)
	}
	delete(g, "version")
	delete(g, "updated_at")
	want := map[string]any{
		"name": "Requests & 50% off", "description": "Fußball", "protected": false, "inherits": []any{"Finance"},
		"permissions": map[string]any{"grants": []any{"clients.*:*", "system.settings:view"}, "restrictions": []any{"finance.balances:adjust"}},
		"updated_by":  map[string]any{"kind": "user", "id": "admin"}, "member_count": 0.0, "allowed": []any{"update", "delete", "assign"},
	}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("got %v, want %v", g, want)
	}
}

func TestGroupsAreListedInFoldedOrder(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"zebra", "Ärzte", "ärztinnen", "apple", "Banana", "Ångström", "ǅ", "ß", "ss1"} {
		d.do("admin", "POST", "/groups", fmt.Sprintf(`{"name":%q}`, name)).want(201)
	}
	names := d.get("group-viewer", "/groups").items("name")
	if !slices.IsSortedFunc(names, fold.Compare[string]) {
		t.Errorf("the order is %q", names)
	}
	if i, j := slices.Index(names, "apple"), slices.Index(names, "Banana"); i > j {
		t.Errorf("the order is by letter and case: %q", names)
	}
	if got := d.get("group-viewer", "/groups?q=%C3%84RZT").items("name"); !slices.Equal(got, []string{"Ärzte", "ärztinnen"}) {
		t.Errorf("found %q", got)
	}
	if got := fmt.Sprint(d.get("viewer", "/groups?q=Finance").json()["items"].([]any)[0].(map[string]any)["member_count"]); got != "2" {
		t.Errorf("Finance has %s members", got)
	}
}

// The list says how many permissions of the catalog each group gives, as many as the catalog in the list says.
func TestListOfGroupsCountsWhatTheyGive(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "POST", "/groups", `{"name":"Heirs","inherits":["Finance"],"permissions":{"restrictions":["finance.operations:*"]}}`).want(201)
	counts, total := heldCounts(d.get("group-viewer", "/groups"))
	for group, count := range counts {
		given := map[string]bool{}
		for _, p := range d.get("admin", "/permissions?limit=500").items("permission") {
			for _, subject := range d.get("viewer", "/permission-holders?permission="+url.QueryEscape(p)).items("subject") {
				given[p] = given[p] || subject == "group:"+group
			}
		}
		held := 0
		for _, is := range given {
			if is {
				held++
			}
		}
		if count != float64(held) || total != float64(len(given)) {
			t.Errorf("%s holds %v of %v, not %d of %d", group, count, total, held, len(given))
		}
	}
	if counts["Administrators"] != total || counts["Heirs"] == counts["Finance"] || len(counts) < 5 {
		t.Errorf("%v of %v", counts, total)
	}
	if page, _ := heldCounts(d.get("group-viewer", "/groups?limit=1&nested_limit=0&q=finance")); page["Finance"] != counts["Finance"] {
		t.Errorf("a page has %v", page)
	}
}

// Without a catalog there is nothing to count.
func TestListOfGroupsWithoutACatalog(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.Seed.Catalog = nil })
	if r := d.get("group-viewer", "/groups").want(200); strings.Contains(r.body, "held_count") || strings.Contains(r.body, "permission_total") {
		t.Errorf("%s", r.body)
	}
}

// heldCounts returns the counts in a list of groups, by group, and the total.
func heldCounts(r reply) (counts map[string]any, total any) {
	counts = map[string]any{}
	for _, item := range r.want(200).json()["items"].([]any) {
		g := item.(map[string]any)
		counts[g["name"].(string)] = g["held_count"]
	}
	return counts, r.json()["permission_total"]
}

// RFC 7396: absent members stay, null resets, and a list is replaced.
func TestMergePatchOfAGroup(t *testing.T) {
	for _, c := range []struct {
		patch       string
		description string
		inherits    []any
	}{
		{`{}`, "d", []any{"Finance"}},
		{`{"description":"e"}`, "e", []any{"Finance"}},
		{`{"description":""}`, "", []any{"Finance"}},
		{`{"description":null}`, "", []any{"Finance"}},
		{`{"inherits":["Deposit viewers"]}`, "d", []any{"Deposit viewers"}},
		{`{"inherits":[]}`, "d", []any{}},
		{`{"inherits":null}`, "d", []any{}},
		{`{"description":null,"inherits":null}`, "", []any{}},
	} {
		t.Run(c.patch, func(t *testing.T) {
			for _, mediaType := range []string{"application/merge-patch+json", "application/json", "Application/JSON; Charset=UTF-8"} {
				d := newDesk(t)
				d.do("admin", "POST", "/groups", `{"name":"A","description":"d","inherits":["Finance"]}`).want(201)
				r := d.do("admin", "PATCH", "/groups/A", c.patch, "If-Match", d.etag("/groups/A"), "Content-Type", mediaType).want(200)
				if g := r.json(); g["description"] != c.description || !reflect.DeepEqual(g["inherits"], any(c.inherits)) {
					t.Errorf("made it %s", r.body)
				}
				if r.header.Get("ETag") != d.etag("/groups/A") {
					t.Error("the ETag is not that of the group")
				}
			}
		})
	}
	d := newDesk(t)
	e := d.do("admin", "PATCH", "/groups/Finance", `{"name":null}`, "If-Match", "*")
	e.problem(400, "malformed-request")
	if got := e.errors()["/name"]; got != "must be a string and not null" {
		t.Errorf("the name is refused with %q", got)
	}
}

// The refusal to delete a group names a few of those that inherit it.
func TestInheritedGroupNamesFewOfItsHeirs(t *testing.T) {
	d := newDesk(t)
	for i := range 8 {
		d.do("admin", "POST", "/groups", fmt.Sprintf(`{"name":"Heir %d","inherits":["Finance"]}`, 7-i)).want(201)
	}
	p := d.do("admin", "DELETE", "/groups/Finance", "", "If-Match", "*").problem(409, "group-is-inherited")
	if want := "Other groups inherit the group: Heir 0, Heir 1, Heir 2, Heir 3, Heir 4 and 3 more."; p["detail"] != want {
		t.Errorf("the detail is %q, not %q", p["detail"], want)
	}
}

// Renaming is one change: members follow, and the old name is free and never matches.
func TestGroupIsRenamed(t *testing.T) {
	d := newDesk(t)
	old := d.etag("/groups/Finance")
	r := d.do("admin", "PATCH", "/groups/Finance", `{"name":"Trésorerie"}`, "If-Match", old).want(200)
	if r.json()["name"] != "Trésorerie" {
		t.Errorf("answered %s", r.body)
	}
	d.get("admin", "/groups/Finance").problem(404, "not-found")
	if got := d.get("admin", "/groups/Tr%C3%A9sorerie/members").items("user"); !slices.Equal(got, []string{"dana", "restricted"}) {
		t.Errorf("the members are %q", got)
	}
	d.do("admin", "POST", "/groups", `{"name":"Finance"}`).want(201)
	d.do("admin", "PATCH", "/groups/Finance", `{"description":"x"}`, "If-Match", old).problem(412, "revision-conflict")
}
