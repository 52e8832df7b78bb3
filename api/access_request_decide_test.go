package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// approvalOf is the body that approves a request by operations, seen at a revision.
func approvalOf(revision any, operations ...string) string {
	return fmt.Sprintf(`{"operations":[%s],"revision":%v}`, strings.Join(operations, ","), revision)
}

var intoDesk = op("PUT", "/groups/Requests%20desk/members/cleo", "null")

const wantsDesk = `{"permissions":["clients.requests.deposit:update"]}`

// The operations of the first fix can be sent as they are, and make one change with the approval.
func TestAccessRequestIsApprovedByAFix(t *testing.T) {
	d := newDesk(t)
	soon := time.Now().UTC().Add(time.Hour).Truncate(time.Second)
	id := d.asks("cleo", fmt.Sprintf(`{"permissions":["clients.requests.deposit:update"],"until":%q}`, soon.Format(time.RFC3339)))
	path, seen := "/access-requests/"+id+"/approve", d.askedFor("admin", id)
	one := seen.Fixes[0].Operations[0]
	body := approvalOf(seen.Revision, op(string(one.Method), one.Path, "null"))
	before := d.engine.View().Revision()
	dry := d.do("admin", "POST", path+"?dry_run=true", body, "Rightful-Reason", "covers%20for%20dana").want(200)
	change := dry.json()
	if change["action"] != "request.approve" || change["target"] != id || change["gain_count"] != 1.0 || change["revision"] != nil || dry.revision() != "" {
		t.Errorf("a dry run is %s", dry.body)
	}
	if d.engine.View().Revision() != before || d.askedFor("admin", id).State != "open" {
		t.Fatal("a dry run stored something")
	}
	made := d.do("admin", "POST", path, body, "Rightful-Reason", "covers%20for%20dana").want(200)
	shown := d.readRequest(made)
	if shown.State != "approved" || shown.Revision != int64(before)+1 || shown.DecidedBy.ID != "admin" || shown.Decision != "covers for dana" ||
		len(shown.Missing) != 0 || shown.Missing == nil || !shown.Until.Equal(soon) || made.revision() != fmt.Sprint(before+1) {
		t.Errorf("it is %s with %v", made.body, made.header)
	}
	recorded := d.get("admin", "/changes/"+made.revision()).want(200).json()
	if recorded["action"] != "request.approve" || recorded["target"] != id || recorded["reason"] != "covers for dana" {
		t.Errorf("the change is %v", recorded)
	}
	if !d.engine.Can("cleo", "clients.requests.deposit:update") {
		t.Error("cleo can't")
	}
	own := d.readRequest(d.get("cleo", "/me/access-requests/"+id).want(200))
	if own.State != "approved" || own.Decision != "covers for dana" || own.DecidedBy.ID != "admin" || !own.Until.Equal(soon) || own.Fixes != nil {
		t.Errorf("cleo sees %+v", own)
	}
	d.do("admin", "POST", path, body).problem(409, "request-decided")
}

// If the user has the access by now, no operations are needed, and there is no change.
func TestAccessRequestIsApprovedWithoutAChange(t *testing.T) {
	d := newDesk(t)
	id := d.asks("cleo", wantsDesk)
	d.do("admin", "PUT", "/groups/Requests%20desk/members/cleo", "").want(204)
	revision := d.engine.View().Revision()
	made := d.do("admin", "POST", "/access-requests/"+id+"/approve", approvalOf(revision)).want(200)
	if shown := d.readRequest(made); shown.State != "approved" || shown.Revision != 0 || made.revision() != fmt.Sprint(revision) {
		t.Errorf("it is %s with %v", made.body, made.header)
	}
}

