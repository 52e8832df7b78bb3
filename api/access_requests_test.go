package api_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// addRequest stores an access request, by default an open one of just now.
func (d *desk) addRequest(r authz.AccessRequest) {
	d.t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	r.State = cmp.Or(r.State, authz.RequestOpen)
	if r.CreatedAt.IsZero() {
		r.CreatedAt = now
	}
	if r.ExpiresAt.IsZero() {
		r.ExpiresAt = now.Add(time.Hour)
	}
	if _, err := d.store.AddRequest(d.t.Context(), r, authz.OpenRequests{All: 1 << 30, OfUser: 1 << 30}); err != nil {
		d.t.Fatal(err)
	}
}

// asks makes an access request of a user and returns its id.
func (d *desk) asks(user, body string) string {
	d.t.Helper()
	return d.do(user, "POST", "/access-requests", body).want(201).json()["id"].(string)
}

// askedFor returns an access request as an administrator sees it.
func (d *desk) askedFor(admin, id string) openapi.AccessRequest {
	d.t.Helper()
	return d.readRequest(d.get(admin, "/access-requests/"+id).want(200))
}

func (d *desk) readRequest(r reply) (shown openapi.AccessRequest) {
	d.t.Helper()
	if err := json.Unmarshal([]byte(r.body), &shown); err != nil {
		d.t.Fatalf("%v in %s", err, r.body)
	}
	return shown
}

const wantsSettings = `{"permissions":["system.settings:view"],"reason":"I print the badges"}`

func TestAccessRequestOperations(t *testing.T) {
	runExchanges(t, []exchange{
		{"viewer", "GET", "/access-requests", "", "", 200, ""},
		{"viewer", "GET", "/access-requests?state=open&user=cleo&limit=1", "", "", 200, ""},
		{"", "GET", "/access-requests", "", "", 401, "unauthenticated"},
		{"cleo", "GET", "/access-requests", "", "", 403, "forbidden"},
		{"group-viewer", "GET", "/access-requests", "", "", 403, "forbidden"},
		{"viewer", "GET", "/access-requests?user=", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/access-requests?state=", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/access-requests?state=closed", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/access-requests?cursor=x", "", "", 400, "malformed-request"},

		{"", "GET", "/access-requests/X", "", "", 401, "unauthenticated"},
		{"group-viewer", "GET", "/access-requests/X", "", "", 403, "forbidden"},
		{"viewer", "GET", "/access-requests/X?until=soon", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/access-requests/X", "", "", 404, "not-found"},
		{"viewer", "GET", "/access-requests/%00", "", "", 404, "not-found"},
		{"viewer", "GET", "/access-requests/%FF", "", "", 404, "not-found"},
		{"viewer", "GET", "/access-requests/" + strings.Repeat("X", 1000), "", "", 404, "not-found"},
	})
}

// Where access requests are off, nothing is found.
func TestAccessRequestsAreOff(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.Requests.Off = true })
	for _, c := range []struct{ user, method, path, body string }{
		{"viewer", "GET", "/access-requests", ""},
		{"viewer", "GET", "/access-requests/X", ""},
		{"cleo", "POST", "/access-requests", wantsSettings},
		{"admin", "POST", "/access-requests/X/approve", `{"operations":[],"revision":1}`},
		{"admin", "POST", "/access-requests/X/decline", `{"reason":"no"}`},
		{"cleo", "GET", "/me/access-requests", ""},
		{"cleo", "GET", "/me/access-requests/X", ""},
		{"cleo", "DELETE", "/me/access-requests/X", ""},
	} {
		if p := d.do(c.user, c.method, c.path, c.body).problem(404, "not-found"); p["detail"] != "Access requests are turned off." {
			t.Errorf("%s %s: %v", c.method, c.path, p["detail"])
		}
	}
}

