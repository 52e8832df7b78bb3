package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func TestServiceOperations(t *testing.T) {
	runExchanges(t, []exchange{
		{"cleo", "GET", "/me", "", "", 200, ""},
		{"unheard-of", "GET", "/me", "", "", 200, ""},
		{"", "GET", "/me", "", "", 401, "unauthenticated"},
		{"cleo", "GET", "/me?user=admin", "", "", 400, "malformed-request"},
		{"cleo", "GET", "/status", "", "", 200, ""},
		{"auditor", "GET", "/status", "", "", 200, ""},
		{"", "GET", "/status", "", "", 401, "unauthenticated"},
		{"cleo", "GET", "/status?x=1", "", "", 400, "malformed-request"},
	})
}

// A caller with an invalid id holds nothing, even if the policy has a similar name.
func TestCallerWithAnInvalidID(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"/me", "/me/rights"} {
		if me := d.get("\xff", path).want(200).json(); me["user"] != "\ufffd" {
			t.Errorf("%s is %v", path, me)
		}
	}
	for _, user := range []string{"group:Administrators", "a/b", "..", "admin ", "Administrators"} {
		d.get(user, "/groups").problem(403, "forbidden")
		d.do(user, "POST", "/groups", `{"name":"A"}`).problem(403, "forbidden")
		me := d.get(user, "/me").want(200).json()
		if me["user"] != user || len(me["groups"].([]any))+len(me["effective"].([]any)) != 0 {
			t.Errorf("%q is %v", user, me)
		}
	}
}

func TestStatusIsWholeWithTheRightToSeeChanges(t *testing.T) {
	d := newDesk(t)
	if s := d.get("cleo", "/status").want(200).json(); len(s) != 2 || s["revision"] != float64(d.engine.View().Revision()) {
		t.Errorf("to someone it is %v", s)
	}
	s := d.get("auditor", "/status").want(200).json()
	if fmt.Sprint(s["store"]) != "map[state:ok]" || fmt.Sprint(s["bad_rows"]) != "map[count:0 items:[]]" {
		t.Errorf("it is %v", s)
	}
	if want := fmt.Sprintf("%x", d.engine.Status().Head.Hash); s["head"] != want {
		t.Errorf("the head is %v, not %s", s["head"], want)
	}
	// The right to assign was granted after the seed.
	drift := s["drift"].(map[string]any)
	if drift["extra_count"] != 1.0 || drift["missing_count"] != 0.0 || drift["seeded"] != true {
		t.Errorf("the drift is %v", drift)
	}
}

// A row that another program cut in the middle of a character is shown like any other bad row.
func TestStatusShowsRowsThatAreNotUTF8(t *testing.T) {
	d := newDesk(t)
	d.store.InsertRows(authz.Row{Type: "p", V: [6]string{"ben", "x", "y", "den\xfe"}})
	if err := d.engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/status", "/changes", "/users/ben/explanation?permission=a:b"} {
		if r := d.get("admin", path).want(200); !strings.Contains(r.body, `"den\u001a"`) {
			t.Errorf("%s is %s", path, r.body)
		}
	}
}

// The status says that the store is away, also in the database's own encoding.
func TestStatusWithAnErrorThatIsNotUTF8(t *testing.T) {
	d := newDesk(t)
	d.store.Fail(errors.New("FATAL: f\xfcr"), authztest.CallPosition, authztest.CallSince)
	_ = d.engine.Refresh(t.Context())
	if r := d.get("auditor", "/status").want(200); !strings.Contains(r.body, "f\ufffdr") {
		t.Errorf("it is %s", r.body)
	}
}

// Lists in the status have at most 100 items, and the counts are totals.
func TestStatusIsBounded(t *testing.T) {
	d := newDesk(t)
	rows := make([]authz.Row, 130)
	for i := range rows {
		rows[i] = authz.Row{Type: "p", V: [6]string{fmt.Sprintf("user%d", i), "", "view", "deny"}}
	}
	d.store.InsertRows(rows...)
	var line string
	for i := range 130 {
		line += fmt.Sprintf("g, user%d, group:Finance\n", 1000+i)
	}
	d.do("admin", "POST", "/imports?mode=merge", line).want(200)
	again, err := authz.Open(t.Context(), d.store, authz.Options{Seed: &authz.Seed{}})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(context.Background())
	d.mount(again)
	s := d.get("auditor", "/status").want(200).json()
	bad, drift := s["bad_rows"].(map[string]any), s["drift"].(map[string]any)
	if bad["count"] != 130.0 || len(bad["items"].([]any)) != 100 {
		t.Errorf("%v bad rows, %d listed", bad["count"], len(bad["items"].([]any)))
	}
	if drift["extra_count"].(float64) <= 130 || len(drift["extra"].([]any)) != 100 {
		t.Errorf("%v rows extra, %d listed", drift["extra_count"], len(drift["extra"].([]any)))
	}
}

// Values of bad rows are cut in answers: in SQLite, one can have a gigabyte.
func TestLongValuesOfBadRowsAreCut(t *testing.T) {
	d := newDesk(t)
	d.store.InsertRows(
		authz.Row{Type: "p", V: [6]string{strings.Repeat("ẖ", 1<<20), "x", "y", "deny"}},
		authz.Row{Type: "p", V: [6]string{strings.Repeat("ẖ", 200), "x", "y", "deny"}},
	)
	if err := d.engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/status", "/changes"} {
		body := d.get("auditor", path).want(200).body
		cut, whole := strings.Repeat("ẖ", 200)+"…", `"`+strings.Repeat("ẖ", 200)+`"`
		if len(body) > 20_000 || !strings.Contains(body, cut) || !strings.Contains(body, whole) {
			t.Errorf("%s: %d bytes, %.2000s", path, len(body), body)
		}
	}
}

// The status answers while the store is away, and says so to callers who may see it.
func TestStatusWhileTheStoreIsAway(t *testing.T) {
	d := newDesk(t)
	d.storeGoesAway()
	r := d.get("auditor", "/changes")
	r.problem(503, "store-unavailable")
	if r.header.Get("Retry-After") == "" {
		t.Error("a 503 without Retry-After")
	}
	s := d.get("auditor", "/status").want(200).json()
	if s["store"].(map[string]any)["state"] != "unavailable" {
		t.Errorf("it is %v", s)
	}
}

// Rules of permissions that the catalog doesn't declare are in the status, the first 100 of them, and counted.
func TestStatusListsUndeclaredRules(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	rows := make([]authz.Row, 130)
	for i := range rows {
		rows[i] = authz.Row{Type: "p", V: [6]string{fmt.Sprintf("user%d", i), "gone", "view", "allow"}}
	}
	d.store.InsertRows(rows...)
	if err := d.engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	undeclared := d.get("auditor", "/status").want(200).json()["undeclared"].(map[string]any)
	if undeclared["count"] != 130.0 || len(undeclared["items"].([]any)) != 100 {
		t.Errorf("%d of %v", len(undeclared["items"].([]any)), undeclared["count"])
	}
}
