package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func TestExplanationOperation(t *testing.T) {
	const ask = "?permission=finance.operations:view"
	many := strings.Repeat("&permission=a:b", 63)
	runExchanges(t, []exchange{
		{"viewer", "GET", "/users/cleo/explanation" + ask, "", "", 200, ""},
		{"viewer", "GET", "/users/unheard-of/explanation" + ask, "", "", 200, ""},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&permission=no.such:thing", "", "", 200, ""},
		{"admin", "GET", "/users/cleo/explanation" + ask + "&revision=1", "", "", 200, ""},
		{"viewer", "GET", "/users/cleo/explanation" + ask + many, "", "", 200, ""},
		{"", "GET", "/users/cleo/explanation" + ask, "", "", 401, "unauthenticated"},
		{"group-viewer", "GET", "/users/cleo/explanation" + ask, "", "", 403, "forbidden"},
		{"auditor", "GET", "/users/cleo/explanation" + ask + "&revision=1", "", "", 403, "forbidden"},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&revision=1", "", "", 403, "forbidden"},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&permission=a:b" + many, "", "", 400, "malformed-request"},
		{"viewer", "GET", "/users/cleo/explanation", "", "", 400, "malformed-request"},
		{"admin", "GET", "/users/cleo/explanation?revision=1", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/users/cleo/explanation?permission=", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/users/cleo/explanation?permission=nothing", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/users/cleo/explanation?permission=finance.*:view", "", "", 400, "malformed-request"},
		{"admin", "GET", "/users/cleo/explanation" + ask + "&revision=0", "", "", 400, "malformed-request"},
		{"admin", "GET", "/users/cleo/explanation" + ask + "&revision=-1", "", "", 400, "malformed-request"},
		{"admin", "GET", "/users/cleo/explanation" + ask + "&revision=", "", "", 400, "malformed-request"},
		{"admin", "GET", "/users/cleo/explanation" + ask + "&revision=1&revision=2", "", "", 400, "malformed-request"},
		{"admin", "GET", "/users/group:Finance/explanation" + ask + "&revision=99", "", "", 404, "not-found"},
		{"admin", "GET", "/users/group:Finance/explanation" + ask + "&revision=1", "", "", 422, "invalid"},
		{"viewer", "GET", "/users/a%2Fb/explanation" + ask, "", "", 422, "invalid"},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&until=2030-01-01T00:00:00Z", "", "", 200, ""},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&until=never", "", "", 200, ""},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&until=friday", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&until=2020-01-01T00:00:00Z", "", "", 422, "invalid"},
		{"admin", "GET", "/users/admin/explanation" + ask + "&until=2020-01-01T00:00:00Z", "", "", 422, "invalid"},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&decision_only=true", "", "", 200, ""},
		{"admin", "GET", "/users/cleo/explanation" + ask + "&decision_only=true&revision=1", "", "", 200, ""},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&decision_only=false&until=never", "", "", 200, ""},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&decision_only=yes", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/users/cleo/explanation" + ask + "&decision_only=true&until=never", "", "", 400, "malformed-request"},
	})
}

// explain asks as an administrator, or as another user.
func (d *desk) explain(as, user string, permissions []string, revision ...authz.Revision) openapi.Explanation {
	d.t.Helper()
	query := url.Values{"permission": permissions}
	if len(revision) > 0 {
		query.Set("revision", fmt.Sprint(revision[0]))
	}
	var x openapi.Explanation
	r := d.get(as, "/users/"+url.PathEscape(user)+"/explanation?"+query.Encode()).want(200)
	if err := json.Unmarshal([]byte(r.body), &x); err != nil {
		d.t.Fatal(err)
	}
	return x
}

// The whole body: what is held and why, what is missing, when it was lost, and fixes.
func TestExplanationIsShownWhole(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PATCH", "/users/cleo/permissions", `{"grant":["clients.requests.deposit:update"]}`).want(200)
	d.do("user-editor", "PATCH", "/users/cleo/permissions", `{"revoke":["clients.requests.deposit:update"]}`).want(200)
	r := d.get("viewer", "/users/cleo/explanation?permission=clients.requests.deposit:view&permission=clients.requests.deposit:update&"+
		"permission=clients.requests.deposit:view").want(200)
	got := regexp.MustCompile(`"at":"[^"]*"`).ReplaceAllString(r.body, `"at":"…"`)
	golden(t, "explanation.json", indented(t, got))
}

func indented(t *testing.T, text string) string {
	t.Helper()
	raw := jsontext.Value(text)
	if err := raw.Indent(); err != nil {
		t.Fatal(err)
	}
	return string(raw) + "\n"
}

