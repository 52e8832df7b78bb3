package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// A request with every error gets the first; after a fix, the next, in the documented order.
func TestErrorsComeInOrder(t *testing.T) {
	d := newDesk(t)
	big := `{"grants":["` + strings.Repeat("x", 1<<20) + `"],"restrictions":[]}`
	type step struct {
		user, path, body string
		header           []string
		status           int
		problem          string
	}
	const asText = "text/plain"
	steps := []step{
		{"", "/groups/Nobody/permissions?x=1", big, []string{"Content-Type", asText}, 401, "unauthenticated"},
		{"viewer", "/groups/Nobody/permissions?x=1", big, []string{"Content-Type", asText}, 403, "forbidden"},
		{"group-editor", "/groups/Nobody/permissions?x=1", big, []string{"Content-Type", asText}, 413, "too-large"},
		{"group-editor", "/groups/Nobody/permissions?x=1", "{", []string{"Content-Type", asText}, 415, "unsupported-media-type"},
		{"group-editor", "/groups/Nobody/permissions?x=1", `{"grants":["x","*:*"],"restrictions":[]}`, nil, 400, "malformed-request"},
		{"group-editor", "/groups/Nobody/permissions", `{"grants":["x","*:*"],"restrictions":[]}`, nil, 428, "precondition-required"},
		{"group-editor", "/groups/Nobody/permissions", `{"grants":["x","*:*"],"restrictions":[]}`, []string{"If-Match", `"1"`}, 404, "not-found"},
		{"group-editor", "/groups/Finance/permissions", `{"grants":["x","*:*"],"restrictions":[]}`, []string{"If-Match", `"1"`}, 412, "revision-conflict"},
		{"group-editor", "/groups/Finance/permissions", `{"grants":["x","*:*"],"restrictions":[]}`, []string{"If-Match", "*"}, 422, "invalid"},
		{"group-editor", "/groups/Finance/permissions", `{"grants":["*:*"],"restrictions":[]}`, []string{"If-Match", "*"}, 403, "escalation"},
	}
	for _, s := range steps {
		d.do(s.user, "PUT", s.path, s.body, s.header...).problem(s.status, s.problem)
	}
	// Conflicts come last, that of the protected group first among all that follow 412.
	for _, s := range []step{
		{"group-editor", "/groups/Finance", `{"name":"Trainees","description":"` + strings.Repeat("x", 1001) + `","inherits":["Requests desk"]}`, nil, 422, "invalid"},
		{"group-editor", "/groups/Finance", `{"name":"Trainees","inherits":["Requests desk"]}`, nil, 403, "escalation"},
		{"admin", "/groups/Finance", `{"name":"Trainees","inherits":["Requests desk"]}`, nil, 409, "group-exists"},
		{"group-editor", "/groups/Finance", `{"name":"a:b","inherits":["Requests desk","Administrators"]}`, nil, 409, "protected-group"},
	} {
		d.do(s.user, "PATCH", s.path, s.body, "If-Match", "*").problem(s.status, s.problem)
	}
}

// Unauthorized callers get the same 403 before body, precondition or existence are checked: for
// every operation, for what exists and for what doesn't (promise 12).
func TestForbiddenRevealsNothing(t *testing.T) {
	d := newDesk(t)
	there := strings.NewReplacer("{group}", "Finance", "{user}", "dana", "{revision}", "1")
	big := strings.Repeat("x", 2<<20)
	missing := strings.NewReplacer("{group}", "Nobody", "{user}", "a%2Fb", "{revision}", "x")
	for _, success := range successes() {
		parts := strings.Fields(success)
		method, path := parts[0], parts[1]
		if method+" "+path == "POST /changes" { // what it needs is in its body; see TestBatchesRevealNothing
			continue
		}
		if strings.HasPrefix(path, "/me") || method+" "+path == "POST /access-requests" || path == "/status" || path == "/openapi.json" || atRoot(path) {
			continue
		}
		var first string
		for _, path := range []string{there.Replace(path), missing.Replace(path)} {
			for _, c := range []struct {
				query, body string
				header      []string
			}{
				{},
				{query: "?dry_run=true"},
				{query: "?x=1;"},
				{query: "?" + strings.Repeat("x", 9<<10)},
				{body: "{}"},
				{body: "nonsense"},
				{body: big},
				{body: "{}", header: []string{"Content-Type", "text/plain"}},
				{body: "{}", header: []string{"If-Match", `"1"`}},
				{header: []string{"If-Match", "nonsense"}},
				{header: []string{"Rightful-Reason", "%"}},
			} {
				r := d.do("cleo", method, path+c.query, c.body, c.header...)
				r.problem(403, "forbidden")
				if first == "" {
					first = r.body
				}
				if r.body != first {
					t.Errorf("%s answers %s, not %s", r.asked, r.body, first)
				}
				d.do("", method, path+c.query, c.body, c.header...).problem(401, "unauthenticated")
			}
		}
	}
}