func TestAccessRequestsAreListedNewestFirst(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.Directory = newPhoneBook() })
	if got := d.get("viewer", "/access-requests").want(200).body; got != `{"items":[],"open_count":0}` {
		t.Errorf("none are %s", got)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	var all []string
	for i := range 7 {
		at := now.Add(time.Duration(i/2) * time.Minute) // two at a time
		id, user := fmt.Sprint("R", i), authz.UserID("cleo")
		if i%3 == 0 {
			user = "dana"
		}
		d.addRequest(authz.AccessRequest{ID: authz.RequestID(id), User: user, CreatedAt: at, Permissions: []authz.Permission{authz.Permission(fmt.Sprint("a:", i))}})
		all = append([]string{id}, all...)
	}
	d.do("cleo", "DELETE", "/me/access-requests/R5", "").want(204)
	for query, want := range map[string][]string{
		"": all, "?user=dana": {"R6", "R3", "R0"}, "?user=Dana": {}, "?limit=2": all[:2], "?state=withdrawn": {"R5"}, "?state=declined": {},
		"?state=open&user=cleo": {"R4", "R2", "R1"},
	} {
		if got := d.get("viewer", "/access-requests"+query).items("id"); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, not %v", query, got, want)
		}
	}
	if got := d.get("viewer", "/access-requests?state=withdrawn").json()["open_count"]; got != 6.0 {
		t.Errorf("%v are open", got)
	}
	var got []string
	for path := "/access-requests?limit=2"; path != ""; {
		page := d.get("viewer", path)
		got = append(got, page.items("id")...)
		d.addRequest(authz.AccessRequest{ID: authz.RequestID(path), User: "ben", CreatedAt: now.Add(time.Hour), Permissions: []authz.Permission{"a:" + authz.Permission(fmt.Sprint(len(got)))}}) // meanwhile
		next, more := page.json()["next_cursor"].(string)
		if path = ""; more {
			path = "/access-requests?limit=2&cursor=" + next
		}
	}
	if !slices.Equal(got, all) {
		t.Errorf("page by page it lists %v", got)
	}
	next := d.get("viewer", "/access-requests?limit=1").json()["next_cursor"].(string)
	d.get("viewer", "/access-requests?state=open&limit=1&cursor="+next).problem(400, "malformed-request")
	name := newPhoneBook()["dana"].Name
	if names := d.get("viewer", "/access-requests?user=dana").items("display_name"); !slices.Equal(names, []string{name, name, name}) {
		t.Errorf("the names are %q", names)
	}
	if shown := d.askedFor("viewer", "R6"); shown.DisplayName != name {
		t.Errorf("the name is %q", shown.DisplayName)
	}
}

// A list is cheap: only one request has fixes, and only while it is open.
func TestAccessRequestHasFixesWhileItIsOpen(t *testing.T) {
	d := newDesk(t)
	id := d.asks("cleo", wantsSettings)
	if r := d.get("admin", "/access-requests").want(200); strings.Contains(r.body, "fixes") || strings.Contains(r.body, "revision") {
		t.Errorf("a list has %s", r.body)
	}
	shown := d.askedFor("admin", id)
	if shown.State != "open" || shown.User != "cleo" || shown.Reason != "I print the badges" || !slices.Equal(shown.Missing, []string{"system.settings:view"}) {
		t.Errorf("it is %+v", shown)
	}
	if len(shown.Fixes) == 0 || shown.Revision != int64(d.engine.View().Revision()) {
		t.Errorf("at %d the fixes are %+v", shown.Revision, shown.Fixes)
	}
	d.do("admin", "PATCH", "/users/cleo/permissions", `{"grant":["system.settings:view"]}`).want(200)
	if shown = d.askedFor("viewer", id); len(shown.Fixes) != 0 || len(shown.Missing) != 0 || shown.State != "open" || shown.Fixes == nil {
		t.Errorf("after the access was given otherwise it is %+v", shown)
	}
	d.do("cleo", "DELETE", "/me/access-requests/"+id, "").want(204)
	if r := d.get("admin", "/access-requests/"+id).want(200); strings.Contains(r.body, "fixes") || strings.Contains(r.body, "revision") {
		t.Errorf("withdrawn it is %s", r.body)
	}
}

