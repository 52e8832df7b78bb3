package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// spelledOut returns the rows of a rule table with their patterns.
func (r reply) spelledOut() []string {
	r.t.Helper()
	table := r.want(200).json()
	patterns := table["patterns"].([]any)
	var rows []string
	for _, item := range table["items"].([]any) {
		item := item.(map[string]any)
		var rules []string
		for sign, list := range map[string]any{"+": item["grants"], "-": item["restrictions"]} {
			for _, i := range list.([]any) {
				rules = append(rules, sign+patterns[int(i.(float64))].(string))
			}
		}
		slices.Sort(rules)
		rows = append(rows, fmt.Sprintf("%v %v %v %v", item["path"], item["group"], item["inherits"], rules))
	}
	return rows
}

// The matrix has every group's own rules and each pattern once.
func TestGroupRules(t *testing.T) {
	d := newDesk(t)
	r := d.get("group-viewer", "/group-rules")
	rows := r.spelledOut()
	if len(rows) != 12 || !slices.Contains(rows, "<nil> Trainees [Requests desk] [-clients.requests.withdrawal:update]") ||
		!slices.Contains(rows, "<nil> Administrators [] [+*:*]") {
		t.Errorf("the rules are %q", rows)
	}
	if patterns := r.json()["patterns"].([]any); distinct(patterns) != len(patterns) {
		t.Errorf("the patterns are %v", patterns)
	}
	if found := d.get("group-viewer", "/group-rules?q=desk").spelledOut(); len(found) != 1 {
		t.Errorf("%q are found", found)
	}
	var paged []string
	query := "?limit=5"
	for pages := 0; ; pages++ {
		page := d.get("group-viewer", "/group-rules"+query)
		if page.json()["total"] != 12.0 || pages > 3 {
			t.Fatalf("page %d has the total %v", pages, page.json()["total"])
		}
		paged = append(paged, page.spelledOut()...)
		next, more := page.json()["next_cursor"].(string)
		if !more {
			break
		}
		query = "?limit=5&cursor=" + next
	}
	if !slices.Equal(paged, rows) {
		t.Errorf("the pages have %q", paged)
	}
}

// The effective rules are those of the group and of all that it inherits, with a shortest path to each.
func TestEffectiveRules(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "POST", "/groups", `{"name":"Interns","inherits":["Trainees","Requests desk"],"permissions":{"grants":["finance.operations:view"]}}`).want(201)
	want := []string{
		"[Interns] Interns [Requests desk Trainees] [+finance.operations:view]",
		"[Interns Requests desk] Requests desk [] [+clients.requests.*:view +clients.requests.deposit:update]",
		"[Interns Trainees] Trainees [Requests desk] [-clients.requests.withdrawal:update]",
	}
	if got := d.get("group-viewer", "/groups/Interns/effective-rules").spelledOut(); !slices.Equal(got, want) {
		t.Errorf("they are %q", got)
	}
	d.get("group-viewer", "/groups/Nobody/effective-rules").problem(404, "not-found")
}

// A group whose members a bad row denies everything is marked.
func TestRuleTableShowsBadRows(t *testing.T) {
	d := newDesk(t)
	d.store.InsertRows(authz.Row{Type: "p", V: [6]string{"group:Requests desk", "a", "b", "maybe"}})
	if err := d.engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := d.get("group-viewer", "/groups/Trainees/effective-rules").want(200)
	if strings.Count(r.body, `"bad_row":true`) != 1 || !strings.Contains(r.body, `"group":"Requests desk","path":["Trainees","Requests desk"]`) {
		t.Errorf("answered %s", r.body)
	}
}

// A table of large groups ends before 8 MiB and goes on with the next page, and a group beyond 5,000 rules counts the rest.
func TestRuleTablesAreBounded(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	d := crowded(t)
	r := d.get("viewer", "/group-rules?q=Finance").want(200)
	item := r.json()["items"].([]any)[0].(map[string]any)
	if n := len(item["grants"].([]any)); n != 5000 || item["grant_count"] != 5201.0 || item["restriction_count"] != 800.0 {
		t.Errorf("%d of %v grants are shown, and %v restrictions counted", n, item["grant_count"], item["restriction_count"])
	}
	for i := range 12 {
		patterns := longPermissions(1500)
		for j := range patterns {
			patterns[j] = authz.Pattern(fmt.Sprint(i, patterns[j]))
		}
		_, err := d.engine.As("admin").CreateGroup(t.Context(), authz.GroupSpec{Name: authz.GroupName(fmt.Sprint("Large ", i)), Permissions: authz.Rules{Grants: patterns}})
		if err != nil {
			t.Fatal(err)
		}
	}
	rows, pages := 0, 0
	for query := "?q=Large"; ; pages++ {
		w := send(d.handler, "viewer", "GET", "/api/v1/group-rules"+query) // not recorded: it is large
		page := reply{t: t, asked: query, status: w.Code, body: w.Body.String()}
		if rows += len(page.spelledOut()); len(page.body) > largest {
			t.Errorf("a page has %d bytes", len(page.body))
		}
		next, more := page.json()["next_cursor"].(string)
		if !more {
			break
		}
		query = "?q=Large&cursor=" + next
	}
	if rows != 12 || pages != 1 {
		t.Errorf("%d groups on %d pages", rows, pages+1)
	}
}