// Someone who may assign the members of every group, and has no rights to view, can't find out which groups exist or
// for which of them the right serves.
func TestForbiddenToAssignRevealsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.do("admin", "PATCH", "/users/cleo/permissions", `{"grant":["rightful.members/*:assign"]}`).want(200)
	var first string
	for _, group := range []string{"Finance", "Nobody", "Administrators", "Importers", "Trainees", "a:b"} {
		for _, c := range []struct{ method, path, body string }{
			{"PUT", "/members/dana", ""},
			{"DELETE", "/members/dana", ""},
			{"PATCH", "/members", `{"add":["dana"]}`},
			{"PUT", "/members/dana?dry_run=true", ""},
		} {
			r := d.do("cleo", c.method, "/groups/"+group+c.path, c.body)
			r.problem(403, "forbidden")
			if first == "" {
				first = r.body
			}
			if r.body != first {
				t.Errorf("%s answers %s, not %s", r.asked, r.body, first)
			}
		}
	}
}

// Parameters that need more rights get their 403 at the same place.
func TestForbiddenParameterRevealsNothing(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ user, method, there, missing, lacks string }{
		{"group-editor", "DELETE", "/groups/Finance?members=release", "/groups/Nobody?members=release", "rightful.users:view"},
		{"group-editor", "DELETE", "/groups/Administrators?members=release", "/groups/Nobody?members=release&x=1", "rightful.users:update"},
		{"viewer", "PUT", "/groups/Finance/members/viewer", "/groups/Nobody/members/viewer", "rightful.users:update"},
		{"importer", "POST", "/imports?mode=replace", "/imports?mode=replace&x=1", "*:*"},
	} {
		a := d.do(c.user, c.method, c.there, "")
		b := d.do(c.user, c.method, c.missing, "nonsense", "If-Match", `"1"`)
		a.problem(403, "forbidden")
		b.problem(403, "forbidden")
		if a.body != b.body || !strings.Contains(a.body, `"`+c.lacks+`"`) {
			t.Errorf("%s\n%s", a.body, b.body)
		}
	}
	// The right to assign is no right to know what other groups there are, nor to move oneself.
	a := d.do("lead", "PUT", "/groups/Finance/members/ben", "")
	b := d.do("lead", "PUT", "/groups/Nobody/members/ben", "")
	a.problem(403, "forbidden")
	if a.body != b.body {
		t.Errorf("%s\n%s", a.body, b.body)
	}
	d.do("lead", "PUT", "/groups/Deposit%20viewers/members/lead?x=1", "", "If-Match", `"1"`).problem(403, "forbidden")
}

