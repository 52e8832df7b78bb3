package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// limit is a bound on requests: the same request is sent at the bound and one past it.
type limit struct {
	what    string
	most    int
	request func(d *desk, n int) reply
	at      int // the status at the bound
	past    int // and past it
	problem string
}

// limits are all bounds on requests.
func limits() []limit {
	send := func(method, path, body string, header ...string) func(*desk, int) reply {
		return func(d *desk, n int) reply {
			fill := strings.NewReplacer(
				"PAD", strings.Repeat(" ", max(0, n-len(body)+len("PAD"))),
				"ÜÜÜ", strings.Repeat("ü", n),
				"%C3", strings.Repeat("%C3%BC", n),
				"FILL", strings.Repeat("x", max(0, n-len("category="))),
				"NUMBER", fmt.Sprint(n), "LINES", commentsOf(n, body),
				"USERS", listOf(n, `"u#"`), "SAME", listOf(n, `"finance.operations:view"`), "GROUPS", listOf(n, `"Finance"`),
				"MEMBERSHIPS", listOf(n, `{"group":"Finance"}`),
				"DEEP", strings.Repeat("[", max(0, n-1))+strings.Repeat("]", max(0, n-1)),
			)
			all := append([]string{"If-Match", "*"}, header...)
			for i := range all {
				all[i] = fill.Replace(all[i])
			}
			return d.do("admin", method, fill.Replace(path), fill.Replace(body), all...)
		}
	}
	long, object, action := "%C3", strings.Repeat("ö", 100), strings.Repeat("ä", 100)
	return []limit{
		{"bytes of a JSON body", 1 << 20, send("POST", "/groups", `{"name":"A"}PAD`), 201, 413, "too-large"},
		{"bytes of a merge patch", 1 << 20, send("PATCH", "/groups/Finance", `{"description":"A"}PAD`), 200, 413, "too-large"},
		{"levels of a body", 32, send("POST", "/groups", `{"name":"A","x":DEEP}`), 400, 413, "too-large"},
		{"bytes of a file", 32 << 20, send("POST", "/imports?mode=merge", "LINES"), 200, 413, "too-large"},
		{"bytes of a query", 8 << 10, send("GET", "/permissions?category=FILL", ""), 200, 413, "too-large"},
		{"bytes of a query that writes", 8 << 10, send("PUT", "/groups/Finance/members/ben?category=FILL", ""), 400, 413, "too-large"},
		{"items of a page", 500, send("GET", "/users?limit=NUMBER", ""), 200, 400, "malformed-request"},

		{"members added", 1000, send("PATCH", "/groups/Finance/members", `{"add":USERS}`), 200, 422, "invalid"},
		{"members removed", 1000, send("PATCH", "/groups/Finance/members", `{"remove":USERS}`), 200, 422, "invalid"},
		{"rules added to a group", 1000, send("PATCH", "/groups/Finance/permissions", `{"grant":SAME}`), 200, 422, "invalid"},
		{"rules removed from a group", 1000, send("PATCH", "/groups/Finance/permissions", `{"lift":SAME}`), 200, 422, "invalid"},
		{"rules of a group", 1000, send("PUT", "/groups/Finance/permissions", `{"grants":[],"restrictions":SAME}`), 200, 422, "invalid"},
		{"rules of a new group", 1000, send("POST", "/groups", `{"name":"A","permissions":{"grants":SAME}}`), 201, 422, "invalid"},
		{"groups inherited", 1000, send("PATCH", "/groups/Trainees", `{"inherits":GROUPS}`), 200, 422, "invalid"},
		{"groups that a new one inherits", 1000, send("POST", "/groups", `{"name":"A","inherits":GROUPS}`), 201, 422, "invalid"},
		{"groups of a user", 1000, send("PUT", "/users/ben/groups", `{"groups":MEMBERSHIPS}`), 200, 422, "invalid"},
		{"rules of a user", 1000, send("PUT", "/users/ben/permissions", `{"grants":SAME,"restrictions":[]}`), 200, 422, "invalid"},
		{"rules added to a user", 1000, send("PATCH", "/users/ben/permissions", `{"restrict":SAME}`), 200, 422, "invalid"},

		{"code points of a new group's name", 64, send("POST", "/groups", `{"name":"ÜÜÜ"}`), 201, 422, "invalid"},
		{"code points of a group's name", 64, send("PATCH", "/groups/Finance", `{"name":"ÜÜÜ"}`), 200, 422, "invalid"},
		{"code points of an imported group's name", 64, send("POST", "/imports?mode=merge", "g, ben, group:ÜÜÜ\n"), 200, 422, "import-rejected"},
		{"code points of a description", 1000, send("POST", "/groups", `{"name":"A","description":"ÜÜÜ"}`), 201, 422, "invalid"},
		{"code points of a description patched", 1000, send("PATCH", "/groups/Finance", `{"description":"ÜÜÜ"}`), 200, 422, "invalid"},
		{"code points of a user's id in a path", 100, send("GET", "/users/"+long, ""), 200, 422, "invalid"},
		{"code points of a member's id in a path", 100, send("PUT", "/groups/Finance/members/"+long, ""), 204, 422, "invalid"},
		{"code points of a user's id in a body", 100, send("PATCH", "/groups/Finance/members", `{"add":["ÜÜÜ"]}`), 200, 422, "invalid"},
		{"code points of a user's id in a file", 100, send("POST", "/imports?mode=merge", "g, ÜÜÜ, group:Finance\n"), 200, 422, "import-rejected"},
		{"code points of an object", 100, send("PATCH", "/groups/Finance/permissions", `{"grant":["ÜÜÜ:`+action+`"]}`), 200, 422, "invalid"},
		{"code points of an action", 100, send("PATCH", "/users/ben/permissions", `{"grant":["`+object+`:ÜÜÜ"]}`), 200, 422, "invalid"},
		{"code points of an object in a query", 100, send("GET", "/permission-holders?permission="+long+":view", ""), 200, 400, "malformed-request"},
		{"code points to find permissions by", 200, send("GET", "/permissions?q="+long, ""), 200, 400, "malformed-request"},
		{"code points to find groups by", 200, send("GET", "/groups?q="+long, ""), 200, 400, "malformed-request"},
		{"code points to find users by", 200, send("GET", "/users?q="+long, ""), 200, 400, "malformed-request"},
		{"code points of a reason", 500, send("DELETE", "/users/cleo", "", "Rightful-Reason", "%C3"), 204, 422, "invalid"},
		{"code points of a reason to revert", 500, send("POST", "/changes/3/revert", "", "Rightful-Reason", "%C3"), 200, 422, "invalid"},
		{"links of inheritance", 8, inheritChain, 201, 422, "invalid"},
	}
}