// carryOut sends the operations of a fix, each as a dry run and then for real. It returns the first
// answer that isn't a success.
func (d *desk) carryOut(as string, fix openapi.Fix) (refusal *reply) {
	d.t.Helper()
	for _, c := range fix.Operations {
		body := ""
		if c.Body != nil {
			text, err := json.Marshal(c.Body)
			if err != nil {
				d.t.Fatal(err)
			}
			body = string(text)
		}
		preview := d.do(as, string(c.Method), c.Path+"?dry_run=true", body)
		written := d.do(as, string(c.Method), c.Path, body)
		if preview.status/100 != written.status/100 {
			d.t.Errorf("%s: the dry run answers %d and the write %d", written.asked, preview.status, written.status)
		}
		if written.status/100 != 2 {
			return &written
		}
	}
	return nil
}

// denial is a user who lacks permissions, on a policy made from that of the desk.
type denial struct {
	user        string
	permissions []string
	before      []exchange
}

var toDeny = []denial{
	{"cleo", []string{"finance.operations:create"}, nil},
	{"cleo", []string{"clients.requests.deposit:view", "clients.requests.deposit:update", "finance.operations:create"}, nil},
	{"finn", []string{"clients.requests.withdrawal:update"}, nil},
	{"restricted", []string{"finance.operations:create", "system.settings:view"}, nil},
	{"unheard, of", []string{"system.settings:view"}, nil},
	{"a%b+c d;e?f#ä", []string{"finance.balances:adjust"}, []exchange{
		{"admin", "POST", "/groups", `{"name":"50% & more; ä?#+","permissions":{"grants":["finance.balances:adjust"]}}`, "", 201, ""},
	}},
	{"dana", []string{"finance.operations:view", "rightful.groups:view"}, []exchange{
		{"admin", "PATCH", "/groups/Finance/permissions", `{"restrict":["finance.*:view"]}`, "", 200, ""},
		{"admin", "PATCH", "/users/dana/permissions", `{"restrict":["*:*"]}`, "", 200, ""},
	}},
	{"cleo", []string{"rightful.members/Finance:assign", "finance.no-such-thing:view"}, nil},
}

// The operations of a fix can be sent as they are, as a dry run and for real, and then the user is
// allowed. If the caller may not carry a fix out, it is refused, and lacks says why.
func TestEveryFixDoesWhatItSays(t *testing.T) {
	withoutRaces(t)
	kinds := map[openapi.FixKind]int{}
	refused := 0
	for _, c := range toDeny {
		for _, asker := range []string{"admin", "user-editor", "group-editor-too", "lead"} {
			start := func() (*desk, openapi.Explanation) {
				d := newDesk(t)
				for _, e := range c.before {
					d.exchange(e)
				}
				d.do("admin", "PATCH", "/users/group-editor-too/permissions",
					`{"grant":["rightful.groups:*","rightful.users:*","clients.*:*"]}`).want(200)
				x := d.explain(asker, c.user, c.permissions)
				return d, x
			}
			_, x := start()
			if x.Allowed || len(x.Fixes) == 0 {
				t.Fatalf("%v: %v", c, x)
			}
			for i := range x.Fixes {
				d, x := start()
				fix := x.Fixes[i]
				kinds[fix.Kind]++
				refusal := d.carryOut(asker, fix)
				if (refusal == nil) != fix.Allowed || (len(fix.Lacks) == 0) != fix.Allowed {
					t.Fatalf("%s for %s: allowed is %v, it lacks %q and is answered %v", asker, c.user, fix.Allowed, fix.Lacks, refusal)
				}
				if refusal != nil {
					refusal.want(403)
					refused++
					continue
				}
				if after := d.explain(asker, c.user, c.permissions); !after.Allowed || after.Fixes != nil {
					t.Fatalf("%s isn't let in by %+v", c.user, fix)
				}
			}
		}
	}
	if kinds["assign"] < 10 || kinds["lift"] < 5 || kinds["grant"] < 10 || refused < 20 {
		t.Errorf("too little was tried: %v, %d refused", kinds, refused)
	}
}

// With an end, the operations of a fix carry it, and whether the caller may send them is judged by it.
func TestFixesCarryTheEnd(t *testing.T) {
	d := newDesk(t)
	friday := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	d.do("admin", "PUT", "/groups/Finance/members/user-editor?until="+friday.Format(time.RFC3339), "").want(204)
	const explanation = "/users/cleo/explanation?permission=finance.operations:view"
	for query, allowed := range map[string]bool{
		"": false, "&until=never": false,
		"&until=" + friday.Add(-24*time.Hour).Format(time.RFC3339): true,
		"&until=" + friday.Add(24*time.Hour).Format(time.RFC3339):  false,
	} {
		var x openapi.Explanation
		if err := json.Unmarshal([]byte(d.get("user-editor", explanation+query).want(200).body), &x); err != nil {
			t.Fatal(err)
		}
		fix := x.Fixes[0]
		want := "/groups/Finance/members/cleo"
		if query != "" {
			want += "?until=" + url.QueryEscape(query[len("&until="):])
		}
		if fix.Allowed != allowed || len(fix.Operations) != 1 || fix.Operations[0].Path != want {
			t.Errorf("%q: allowed %v, operations %+v", query, fix.Allowed, fix.Operations)
		}
		status := 403
		if allowed {
			status = 200
		}
		path, separator := want, "?"
		if query != "" {
			separator = "&"
		}
		d.do("user-editor", "PUT", path+separator+"dry_run=true", "").want(status)
	}
}

