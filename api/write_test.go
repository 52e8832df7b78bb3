package api_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// writes has every write of the interface, as an administrator can make it on a new desk. Those about access requests have
// tests of their own.
var writes = []exchange{
	{method: "POST", path: "/groups", body: `{"name":"A"}`},
	{method: "PATCH", path: "/groups/Finance", body: `{"description":"x"}`, match: "now"},
	{method: "DELETE", path: "/groups/Deposit%20viewers?members=release", match: "now"},
	{method: "PUT", path: "/groups/Finance/permissions", body: `{"grants":[],"restrictions":[]}`, match: "now"},
	{method: "PATCH", path: "/groups/Finance/permissions", body: `{"grant":["system.settings:view"]}`},
	{method: "PATCH", path: "/groups/Finance/members", body: `{"add":["ben"]}`},
	{method: "PUT", path: "/groups/Finance/members/ben"},
	{method: "DELETE", path: "/groups/Finance/members/dana"},
	{method: "DELETE", path: "/users/cleo"},
	{method: "PUT", path: "/users/cleo/groups", body: `{"groups":[{"group":"Finance"}]}`, match: "now"},
	{method: "PUT", path: "/users/cleo/permissions", body: `{"grants":["system.settings:view"],"restrictions":[]}`, match: "now"},
	{method: "PATCH", path: "/users/cleo/permissions", body: `{"grant":["system.settings:view"]}`},
	{method: "POST", path: "/changes", body: `{"operations":[{"method":"PUT","path":"/groups/Finance/members/ben"},{"method":"DELETE","path":"/users/cleo"}]}`},
	{method: "POST", path: "/changes/3/revert"}, // lead's right to assign
	{method: "POST", path: "/imports?mode=merge", body: "g, ben, group:Finance\n"},
}

// eachWrite calls try with each write on its own desk.
func eachWrite(t *testing.T, try func(t *testing.T, d *desk, e exchange)) {
	for _, e := range writes {
		t.Run(e.method+" "+e.path, func(t *testing.T) { try(t, newDesk(t), e) })
	}
}

func with(path, parameter string) string {
	if strings.Contains(path, "?") {
		return path + "&" + parameter
	}
	return path + "?" + parameter
}

// send sends the write as a user, with more headers.
func (e exchange) send(d *desk, user string, header ...string) reply {
	d.t.Helper()
	if e.match == "now" {
		header = append(header, "If-Match", d.etag(resourceOf(e.path)))
	}
	return d.do(user, e.method, e.path, e.body, header...)
}

func TestListOfWritesIsWhole(t *testing.T) {
	listed := map[string]bool{}
	for _, e := range writes {
		path, operation := operationOf(newDesk(t).request("", e.method, e.path, nil))
		if operation == nil {
			t.Errorf("%s %s is no operation", e.method, e.path)
		}
		listed[e.method+" "+path] = true
	}
	for _, success := range successes() {
		operation := success[:strings.LastIndex(success, " ")]
		if method, path, _ := strings.Cut(operation, " "); method != "GET" && !atRoot(path) && !strings.Contains(path, "access-requests") && !listed[operation] {
			t.Errorf("%s is missing among the writes", operation)
		}
	}
}

// A dry run makes the same checks, stores nothing, and answers with the change.
func TestDryRunStoresNothing(t *testing.T) {
	eachWrite(t, func(t *testing.T, d *desk, e exchange) {
		before, policy := d.engine.View().Revision(), d.get("admin", "/export").body
		dry := e
		dry.path = with(e.path, "dry_run=true")
		r := dry.send(d, "admin", "Rightful-Reason", "just%20asking").want(200)
		if d.engine.View().Revision() != before || d.get("admin", "/export").body != policy {
			t.Error("it stored something")
		}
		if r.header.Get("ETag") != "" || r.revision() != "" {
			t.Errorf("it answered with %v", r.header)
		}
		c := r.json()
		for _, member := range []string{"revision", "at", "hash"} {
			if c[member] != nil {
				t.Errorf("%s is %v", member, c[member])
			}
		}
		if c["reversible_by"] == nil || c["gains"] == nil || c["losses"] == nil {
			t.Errorf("it doesn't say what it does to people: %s", r.body)
		}
		wet := e.send(d, "admin", "Rightful-Reason", "just%20asking")
		made := d.get("admin", "/changes/"+wet.revision()).want(200).json()
		for _, member := range []string{"actor", "channel", "reason", "action", "target", "groups", "added", "removed", "gains", "losses", "reversible_by"} {
			if fmt.Sprint(made[member]) != fmt.Sprint(c[member]) {
				t.Errorf("%s was to be %v and is %v", member, c[member], made[member])
			}
		}
		if made["channel"] != "rest" || made["reason"] != "just asking" {
			t.Errorf("it is recorded as %v", made)
		}
	})
}