// A 403 lists what is missing in the catalog's words, and the user.
func TestForbiddenSaysWhatIsMissing(t *testing.T) {
	d := newDesk(t)
	p := d.get("cleo", "/users").problem(403, "forbidden")
	got, _ := json.Marshal([]any{p["detail"], p["user"], p["missing"]})
	want := `["You need 2 more permissions to do this.","cleo",[` +
		`{"category":["Rightful","Groups"],"label":"View groups","permission":"rightful.groups:view"},` +
		`{"category":["Rightful","Users"],"label":"View users","permission":"rightful.users:view"}]]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p = d.do("user-editor", "PUT", "/groups/Finance/members/ben", "").problem(403, "escalation")
	if got, _ := json.Marshal(p["missing"]); string(got) != `[{"permission":"finance.*:*"}]` {
		t.Errorf("missing is %s", got)
	}
	p = d.do("user-editor", "PATCH", "/users/cleo/permissions", `{"grant":["finance.operations:view"]}`).problem(403, "escalation")
	if got, _ := json.Marshal(p["missing"]); string(got) != `[{"category":["Finance","Operations"],"label":"View operations","permission":"finance.operations:view"}]` {
		t.Errorf("missing is %s", got)
	}
}

// An escalation lists a hundred of the permissions that are missing, however many a change would give, and counts all.
func TestEscalationListsSomeAndCountsAll(t *testing.T) {
	d := newDesk(t)
	const n = 250
	rules := authz.Rules{}
	for i := range n {
		rules.Grants = append(rules.Grants, authz.Pattern(fmt.Sprintf("clients.requests.deposit.r%03d:view", n-1-i)))
	}
	if _, err := d.engine.AsCommand("test").CreateGroup(t.Context(), authz.GroupSpec{Name: "Big", Permissions: rules}); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"", "?dry_run=true"} {
		p := d.do("user-editor", "PUT", "/groups/Big/members/ben"+query, "").problem(403, "escalation")
		missing := p["missing"].([]any)
		last := missing[len(missing)-1].(map[string]any)["permission"]
		if len(missing) != 100 || last != "clients.requests.deposit.r099:view" || p["missing_count"] != float64(n) {
			t.Errorf("%q: %d are listed, the last is %v, and the count is %v", query, len(missing), last, p["missing_count"])
		}
	}
	for _, fix := range d.get("user-editor", "/users/ben/explanation?permission=clients.requests.deposit.r000:view").want(200).json()["fixes"].([]any) {
		if fix := fix.(map[string]any); fix["kind"] == "assign" && fix["groups"].([]any)[0] == "Big" {
			if lacks := fix["lacks"].([]any); len(lacks) != 100 || fix["lacks_count"] != float64(n) {
				t.Errorf("a fix lists %d and counts %v", len(lacks), fix["lacks_count"])
			}
			return
		}
	}
	t.Error("no fix puts ben into the group")
}

// All invalid values are listed, each with its pointer in the body.
func TestInvalidValuesAreNamedTogether(t *testing.T) {
	d := newDesk(t)
	r := d.do("admin", "POST", "/groups", `{"name":"=cmd","description":"a\nb","inherits":["Finance","Nobody"],
		"permissions":{"grants":["finance.*:*","x","no.such:thing"],"restrictions":["a*b:c"]}}`)
	r.problem(422, "invalid")
	e := r.errors()
	for _, pointer := range []string{"/name", "/description", "/inherits/1", "/permissions/grants/1", "/permissions/grants/2", "/permissions/restrictions/0"} {
		if e[pointer] == "" {
			t.Errorf("%s isn't named: %v", pointer, e)
		}
	}
	if len(e) != 6 {
		t.Errorf("errors are %v", e)
	}
	r = d.do("admin", "PATCH", "/groups/Finance/permissions", `{"grant":["finance.operation:view"]}`)
	r.problem(422, "unknown-permission")
	if detail := r.errors()["/grant/0"]; !strings.Contains(detail, "finance.operations:view") {
		t.Errorf("no near name in %q", detail)
	}
}

// busy fills the engine's gate for expensive work, until the returned function is called. The test runs in a bubble.
func (d *desk) busy() (leave func()) {
	hang, done := make(chan struct{}), sync.WaitGroup{}
	d.store.OnCall(func(context.Context) error { <-hang; return nil }, authztest.CallBefore)
	for range max(1, runtime.GOMAXPROCS(0)-1) {
		done.Go(func() { _, _ = d.engine.ViewAt(context.Background(), 1) })
	}
	synctest.Wait()
	d.store.OnCall(nil, authztest.CallBefore)
	return func() { close(hang); done.Wait() }
}

// What a user who reaches thousands of groups may do is listed in turn. (It takes real time, by which work becomes
// expensive.)
func TestLongListsTakeTurns(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	d := newDesk(t, func(o *authz.Options) { o.Seed.Catalog = nil })
	const n = 2500
	var file strings.Builder
	for i := range n {
		fmt.Fprintf(&file, "g, fat, group:Door%d\ng, group:Door%d, group:Hub\ng, group:Hub, group:Leaf%d\n", i, i, i)
		for j := range 8 {
			fmt.Fprintf(&file, "p, group:Leaf%d, finance.x%d.y%d, *, deny\n", i, i, j)
		}
		fmt.Fprintf(&file, "p, group:Leaf%d, finance.operations, view, allow\np, group:Door%d, rightful.members/Door%d, assign, allow\n", i, i, i)
	}
	d.importPolicy(file.String())
	hang, full := make(chan struct{}), make(chan struct{})
	places, waiting := max(1, runtime.GOMAXPROCS(0)-1), sync.WaitGroup{}
	d.store.OnCall(func(context.Context) error { full <- struct{}{}; <-hang; return nil }, authztest.CallBefore)
	for range places {
		waiting.Go(func() { _, _ = d.engine.ViewAt(context.Background(), 1) })
	}
	for range places {
		<-full
	}
	d.store.OnCall(nil, authztest.CallBefore)
	leave := occupied() // on a fast machine, it wouldn't take long
	for _, path := range []string{"/users/fat", "/users/fat/effective"} {
		waiting.Go(func() {
			r := d.get("viewer", path)
			r.problem(429, "too-many")
			d.get("nobody", path).problem(403, "forbidden")
		})
	}
	time.AfterFunc(6*time.Second, func() { close(hang) })
	waiting.Wait()
	leave()
	d.get("viewer", "/users/fat/effective").want(200)
}

// occupied keeps every core busy with other work, until the function that it returns is called.
func occupied() (leave func()) {
	var done atomic.Bool
	for range 3 * runtime.GOMAXPROCS(0) {
		go func() {
			for !done.Load() {
			}
		}()
	}
	return func() { done.Store(true) }
}

// While other expensive work is in progress, what is expensive is answered with 429 after five seconds. Callers
// without the rights get their 403 at once.
func TestExpensiveRequestsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.addDenials(authz.Denial{
			ID: "d1", At: time.Now(), User: "dana", Method: "GET", Route: "/", Revision: 2,
			Required: []authz.Permission{"finance.operations:view"}, Missing: []authz.Permission{"finance.operations:view"},
		})
		all := []exchange{
			{method: "POST", path: "/changes/3/revert"},
			{method: "POST", path: "/imports?mode=merge", body: "g, ben, group:Finance\n"},
			{method: "GET", path: "/changes/3"},
			{method: "GET", path: "/denials/d1"},
			{method: "GET", path: "/users/cleo/explanation?permission=finance.operations:create"},
			{method: "GET", path: "/users/cleo/explanation?permission=finance.operations:create&revision=2"},
		}
		for _, e := range writes {
			e.path = with(e.path, "dry_run=true&revision=2")
			all = append(all, e)
		}
		leave := d.busy()
		defer leave()
		for _, e := range all {
			start := time.Now()
			r := e.send(d, "admin")
			r.problem(429, "too-many")
			if waited := time.Since(start); waited != 5*time.Second || r.header.Get("Retry-After") != "5" {
				t.Errorf("%s: after %v with %v", r.asked, waited, r.header)
			}
			start = time.Now()
			e.send(d, "nobody").problem(403, "forbidden")
			if waited := time.Since(start); waited != 0 {
				t.Errorf("%s: refused after %v", r.asked, waited)
			}
		}
		d.do("admin", "PUT", "/groups/Finance/members/ben", "").want(204)
	})
}

// One user's many expensive requests don't keep another user's waiting: the users take turns.
func TestUsersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.do("admin", "PUT", "/groups/Administrators/members/ben", "").want(204)
		leave := d.busy()
		d.store.OnCall(func(context.Context) error { time.Sleep(time.Second / 20); return nil }, authztest.CallBefore)
		places := max(1, runtime.GOMAXPROCS(0)-1)
		var done sync.WaitGroup
		var answered atomic.Int32 // of the first user's requests
		for range 10 * places {
			done.Go(func() { d.get("ben", "/changes/3").want(200); answered.Add(1) })
		}
		time.Sleep(time.Second) // until all wait for their turn
		done.Go(func() {
			d.get("admin", "/changes/3").want(200)
			if before := int(answered.Load()); before > 2*places {
				t.Errorf("%d requests of the first user were answered before", before)
			}
		})
		time.Sleep(time.Second)
		leave()
		done.Wait()
	})
}