// An end in the approval is that of the memberships without one of their own.
func TestApprovalEndsMemberships(t *testing.T) {
	d := newDesk(t)
	for i, c := range []struct{ path, until, want string }{
		{"/groups/Requests%20desk/members/u0", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z"},
		{"/groups/Requests%20desk/members/u1?until=2031-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"},
		{"/groups/Requests%20desk/members/u2", "never", "0001-01-01T00:00:00Z"},
	} {
		user := fmt.Sprint("u", i)
		id := d.asks(user, wantsDesk)
		body := fmt.Sprintf(`{"operations":[%s],"revision":%d,"until":%q}`, op("PUT", c.path, "null"), d.engine.View().Revision(), c.until)
		shown := d.readRequest(d.do("admin", "POST", "/access-requests/"+id+"/approve", body).want(200))
		if got := shown.Until.Format(time.RFC3339); got != c.want {
			t.Errorf("%s until %s ends %s, not %s", c.path, c.until, got, c.want)
		}
	}
	id := d.asks("cleo", wantsDesk)
	grants := fmt.Sprintf(`{"operations":[%s],"revision":%d,"until":"2030-01-01T00:00:00Z"}`,
		op("PATCH", "/users/cleo/permissions", `{"grant":["clients.requests.deposit:update"]}`), d.engine.View().Revision())
	d.do("admin", "POST", "/access-requests/"+id+"/approve", grants).problem(422, "invalid")
}

// Errors come in the order of a batch, those of the request itself after the rights and before all that the operations say.
func TestErrorPrecedenceOfApprovals(t *testing.T) {
	noMatch := op("PATCH", "/groups/Requests%20desk", `{"description":"x"}`)
	stale := op("PATCH", "/groups/Requests%20desk", `{"description":"x"}`, `"1-00000000"`)
	tooMany := op("PATCH", "/groups/Requests%20desk/members", `{"add":[`+strings.Repeat(`"cleo",`, 1000)+`"cleo"]}`)
	for name, test := range map[string]struct {
		user, path, body string
		status           int
		problem          string
		pointers         []string
	}{
		"nobody":             {"", "OPEN", "{", 401, "unauthenticated", nil},
		"no rights":          {"cleo", "OPEN", "{", 403, "forbidden", nil},
		"no JSON":            {"viewer", "NONE", "{", 400, "malformed-request", []string{""}},
		"what is missing":    {"viewer", "NONE", "{}", 400, "malformed-request", []string{"/operations", "/revision"}},
		"types":              {"viewer", "NONE", `{"operations":{},"revision":"1","until":"soon","x":1}`, 400, "malformed-request", []string{"/operations", "/revision", "/until", "/x"}},
		"revision 0":         {"viewer", "NONE", approvalOf(0), 400, "malformed-request", []string{"/revision"}},
		"a fraction":         {"viewer", "NONE", approvalOf(1.5), 400, "malformed-request", []string{"/revision"}},
		"the query":          {"viewer", "NONE?revision=1", approvalOf(1), 400, "malformed-request", nil},
		"an operation":       {"viewer", "NONE", approvalOf(1, op("PATCH", "/groups/Finance/permissions", `{"grant":1}`)), 400, "malformed-request", []string{"/operations/0/body/grant"}},
		"other paths":        {"viewer", "NONE", approvalOf(1, op("POST", "/access-requests", wantsDesk)), 422, "invalid", []string{"/operations/0/path"}},
		"too many":           {"viewer", "NONE", approvalOf(1, slices.Repeat([]string{intoDesk}, 101)...), 422, "invalid", []string{"/operations"}},
		"rights of a change": {"viewer", "NONE", approvalOf(1, intoDesk), 403, "forbidden", nil},
		"rights before 428":  {"viewer", "OPEN", approvalOf(1, noMatch), 403, "forbidden", nil},
		"no request":         {"admin", "NONE", approvalOf(1, noMatch), 404, "not-found", nil},
		"one's own":          {"admin", "OWN", approvalOf(99, noMatch), 403, "own-request", nil},
		"decided":            {"admin", "DECIDED", approvalOf(99, noMatch), 409, "request-decided", nil},
		"decided before 412": {"admin", "DECIDED", approvalOf(99, stale), 409, "request-decided", nil},
		"decided before 422": {"admin", "DECIDED", approvalOf(99, op("PATCH", "/users/cleo/permissions", `{"grant":["**"]}`)), 409, "request-decided", nil},
		"a precondition":     {"admin", "OPEN", approvalOf(99, noMatch), 428, "precondition-required", []string{"/operations/0/if_match"}},
		"before it":          {"admin", "OPEN", approvalOf(1, op("PUT", "/groups/Nowhere/members/cleo", ""), noMatch), 404, "not-found", []string{"/operations/0/path"}},
		"a stale version":    {"admin", "OPEN", approvalOf("NOW", stale), 412, "revision-conflict", []string{"/operations/0/if_match"}},
		"the future":         {"admin", "OPEN", approvalOf(99, intoDesk), 412, "revision-conflict", nil},
		"too much":           {"admin", "OPEN", approvalOf("NOW", tooMany), 422, "invalid", []string{"/operations/0/body/add"}},
		"somebody else":      {"admin", "OPEN", approvalOf("NOW", intoDesk, op("PUT", "/groups/Finance/members/ben", "")), 422, "invalid", []string{"/operations/1/path"}},
		"another group":      {"admin", "OPEN", approvalOf("NOW", intoDesk, op("PATCH", "/groups/Finance/permissions", `{"revoke":["finance.*:*"]}`)), 422, "invalid", []string{"/operations/1/path"}},
		"not all of it":      {"admin", "OPEN", approvalOf("NOW", op("PUT", "/groups/Finance/members/cleo", "")), 422, "invalid", []string{"/operations"}},
		"nothing":            {"admin", "OPEN", approvalOf("NOW"), 422, "invalid", []string{"/operations"}},
		"escalation":         {"user-editor", "OPEN", approvalOf("NOW", intoDesk), 403, "escalation", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			wanted := []authz.Permission{"clients.requests.deposit:update"}
			d.addRequest(authz.AccessRequest{ID: "OPEN", User: "cleo", Permissions: wanted})
			d.addRequest(authz.AccessRequest{ID: "OWN", User: "admin", Permissions: wanted})
			d.addRequest(authz.AccessRequest{ID: "DECIDED", User: "cleo", Permissions: []authz.Permission{"a:b"}, State: authz.RequestDeclined})
			revision := d.engine.View().Revision()
			id, query, _ := strings.Cut(test.path, "?")
			r := d.do(test.user, "POST", "/access-requests/"+id+"/approve?"+query, strings.ReplaceAll(test.body, "NOW", fmt.Sprint(revision)))
			r.problem(test.status, test.problem)
			got := slices.Sorted(maps.Keys(r.errors()))
			got = slices.DeleteFunc(got, func(p string) bool { return p == "" && test.pointers == nil })
			if !slices.Equal(got, test.pointers) {
				t.Errorf("the pointers are %q: %s", got, r.body)
			}
			if d.engine.View().Revision() != revision || d.askedFor("admin", "OPEN").State != "open" {
				t.Error("something was stored")
			}
		})
	}
}