func TestAmbiguousDryRunIsRefused(t *testing.T) {
	eachWrite(t, func(t *testing.T, d *desk, e exchange) {
		before := d.engine.View().Revision()
		for _, parameter := range []string{"dry_run=1", "dry_run=", "dry_run=TRUE", "dry_run", "dry_run=true&dry_run=false", "dryrun=true", "dry_run=true;x=1"} {
			asked := e
			asked.path = with(e.path, parameter)
			asked.send(d, "admin").problem(400, "malformed-request")
		}
		if d.engine.View().Revision() != before {
			t.Error("it stored something")
		}
		asked := e
		asked.path = with(e.path, "dry_run=false")
		if r := asked.send(d, "admin"); r.status >= 300 || d.engine.View().Revision() != before+1 {
			t.Errorf("dry_run=false answered %d at revision %d", r.status, d.engine.View().Revision())
		}
	})
}

// Every write answers with the revision. A write that changes nothing gets the same answer and
// isn't recorded.
func TestWriteThatChangesNothing(t *testing.T) {
	eachWrite(t, func(t *testing.T, d *desk, e exchange) {
		first := e.send(d, "admin")
		if want := fmt.Sprint(d.engine.View().Revision()); first.status >= 300 || first.revision() != want {
			t.Fatalf("answered %d at revision %q, not %s: %s", first.status, first.revision(), want, first.body)
		}
		if e.method == "POST" && e.path == "/groups" || strings.Contains(e.path, "release") {
			return // can't be so already
		}
		again := e.send(d, "admin").want(first.status)
		if again.revision() != first.revision() {
			t.Errorf("doing it again made revision %s of %s", again.revision(), first.revision())
		}
	})
}

func TestReason(t *testing.T) {
	for raw, want := range map[string]string{
		"":                              "",
		"plain words":                   "plain words",
		"a+b":                           "a+b",
		"100%25":                        "100%",
		"%C3%9Cber%20alles":             "Über alles",
		strings.Repeat("%C3%BC", 500):   strings.Repeat("ü", 500),
		"tab%20is%20no%20space%20at...": "tab is no space at...",
	} {
		d := newDesk(t)
		r := d.do("admin", "PUT", "/groups/Finance/members/ben", "", "Rightful-Reason", raw).want(204)
		reason, _ := d.get("auditor", "/changes/"+r.revision()).json()["reason"].(string)
		if reason != want {
			t.Errorf("%q is recorded as %q", raw, reason)
		}
	}
	eachWrite(t, func(t *testing.T, d *desk, e exchange) {
		before := d.engine.View().Revision()
		for _, raw := range []string{"%", "%zz", "%C3", "%FF", "Über", "\xc3"} {
			e.send(d, "admin", "Rightful-Reason", raw).problem(400, "malformed-request")
		}
		e.send(d, "admin", "Rightful-Reason", "a", "Rightful-Reason", "a").problem(400, "malformed-request")
		for _, raw := range []string{strings.Repeat("%C3%BC", 501), "two%0Alines", "%00", "%20", "e%CC%81"} {
			e.send(d, "admin", "Rightful-Reason", raw).problem(422, "invalid")
		}
		if d.engine.View().Revision() != before {
			t.Error("something was stored")
		}
	})
}

// Of two administrators who save at once, the second gets a conflict, and no change of the first is
// lost.
func TestTwoAdministratorsSaveAtOnce(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ path, show, one, other string }{
		{"/groups/Finance/permissions", "/groups/Finance", `{"grants":["system.settings:view"],"restrictions":[]}`, `{"grants":["finance.*:*"],"restrictions":["finance.balances:adjust"]}`},
		{"/users/cleo/groups", "/users/cleo", `{"groups":[{"group":"Finance"}]}`, `{"groups":[{"group":"Trainees"}]}`},
		{"/users/cleo/permissions", "/users/cleo", `{"grants":["system.settings:view"],"restrictions":[]}`, `{"grants":[],"restrictions":["system.settings:view"]}`},
	} {
		tag := d.etag(c.show)
		replies := make([]reply, 2)
		var both sync.WaitGroup
		for i, body := range []string{c.one, c.other} {
			both.Go(func() { replies[i] = d.do("admin", "PUT", c.path, body, "If-Match", tag) })
		}
		both.Wait()
		if replies[0].status == 412 {
			slices.Reverse(replies)
		}
		replies[0].want(200)
		p := replies[1].problem(412, "revision-conflict")
		now := d.etag(c.show)
		if replies[0].header.Get("ETag") != now || replies[1].header.Get("ETag") != now || !ofVersion(now, p["version"]) {
			t.Errorf("%s: ETag is %s; the first got %s, the second %s and version %v", c.path, now,
				replies[0].header.Get("ETag"), replies[1].header.Get("ETag"), p["version"])
		}
		if got := d.get("admin", c.path).body; got != replies[0].body {
			t.Errorf("%s: the first saved %s, it is %s", c.path, replies[0].body, got)
		}
	}
}

// Both of two concurrent deltas apply.
func TestDeltasBothApply(t *testing.T) {
	d := newDesk(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			d.do("admin", "PATCH", "/groups/Finance/members", fmt.Sprintf(`{"add":["u%d"]}`, i)).want(200)
		})
	}
	all.Wait()
	if got := d.get("viewer", "/groups/Finance/members").json()["member_count"]; got != 10.0 {
		t.Errorf("%v members", got)
	}
}