// A lift names its subject if there is only one.
func TestLiftNamesItsSubject(t *testing.T) {
	d := newDesk(t)
	fix := d.explain("admin", "restricted", []string{"finance.operations:create"}).Fixes[0]
	if fix.Kind != "lift" || fix.Subject != "restricted" || !slices.Equal(fix.Permissions, []string{"finance.operations:create"}) {
		t.Errorf("it is %+v", fix)
	}
	d.do("admin", "PATCH", "/groups/Finance/permissions", `{"restrict":["finance.operations:*"]}`).want(200)
	fix = d.explain("admin", "restricted", []string{"finance.operations:create"}).Fixes[0]
	if fix.Kind != "lift" || fix.Subject != "" || len(fix.Lifts) != 2 || fix.AlsoReachesCount != 1 || fix.AlsoReaches[0] != "dana" {
		t.Errorf("it is %+v", fix)
	}
}

// Lists in an explanation are bounded, and counts are totals.
func TestExplanationIsBounded(t *testing.T) {
	var catalog authz.Catalog
	for i := range 150 {
		catalog = append(catalog, authz.Entry{Permission: authz.Permission(fmt.Sprintf("many.part%d:view", i)), Label: "Part", Category: []string{"Parts"}})
	}
	catalog = append(catalog, deskCatalog...)
	d := newDesk(t, func(o *authz.Options) { o.Catalog = catalog })
	d.do("admin", "POST", "/groups", `{"name":"All","permissions":{"grants":["many.*:*"]}}`).want(201)
	var add []authz.UserID
	for i := range 120 {
		add = append(add, authz.UserID(fmt.Sprintf("user%d", i)))
	}
	if _, err := d.engine.As("admin").ChangeMembers(t.Context(), "Deposit viewers", add, nil); err != nil {
		t.Fatal(err)
	}
	x := d.explain("admin", "cleo", []string{"many.part7:view"})
	if fix := x.Fixes[0]; len(fix.AlsoGives) != 100 || fix.AlsoGivesCount != 149 {
		t.Errorf("%d of %d are named", len(fix.AlsoGives), fix.AlsoGivesCount)
	}
	if fix := x.Fixes[1]; fix.Subject != "group:Deposit viewers" || len(fix.AlsoReaches) != 100 || fix.AlsoReachesCount != 120 {
		t.Errorf("%s reaches %d of %d", fix.Subject, len(fix.AlsoReaches), fix.AlsoReachesCount)
	}
}

// An explanation of the past uses the caller's present rights and has no fixes.
func TestExplanationOfThePast(t *testing.T) {
	d := newDesk(t)
	ask := []string{"finance.operations:view"}
	denied := d.engine.View().Revision()
	d.do("admin", "PUT", "/groups/Finance/members/cleo", "").want(204)
	held := d.engine.View().Revision()
	d.do("admin", "DELETE", "/groups/Finance/members/cleo", "").want(204)
	lost := d.engine.View().Revision()
	d.do("admin", "PUT", "/groups/Viewers/members/cleo", "").want(204)
	d.do("admin", "PUT", "/groups/Auditors/members/cleo", "").want(204)
	for _, c := range []struct {
		revision authz.Revision
		allowed  bool
		lost     authz.Revision
	}{{denied, false, 0}, {held, true, 0}, {lost, false, lost}, {lost + 1, false, lost}} {
		x := d.explain("cleo", "cleo", ask, c.revision)
		var since authz.Revision
		if l := x.Permissions[0].Lost; l != nil {
			since = authz.Revision(l.Revision)
		}
		if x.Revision != int64(c.revision) || x.Allowed != c.allowed || x.Permissions[0].Allowed != c.allowed || since != c.lost || x.Fixes != nil {
			t.Errorf("at %d it is %+v", c.revision, x)
		}
	}
	if x := d.explain("cleo", "cleo", ask); x.Permissions[0].Lost.Revision != int64(lost) || len(x.Fixes) == 0 {
		t.Errorf("now it is %+v", x)
	}
	d.get("cleo", "/users/cleo/explanation?permission=a:b&revision=99").problem(404, "not-found")
}