// commentsOf returns a file of n bytes with comments only.
func commentsOf(n int, body string) string {
	const line = "# a comment of 32 bytes, no more\n"
	if body != "LINES" {
		return ""
	}
	return strings.Repeat(line, n/len(line)+1)[:n]
}

func listOf(n int, form string) string {
	items := make([]string, min(n, 2000)) // other bounds go to millions
	for i := range items {
		items[i] = strings.ReplaceAll(form, "#", fmt.Sprint(i))
	}
	return "[" + strings.Join(items, ",") + "]"
}

// inheritChain creates a chain of groups with n links of inheritance.
func inheritChain(d *desk, n int) reply {
	made := d.do("admin", "POST", "/groups", `{"name":"Link 0"}`).want(201)
	for i := 1; i <= n; i++ {
		made = d.do("admin", "POST", "/groups", fmt.Sprintf(`{"name":"Link %d","inherits":["Link %d"]}`, i, i-1))
	}
	return made
}

// Each limit, and one past it, where nothing is stored.
func TestLimits(t *testing.T) {
	withoutRaces(t)
	catalog := append(authz.Catalog{
		{Permission: authz.Permission(strings.Repeat("ü", 100) + ":" + strings.Repeat("ä", 100)), Label: "Long"},
		{Permission: authz.Permission(strings.Repeat("ö", 100) + ":" + strings.Repeat("ü", 100)), Label: "Long"},
	}, deskCatalog...)
	for _, l := range limits() {
		t.Run(l.what, func(t *testing.T) {
			desk := func() *desk { return newDesk(t, func(o *authz.Options) { o.Catalog = catalog }) }
			if r := l.request(desk(), l.most); r.status != l.at {
				t.Errorf("at %d it answers %d: %s", l.most, r.status, clipped(r.body))
			}
			d := desk()
			before := d.get("admin", "/export").body
			l.request(d, l.most+1).problem(l.past, l.problem)
			if l.what != "links of inheritance" && d.get("admin", "/export").body != before {
				t.Error("something was stored")
			}
		})
	}
	d := newDesk(t)
	d.get("admin", "/users?limit=1").want(200)
	d.get("admin", "/users?limit=0").problem(400, "malformed-request")
	if got := len(d.get("admin", "/permissions").items("permission")); got > 100 {
		t.Errorf("a page without a limit has %d items", got)
	}
}