// While the store is away, every write answers 503 with Retry-After, and decisions and reads from
// memory go on.
func TestWritesWhileTheStoreIsAway(t *testing.T) {
	eachWrite(t, func(t *testing.T, d *desk, e exchange) {
		if e.match == "now" {
			e.match = ""
			d.storeGoesAway()
			r := d.do("admin", e.method, e.path, e.body, "If-Match", "*")
			r.problem(503, "store-unavailable")
			return
		}
		d.storeGoesAway()
		r := e.send(d, "admin")
		r.problem(503, "store-unavailable")
		if r.header.Get("Retry-After") == "" || strings.Contains(r.body, "EOF") {
			t.Errorf("answered %v %s", r.header, r.body)
		}
		d.get("admin", "/groups").want(200)
		d.get("admin", "/me").want(200)
	})
}

// A dry run reveals no more about users than the write itself: holders of the right to assign are
// shown only to callers who may see users.
func TestDryRunHidesUsersWithoutTheRight(t *testing.T) {
	d := newDesk(t)
	_, err := d.engine.As("admin").ChangeUserPermissions(t.Context(), "dana", authz.RulesDelta{
		Grant: []authz.Pattern{"rightful.groups:view", "rightful.groups:update"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const rename = `{"name":"Deposit readers"}`
	for user, sees := range map[string]bool{"dana": false, "admin": true} {
		shown := d.do(user, "PATCH", "/groups/Deposit%20viewers?dry_run=true", rename, "If-Match", "*").want(200)
		if strings.Contains(shown.body, `"lead"`) != sees {
			t.Errorf("%s is shown %s", user, shown.body)
		}
	}
}

// A dry run at a past revision has the result that it had then, and needs no present version.
func TestDryRunOfThePast(t *testing.T) {
	eachWrite(t, func(t *testing.T, d *desk, e exchange) {
		then := d.engine.View().Revision()
		dry := e
		dry.path = with(e.path, "dry_run=true")
		said := dry.send(d, "admin").want(200).body
		e.send(d, "admin")
		d.do("admin", "PATCH", "/groups/Trainees", `{"name":"Learners"}`, "If-Match", "*").want(200)
		d.do("admin", "DELETE", "/users/dana", "").want(204)
		now := d.engine.View().Revision()

		var header []string // the group or user need not be there any more
		if e.match != "" {
			header = []string{"If-Match", "*"}
		}
		e.match = ""
		past := func(query string) reply {
			asked := e
			asked.path = with(e.path, query)
			return asked.send(d, "admin", header...)
		}
		if r := past(fmt.Sprintf("dry_run=true&revision=%d", then)).want(200); r.body != said {
			t.Errorf("it says %s and said %s", r.body, said)
		}
		past(fmt.Sprintf("revision=%d", then)).problem(400, "malformed-request")
		past(fmt.Sprintf("dry_run=false&revision=%d", then)).problem(400, "malformed-request")
		past("dry_run=true&revision=0").problem(400, "malformed-request")
		past("dry_run=true&revision=99").problem(404, "not-found")
		if d.engine.View().Revision() != now {
			t.Error("it stored something")
		}
	})
}

// A dry run of the past uses the caller's present rights, and reveals only what the caller may see
// now.
func TestDryRunOfThePastChecksCurrentRights(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PUT", "/groups/Auditors/members/user-editor", "").want(204)
	then := d.engine.View().Revision()
	asked := fmt.Sprintf("/groups/Finance/members/ben?dry_run=true&revision=%d", then)
	d.do("dana", "PUT", asked, "").problem(403, "forbidden")
	d.do("user-editor", "PUT", asked, "").problem(403, "escalation")
	d.do("admin", "PUT", "/groups/Administrators/members/dana", "").want(204)
	d.do("admin", "PATCH", "/users/user-editor/permissions", `{"grant":["finance.*:*"]}`).want(200)
	for _, user := range []string{"dana", "user-editor"} {
		if c := d.do(user, "PUT", asked, "").want(200).json(); c["gain_count"] != float64(1) {
			t.Errorf("%s gets %v", user, c)
		}
	}
	d.do("admin", "DELETE", "/users/user-editor", "").want(204)
	d.do("user-editor", "PUT", asked, "").problem(403, "forbidden")
}

// At a past revision, groups and changes of later revisions can't be changed or reverted.
func TestDryRunOfThePastIgnoresLaterChanges(t *testing.T) {
	d := newDesk(t)
	then := d.engine.View().Revision()
	d.do("admin", "POST", "/groups", `{"name":"New"}`).want(201)
	past := fmt.Sprintf("dry_run=true&revision=%d", then)
	d.do("admin", "PUT", "/groups/New/members/ben?"+past, "").problem(404, "not-found")
	d.do("admin", "POST", fmt.Sprintf("/changes/%d/revert?%s", then+1, past), "").problem(404, "not-found")
	d.do("admin", "POST", "/groups?"+past, `{"name":"New"}`).want(200)
	d.do("admin", "POST", "/groups?dry_run=true", `{"name":"New"}`).problem(409, "group-exists")
}