// If the policy moved on so that the operations give somebody something else, it is a 412 about no group or user.
func TestApprovalOfWhatHasChanged(t *testing.T) {
	d := newDesk(t)
	id := d.asks("cleo", wantsDesk)
	seen := d.askedFor("admin", id).Revision
	path := "/access-requests/" + id + "/approve"
	d.do("admin", "PATCH", "/groups/Finance", `{"description":"money"}`, "If-Match", "*").want(200)
	d.do("admin", "POST", path+"?dry_run=true", approvalOf(seen, intoDesk)).want(200) // gives the same
	d.do("admin", "PATCH", "/groups/Requests%20desk/permissions", `{"grant":["system.settings:view"]}`).want(200)
	r := d.do("admin", "POST", path, approvalOf(seen, intoDesk))
	p := r.problem(412, "revision-conflict")
	if p["version"] != nil || r.header.Get("ETag") != "" || !strings.Contains(p["detail"].(string), "Read the request again") {
		t.Errorf("it is %s with %v", r.body, r.header)
	}
	d.do("admin", "POST", path, approvalOf(d.askedFor("admin", id).Revision, intoDesk)).want(200)
}

// A revision of the past is read in turns with other expensive work.
func TestApprovalsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		id := d.asks("cleo", wantsDesk)
		leave := d.busy()
		defer leave()
		r := d.do("admin", "POST", "/access-requests/"+id+"/approve", approvalOf(2, intoDesk))
		if r.problem(429, "too-many"); r.header.Get("Retry-After") != "5" {
			t.Errorf("it is %v", r.header)
		}
		d.do("admin", "POST", "/access-requests/"+id+"/approve", approvalOf(d.engine.View().Revision(), intoDesk)).want(200)
	})
}