// The fixes end when the user asks for it, or when the administrator says so.
func TestFixesOfAccessRequestEnd(t *testing.T) {
	d := newDesk(t)
	soon := time.Now().UTC().Add(24 * time.Hour).Truncate(time.Second)
	id := d.asks("cleo", fmt.Sprintf(`{"permissions":["clients.requests.deposit:update"],"until":%q}`, soon.Format(time.RFC3339)))
	path := func(query string) string {
		return d.askedFor("admin", id+query).Fixes[0].Operations[0].Path
	}
	to := "/groups/Requests%20desk/members/cleo?until="
	for query, want := range map[string]string{
		"": to + strings.ReplaceAll(soon.Format(time.RFC3339), ":", "%3A"), "?until=2030-01-01T00:00:00Z": to + "2030-01-01T00%3A00%3A00Z", "?until=never": to + "never",
	} {
		if got := path(query); got != want {
			t.Errorf("%q: %s, not %s", query, got, want)
		}
	}
	d.get("admin", "/access-requests/"+id+"?until=2020-01-01T00:00:00Z").problem(422, "invalid")
	d.do("cleo", "DELETE", "/me/access-requests/"+id, "").want(204)
	d.get("admin", "/access-requests/"+id+"?until=2020-01-01T00:00:00Z").want(200) // there are no fixes
}

// A request that has expired is shown as expired, whatever the store says.
func TestAccessRequestExpires(t *testing.T) {
	d := newDesk(t)
	past := time.Now().Add(-time.Hour)
	d.addRequest(authz.AccessRequest{ID: "OLD", User: "cleo", Permissions: []authz.Permission{"a:b"}, CreatedAt: past, ExpiresAt: past.Add(time.Minute)})
	if shown := d.askedFor("admin", "OLD"); shown.State != "expired" || shown.Fixes != nil {
		t.Errorf("it is %+v", shown)
	}
	// One that would give access until a moment that has passed can't be approved, either.
	d.addRequest(authz.AccessRequest{ID: "LATE", User: "dana", Permissions: []authz.Permission{"system.settings:view"}, Until: past})
	if shown := d.askedFor("admin", "LATE"); shown.State != "expired" || shown.Fixes != nil {
		t.Errorf("it is %+v", shown)
	}
	d.do("dana", "DELETE", "/me/access-requests/LATE", "").want(204)
	if list := d.get("admin", "/access-requests?state=open"); len(list.items("id")) != 0 || list.json()["open_count"] != 0.0 {
		t.Errorf("open are %s", list.body)
	}
	d.do("admin", "POST", "/access-requests/OLD/approve", `{"operations":[],"revision":1}`).problem(409, "request-decided")
	d.do("admin", "POST", "/access-requests/OLD/decline", `{"reason":"late"}`).problem(409, "request-decided")
	d.do("cleo", "DELETE", "/me/access-requests/OLD", "").problem(409, "request-decided")
}

// While the store is away, nothing is asked for and nothing decided.
func TestAccessRequestsWhileTheStoreIsAway(t *testing.T) {
	d := newDesk(t)
	id := d.asks("cleo", wantsSettings)
	d.storeGoesAway()
	for _, c := range []struct{ user, method, path, body string }{
		{"cleo", "POST", "/access-requests", `{"permissions":["finance.operations:view"]}`},
		{"admin", "POST", "/access-requests/" + id + "/approve", `{"operations":[],"revision":1}`},
		{"admin", "POST", "/access-requests/" + id + "/decline", `{"reason":"no"}`},
		{"cleo", "DELETE", "/me/access-requests/" + id, ""},
	} {
		if r := d.do(c.user, c.method, c.path, c.body); r.problem(503, "store-unavailable") != nil && r.header.Get("Retry-After") == "" {
			t.Errorf("%s doesn't say when to come back", r.asked)
		}
	}
}

// Where bad rows deny everything, they are named, since no fix helps.
func TestAccessRequestNamesBadRows(t *testing.T) {
	d := newDesk(t)
	d.store.InsertRows(authz.Row{Type: "p", V: [6]string{"cleo", "finance.*", "view", "deny", "more"}})
	engine, err := authz.Open(t.Context(), d.store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close(context.Background()) }()
	d.mount(engine)
	id := d.asks("cleo", wantsSettings)
	if shown := d.askedFor("admin", id); shown.BadRowCount != 1 || len(shown.BadRows) != 1 || shown.BadRows[0].Denies[0] != "cleo" {
		t.Errorf("it is %+v", shown)
	}
}