// A decision alone is the explanation without what can take long, now and in the past.
func TestDecisionOnly(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PUT", "/groups/Finance/members/cleo", "").want(204)
	held := d.engine.View().Revision()
	d.do("admin", "DELETE", "/groups/Finance/members/cleo", "").want(204)
	lost := d.engine.View().Revision()
	ask := []string{"finance.operations:view", "system.settings:view"}
	for _, revision := range []authz.Revision{held, lost} {
		want := d.explain("admin", "cleo", ask, revision)
		if (want.Permissions[0].Lost == nil) != want.Permissions[0].Allowed {
			t.Errorf("the whole of revision %d is %+v", revision, want)
		}
		want.LookedBackTo, want.Permissions[0].Lost, want.Permissions[1].Lost = 0, nil, nil
		path := fmt.Sprintf("/users/cleo/explanation?permission=%s&permission=%s&decision_only=true", ask[0], ask[1])
		var past, present openapi.Explanation
		for x, r := range map[*openapi.Explanation]reply{&past: d.get("admin", path+fmt.Sprint("&revision=", revision)), &present: d.get("viewer", path)} {
			if err := json.Unmarshal([]byte(r.want(200).body), x); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(past, want) {
			t.Errorf("at %d it is\n%+v, not\n%+v", revision, past, want)
		}
		if revision == lost && !reflect.DeepEqual(present, want) {
			t.Errorf("now it is\n%+v, not\n%+v", present, want)
		}
	}
}

// A past that can't be computed is an error; the present is explained as far as the records go.
func TestExplanationWithoutRecords(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		d.do("admin", "PATCH", "/users/ben/permissions", `{"grant":["finance.operations:view"]}`).want(200)
		d.do("admin", "PATCH", "/users/ben/permissions", `{"revoke":["finance.operations:view"]}`).want(200)
	}
	present := d.engine.View().Revision()
	if !d.store.DeleteRecord(present - 3) {
		t.Fatal("there is no such record")
	}
	d.get("admin", fmt.Sprintf("/users/ben/explanation?permission=finance.operations:view&revision=%d", present-1)).want(200)
	d.get("admin", fmt.Sprintf("/users/ben/explanation?permission=finance.operations:view&revision=%d", present-5)).problem(500, "internal")
	x := d.explain("admin", "ben", []string{"finance.operations:view", "system.settings:view"})
	if x.Permissions[0].Lost == nil || x.Permissions[1].Lost != nil || x.LookedBackTo != int64(present-3) || len(x.Fixes) == 0 {
		t.Errorf("it is %+v", x)
	}
}

// While the store is away, the present is explained from memory, and the past isn't.
func TestExplanationWhileTheStoreIsAway(t *testing.T) {
	d := newDesk(t)
	d.storeGoesAway()
	x := d.explain("viewer", "cleo", []string{"finance.operations:view"})
	if x.Allowed || len(x.Fixes) == 0 || x.LookedBackTo != int64(d.engine.View().Revision()) {
		t.Errorf("it is %+v", x)
	}
	d.get("admin", "/users/cleo/explanation?permission=a:b&revision=1").problem(503, "store-unavailable")
}

// Bad rows that deny are listed: no fix removes them.
func TestExplanationNamesBadRows(t *testing.T) {
	d := newDesk(t)
	d.store.InsertRows(authz.Row{Type: "p", V: [6]string{"cleo", "finance.*", "view", "deny", "more"}})
	engine, err := authz.Open(t.Context(), d.store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	d.mount(engine)
	x := d.explain("viewer", "cleo", []string{"finance.operations:view"})
	if x.BadRowCount != 1 || len(x.BadRows) != 1 || !slices.Equal(x.BadRows[0].Denies, []string{"cleo"}) || len(x.Fixes) != 1 || x.Fixes[0].Groups[0] != "Administrators" {
		t.Errorf("it is %+v", x)
	}
	if origins := x.Permissions[0].Origins; len(origins) != 1 || !origins[0].BadRow {
		t.Errorf("the origins are %+v", origins)
	}
	if _, err := engine.AsCommand("test").RepairRows(t.Context(), authz.RowRepair{Remove: []int64{x.BadRows[0].ID}}); err != nil {
		t.Fatal(err)
	}
	if x := d.explain("viewer", "cleo", []string{"finance.operations:view"}); len(x.BadRows) > 0 {
		t.Errorf("after the repair: %+v", x)
	}
	past := d.get("admin", fmt.Sprintf("/users/cleo/explanation?permission=finance.operations:view&revision=%d", engine.View().Revision()-1)).want(200).json()
	if past["bad_row_count"] != float64(1) {
		t.Errorf("of the past: %v", past)
	}
}