func TestDeclineOperations(t *testing.T) {
	runExchanges(t, []exchange{
		{"", "POST", "/access-requests/X/decline", `{`, "", 401, "unauthenticated"},
		{"group-viewer", "POST", "/access-requests/X/decline", `{`, "", 403, "forbidden"},
		{"viewer", "POST", "/access-requests/X/decline", `{`, "", 403, "forbidden"},
		{"lead", "POST", "/access-requests/X/decline", `{`, "", 400, "malformed-request"},
		{"lead", "POST", "/access-requests/X/decline", `{}`, "", 400, "malformed-request"},
		{"lead", "POST", "/access-requests/X/decline", `{"reason":"no","until":"never"}`, "", 400, "malformed-request"},
		{"lead", "POST", "/access-requests/X/decline", `{"reason":""}`, "", 404, "not-found"},
		{"user-editor", "POST", "/access-requests/X/decline", `{"reason":"no"}`, "", 404, "not-found"},
	})
}

// A user who may move people declines for a reason, which the requester reads; nobody declines their own.
func TestDecline(t *testing.T) {
	d := newDesk(t)
	id, own := d.asks("cleo", wantsSettings), d.asks("lead", wantsSettings)
	revision := d.engine.View().Revision()
	path := "/access-requests/" + id + "/decline"
	if p := d.do("lead", "POST", "/access-requests/"+own+"/decline", `{"reason":"no"}`).problem(403, "own-request"); !strings.Contains(p["detail"].(string), "withdraw") {
		t.Errorf("one's own is %v", p)
	}
	for reason, at := range map[string]string{"": "/reason", " no": "/reason", strings.Repeat("x", 501): "/reason"} {
		r := d.do("lead", "POST", path, fmt.Sprintf(`{"reason":%q}`, reason))
		if r.problem(422, "invalid"); r.errors()[at] == "" {
			t.Errorf("%q: %s", reason, r.body)
		}
	}
	for range 2 {
		shown := d.readRequest(d.do("lead", "POST", path, `{"reason":"dana is back"}`).want(200))
		if shown.State != "declined" || shown.DecidedBy.ID != "lead" || shown.Decision != "dana is back" || shown.Fixes != nil {
			t.Errorf("it is %+v", shown)
		}
	}
	if own := d.readRequest(d.get("cleo", "/me/access-requests/"+id).want(200)); own.State != "declined" || own.Decision != "dana is back" || own.DecidedBy.ID != "lead" {
		t.Errorf("cleo sees %+v", own)
	}
	d.do("lead", "POST", path, `{"reason":"another"}`).problem(409, "request-decided")
	d.do("user-editor", "POST", path, `{"reason":"dana is back"}`).problem(409, "request-decided")
	if d.engine.View().Revision() != revision {
		t.Error("declining is a change")
	}
}

// Callers without the rights learn nothing of a request, of its state or of whether it exists.
func TestDecisionsRevealNothing(t *testing.T) {
	d := newDesk(t)
	id := d.asks("cleo", wantsSettings)
	d.addRequest(authz.AccessRequest{ID: "DECIDED", User: "dana", Permissions: []authz.Permission{"a:b"}, State: authz.RequestApproved})
	d.addRequest(authz.AccessRequest{ID: "OWN", User: "viewer", Permissions: []authz.Permission{"a:b"}})
	for user, bodies := range map[string][]string{
		"group-viewer": {approvalOf(1), approvalOf(1, intoDesk), `{"reason":"no"}`, "nonsense"},
		"viewer":       {approvalOf(1, intoDesk), approvalOf(99, intoDesk)}, // may see requests, but not carry that out
	} {
		answers := map[string]bool{}
		for _, request := range []string{id, "DECIDED", "OWN", "NONE"} {
			for _, body := range bodies {
				r := d.do(user, "POST", "/access-requests/"+request+"/approve", body)
				r.problem(403, "forbidden")
				answers[r.body] = true
			}
		}
		if len(answers) != 1 {
			t.Errorf("%s gets %v", user, slices.Collect(maps.Keys(answers)))
		}
	}
}
