package api_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

func TestOwnAccessRequestOperations(t *testing.T) {
	runExchanges(t, []exchange{
		{"cleo", "POST", "/access-requests", wantsSettings, "", 201, ""},
		{"cleo", "POST", "/access-requests", `{"permissions":["no.such:thing"],"until":"never"}`, "", 201, ""},
		{"cleo", "POST", "/access-requests", `{"permissions":["system.settings:view"],"until":"2035-01-01T00:00:00Z"}`, "", 201, ""},
		{"", "POST", "/access-requests", wantsSettings, "", 401, "unauthenticated"},
		{"cleo", "POST", "/access-requests", `{"permission":"a:b"}`, "", 400, "malformed-request"},
		{"cleo", "POST", "/access-requests", `{"permissions":"a:b"}`, "", 400, "malformed-request"},
		{"cleo", "POST", "/access-requests", `{"permissions":["a:b"],"until":"soon"}`, "", 400, "malformed-request"},
		{"cleo", "POST", "/access-requests", `{"permissions":["a:b"],"user":"dana"}`, "", 400, "malformed-request"},
		{"cleo", "POST", "/access-requests?dry_run=true", wantsSettings, "", 400, "malformed-request"},
		{"cleo", "POST", "/access-requests", `{"denial_id":"NONE"}`, "", 404, "not-found"},
		{"cleo", "POST", "/access-requests", `{}`, "", 422, "invalid"},
		{"cleo", "POST", "/access-requests", `{"permissions":["finance.*:view","a:b"]}`, "", 422, "invalid"},
		{"cleo", "POST", "/access-requests", `{"permissions":["a:b"],"denial_id":"D"}`, "", 422, "invalid"},
		{"cleo", "POST", "/access-requests", `{"permissions":["clients.requests.deposit:view"]}`, "", 422, "invalid"}, // cleo has it
		{"cleo", "POST", "/access-requests", `{"permissions":["a:b"],"until":"2020-01-01T00:00:00Z"}`, "", 422, "invalid"},
		{"cleo", "POST", "/access-requests", `{"permissions":[` + strings.Repeat(`"a:b",`, 1000) + `"a:b"]}`, "", 422, "invalid"},

		{"cleo", "GET", "/me/access-requests", "", "", 200, ""},
		{"cleo", "GET", "/me/access-requests?state=open&limit=1", "", "", 200, ""},
		{"", "GET", "/me/access-requests", "", "", 401, "unauthenticated"},
		{"cleo", "GET", "/me/access-requests?user=dana", "", "", 400, "malformed-request"},
		{"cleo", "GET", "/me/access-requests?state=closed", "", "", 400, "malformed-request"},
		{"", "GET", "/me/access-requests/X", "", "", 401, "unauthenticated"},
		{"cleo", "GET", "/me/access-requests/X", "", "", 404, "not-found"},
		{"", "DELETE", "/me/access-requests/X", "", "", 401, "unauthenticated"},
		{"cleo", "DELETE", "/me/access-requests/X", "", "", 404, "not-found"},
		{"cleo", "DELETE", "/me/access-requests/%00", "", "", 404, "not-found"},
	})
}

// A request is one of the caller alone: nobody else sees or withdraws it there, not even an administrator.
func TestOwnAccessRequestIsSeenByNobodyElse(t *testing.T) {
	d := newDesk(t)
	made := d.do("cleo", "POST", "/access-requests", wantsSettings).want(201)
	shown := d.readRequest(made)
	path := "/me/access-requests/" + shown.ID
	if made.header.Get("Location") != "/api/v1"+path || shown.State != "open" || shown.User != "cleo" || shown.Missing[0] != "system.settings:view" {
		t.Errorf("%v: %s", made.header, made.body)
	}
	again := d.do("cleo", "POST", "/access-requests", `{"permissions":["system.settings:view"],"reason":"please"}`).want(200)
	if again.body != made.body || again.header.Get("Location") != made.header.Get("Location") {
		t.Errorf("the same again is %s", again.body)
	}
	for _, other := range []string{"admin", "dana"} {
		d.get(other, path).problem(404, "not-found")
		d.do(other, "DELETE", path, "").problem(404, "not-found")
		if got := d.get(other, "/me/access-requests").items("id"); len(got) != 0 {
			t.Errorf("%s sees %v", other, got)
		}
	}
	if got := d.get("cleo", path).want(200).body; got != made.body {
		t.Errorf("cleo sees %s", got)
	}
	for range 2 {
		d.do("cleo", "DELETE", path, "").want(204)
	}
	if shown := d.readRequest(d.get("cleo", path).want(200)); shown.State != "withdrawn" || shown.DecidedBy.ID != "cleo" {
		t.Errorf("withdrawn it is %+v", shown)
	}
	if got := d.get("cleo", "/me/access-requests?state=withdrawn").items("id"); len(got) != 1 {
		t.Errorf("withdrawn are %v", got)
	}
}

// The pages of one's own requests.
func TestOwnAccessRequestsComeInPages(t *testing.T) {
	d := newDesk(t)
	for i := range 5 {
		d.asks("cleo", fmt.Sprintf(`{"permissions":["a:x%d"]}`, i))
		d.asks("dana", fmt.Sprintf(`{"permissions":["a:x%d"]}`, i))
	}
	seen, pages := map[string]bool{}, 0
	for path := "/me/access-requests?limit=2"; path != ""; pages++ {
		page := d.get("cleo", path)
		for i, id := range page.items("id") {
			seen[id] = true
			if page.items("user")[i] != "cleo" {
				t.Errorf("cleo sees one of %s", page.items("user")[i])
			}
		}
		next, more := page.json()["next_cursor"].(string)
		if path = ""; more {
			path = "/me/access-requests?limit=2&cursor=" + next
		}
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%d requests on %d pages", len(seen), pages)
	}
}

