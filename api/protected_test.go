package api_test

import "testing"

// forbiddenToAll is what nobody can do to Administrators: 409 for everyone who may update groups.
var forbiddenToAll = []exchange{
	{method: "DELETE", path: "/groups/Administrators", match: "now"},
	{method: "PATCH", path: "/groups/Administrators", body: `{"name":"Root"}`, match: "now"},
	{method: "PATCH", path: "/groups/Administrators", body: `{"name":"a:b"}`, match: "now"},
	{method: "PATCH", path: "/groups/Administrators", body: `{"name":"administrators"}`, match: "now"},
	{method: "PATCH", path: "/groups/Administrators", body: `{"inherits":["Finance"]}`, match: "now"},
	{method: "PATCH", path: "/groups/Administrators", body: `{"inherits":["Nobody"]}`, match: "now"},
	{method: "PATCH", path: "/groups/Finance", body: `{"inherits":["Administrators"]}`, match: "now"},
	{method: "PATCH", path: "/groups/Finance", body: `{"name":" x","inherits":["Nobody","Administrators"]}`, match: "now"},
	{method: "POST", path: "/groups", body: `{"name":"A","inherits":["Administrators"]}`},
	{method: "POST", path: "/groups", body: `{"name":"a:b","inherits":["Administrators"],"permissions":{"grants":["x"]}}`},
	{method: "PUT", path: "/groups/Administrators/permissions", body: `{"grants":[],"restrictions":[]}`, match: "now"},
	{method: "PUT", path: "/groups/Administrators/permissions", body: `{"grants":["finance.*:*"],"restrictions":[]}`, match: "now"},
	{method: "PUT", path: "/groups/Administrators/permissions", body: `{"grants":["*:*"],"restrictions":["x"]}`, match: "now"},
	{method: "PATCH", path: "/groups/Administrators/permissions", body: `{"revoke":["*:*"]}`},
	{method: "PATCH", path: "/groups/Administrators/permissions", body: `{"grant":["finance.*:*"]}`},
	{method: "PATCH", path: "/groups/Administrators/permissions", body: `{"grant":["x"]}`},
	{method: "PATCH", path: "/groups/Administrators/permissions", body: `{"restrict":["finance.*:*"]}`},
}

// protectedExchanges are other attempts, and what is allowed.
var protectedExchanges = []exchange{
	{"admin", "DELETE", "/groups/Administrators?members=release", "", "now", 409, "protected-group"},
	{"admin", "PATCH", "/groups/Administrators/members", `{"remove":["admin"]}`, "", 409, "last-administrator"},
	{"admin", "DELETE", "/groups/Administrators/members/admin", "", "", 409, "last-administrator"},
	{"admin", "PUT", "/users/admin/groups", `{"groups":[{"group":"Finance"}]}`, "now", 409, "last-administrator"},
	{"admin", "DELETE", "/users/admin", "", "", 409, "last-administrator"},
	{"user-editor", "PUT", "/groups/Administrators/members/user-editor", "", "", 403, "escalation"},
	{"user-editor", "PATCH", "/groups/Administrators/members", `{"add":["ben"]}`, "", 403, "escalation"},
	{"user-editor", "PUT", "/users/ben/groups", `{"groups":[{"group":"Administrators"}]}`, "now", 403, "escalation"},
	{"user-editor", "DELETE", "/groups/Administrators/members/admin", "", "", 403, "escalation"},
	{"importer", "POST", "/imports?mode=merge", "g, ben, group:Administrators\n", "", 403, "escalation"},
	{"admin", "POST", "/imports?mode=merge", "p, group:Administrators, finance.*, *, deny\n", "", 422, "import-rejected"},
	{"admin", "POST", "/imports?mode=merge", "g, group:Finance, group:Administrators\n", "", 422, "import-rejected"},
	{"admin", "POST", "/imports?mode=merge", "g, group:Administrators, group:Finance\n", "", 422, "import-rejected"},
	// Changing nothing is no error, and what doesn't touch its rules is allowed.
	{"admin", "PUT", "/groups/Administrators/permissions", `{"grants":["*:*"],"restrictions":[]}`, "now", 200, ""},
	{"admin", "PATCH", "/groups/Administrators/permissions", `{"grant":["*:*"]}`, "", 200, ""},
	{"admin", "PATCH", "/groups/Administrators", `{"description":"May do all","name":"Administrators","inherits":[]}`, "now", 200, ""},
	{"admin", "PUT", "/groups/Administrators/members/ben", "", "", 204, ""},
}

// Administrators is protected over every way into this interface (promises 1 and 2): it can't be removed,
// renamed, given or stripped of permissions, restricted, or made to inherit or be inherited, and it
// keeps a member. 409 comes before 422 and before escalation, for everyone who may update groups.
func TestAdministratorsIsProtected(t *testing.T) {
	var all []exchange
	for _, user := range []string{"admin", "group-editor"} {
		for _, e := range forbiddenToAll {
			e.user, e.status, e.problem = user, 409, "protected-group"
			all = append(all, e)
			e.path = with(e.path, "dry_run=true")
			all = append(all, e)
		}
	}
	all = append(all, protectedExchanges...)
	for _, e := range all {
		t.Run(e.user+" "+e.method+" "+e.path+" "+clipped(e.body), func(t *testing.T) {
			d := newDesk(t)
			d.exchange(e)
			shown := d.get("admin", "/groups/Administrators/permissions").want(200)
			if want := `{"grants":["*:*"],"restrictions":[]}`; shown.body != want {
				t.Errorf("it holds %s", shown.body)
			}
			if g := d.get("admin", "/groups/Administrators").json(); g["protected"] != true || len(g["inherits"].([]any)) != 0 {
				t.Errorf("it is %v", g)
			}
			d.get("admin", "/me").want(200)
		})
	}
}

// A replacing import never changes Administrators and its members.
func TestReplacingImportLeavesAdministratorsAlone(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "POST", "/imports?mode=replace",
		"p, group:Administrators, finance.*, *, deny\ng, dana, group:Administrators\np, group:Finance, system.settings, view\n").want(200)
	if got := d.get("admin", "/groups/Administrators/members").items("user"); len(got) != 1 || got[0] != "admin" {
		t.Errorf("the members are %q", got)
	}
	if got := d.get("admin", "/groups/Administrators/permissions").body; got != `{"grants":["*:*"],"restrictions":[]}` {
		t.Errorf("it holds %s", got)
	}
}