// Someone else's denial is the same 404 as none. One's own gives all that its route requires.
func TestAccessIsAskedForByADenial(t *testing.T) {
	d := newDesk(t)
	d.addDenials(denials(1, "cleo")...)
	none := d.do("dana", "POST", "/access-requests", `{"denial_id":"NONE"}`)
	none.problem(404, "not-found")
	if other := d.do("dana", "POST", "/access-requests", `{"denial_id":"cleo0"}`); other.status != 404 || other.body != none.body {
		t.Errorf("of somebody else: %s", other.body)
	}
	shown := d.readRequest(d.do("cleo", "POST", "/access-requests", `{"denial_id":"cleo0"}`).want(201))
	if fmt.Sprint(shown.Permissions, shown.Missing, " ", shown.DenialID) != "[clients.requests.deposit:view finance.operations:create] [finance.operations:create] cleo0" {
		t.Errorf("it is %+v", shown)
	}
}

// A host that conceals what a 403 is about conceals it here too, but not what the user named.
func TestConcealedAccessRequest(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.Requests.Conceal = true })
	d.addDenials(authz.Denial{
		ID: "D", At: time.Now(), User: "cleo", Required: []authz.Permission{"finance.operations:create", "a:secret"}, OneIsEnough: true,
	})
	made := d.do("cleo", "POST", "/access-requests", `{"denial_id":"D","reason":"please"}`).want(201)
	id := d.readRequest(made).ID
	for _, r := range []reply{
		made, d.get("cleo", "/me/access-requests/"+id), d.get("cleo", "/me/access-requests"), d.do("cleo", "POST", "/access-requests", `{"denial_id":"D"}`),
	} {
		for _, secret := range []string{"finance", "secret", "missing", "permissions", "one_is_enough"} {
			if strings.Contains(r.body, secret) {
				t.Errorf("%s tells %q: %s", r.asked, secret, r.body)
			}
		}
	}
	if shown := d.askedFor("viewer", id); len(shown.Permissions) != 2 || len(shown.Missing) != 2 || !shown.OneIsEnough {
		t.Errorf("an administrator sees %+v", shown)
	}
	if shown := d.readRequest(d.do("cleo", "POST", "/access-requests", wantsSettings).want(201)); len(shown.Permissions) != 1 || len(shown.Missing) != 1 {
		t.Errorf("what cleo named is %+v", shown)
	}
}

// Too many requests are a 429 that says what to do, and not that work takes turns.
func TestTooManyAccessRequests(t *testing.T) {
	d := newDesk(t)
	for i := range 5 {
		d.asks("cleo", fmt.Sprintf(`{"permissions":["a:x%d"]}`, i))
	}
	r := d.do("cleo", "POST", "/access-requests", wantsSettings)
	if p := r.problem(429, "too-many"); !strings.Contains(p["detail"].(string), "withdraw one") || r.header.Get("Retry-After") != "" {
		t.Errorf("it is %s with %v", r.body, r.header)
	}
	for i := range 10 {
		d.do("dana", "DELETE", "/me/access-requests/"+d.asks("dana", fmt.Sprintf(`{"permissions":["a:x%d"]}`, i)), "").want(204)
	}
	r = d.do("dana", "POST", "/access-requests", wantsSettings)
	if p := r.problem(429, "too-many"); !strings.Contains(p["detail"].(string), "wait a minute") || r.header.Get("Retry-After") != "60" {
		t.Errorf("it is %s with %v", r.body, r.header)
	}
}

// A user whose id the store would cut or alter reads nobody else's requests.
func TestOwnRequestsAreOnesOwn(t *testing.T) {
	d := newDesk(t)
	beginning := strings.Repeat("a", 99)
	d.asks(beginning+"\ufffd", wantsSettings)
	for _, other := range []string{beginning + "aaa", beginning + "\x01"} {
		if list := d.get(other, "/me/access-requests").want(200).json()["items"].([]any); len(list) > 0 {
			t.Errorf("%q reads %v", other, list)
		}
	}
}

// The command is no user: it asks for nothing, and has no requests of its own to see or withdraw.
func TestOperatorHasNoAccessRequests(t *testing.T) {
	engine := operatedEngine(t)
	r, _, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Permissions: []authz.Permission{"a:b"}})
	if err != nil {
		t.Fatal(err)
	}
	handler := api.Operator(engine, "eve@host")
	for _, c := range []struct {
		method, path, body string
		status             int
		contains           string
	}{
		{"POST", "/access-requests", wantsSettings, 422, "invalid"},
		{"GET", "/me/access-requests", "", 200, `{"items":[]}`},
		{"GET", "/me/access-requests/" + string(r.ID), "", 404, "not-found"},
		{"DELETE", "/me/access-requests/" + string(r.ID), "", 404, "not-found"},
		{"GET", "/access-requests/" + string(r.ID), "", 200, `"fixes":[{`},
		{"POST", "/access-requests/" + string(r.ID) + "/decline", `{"reason":"no"}`, 200, `"decided_by":{"kind":"command","id":"eve@host"}`},
	} {
		request := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.contains) {
			t.Errorf("%s %s: %d %s, not %d with %s", c.method, c.path, answer.Code, answer.Body, c.status, c.contains)
		}
	}
}
