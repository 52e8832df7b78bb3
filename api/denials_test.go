package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/authz"
)

func (d *desk) addDenials(list ...authz.Denial) {
	d.t.Helper()
	if err := d.store.AddDenials(d.t.Context(), list); err != nil {
		d.t.Fatal(err)
	}
}

// denials are an hour apart, the last one in the current hour.
func denials(n int, user authz.UserID) []authz.Denial {
	last := time.Now().UTC().Truncate(time.Hour)
	list := make([]authz.Denial, n)
	for i := range list {
		list[i] = authz.Denial{
			ID: authz.DenialID(fmt.Sprintf("%s%d", user, i)), At: last.Add(time.Duration(i-n+1) * time.Hour), User: user,
			Method: "POST", Route: "/requests/:id/approve", Revision: 2,
			Required: []authz.Permission{"clients.requests.deposit:view", "finance.operations:create"},
			Missing:  []authz.Permission{"finance.operations:create"},
		}
	}
	return list
}

func TestDenialOperations(t *testing.T) {
	runExchanges(t, []exchange{
		{"viewer", "GET", "/denials", "", "", 200, ""},
		{"viewer", "GET", "/denials?user=cleo&limit=1", "", "", 200, ""},
		{"", "GET", "/denials", "", "", 401, "unauthenticated"},
		{"group-viewer", "GET", "/denials", "", "", 403, "forbidden"},
		{"auditor", "GET", "/denials", "", "", 403, "forbidden"},
		{"viewer", "GET", "/denials?user=", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/denials?limit=0", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/denials?cursor=x", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/denials?id=x", "", "", 400, "malformed-request"},

		{"", "GET", "/denials/X", "", "", 401, "unauthenticated"},
		{"group-viewer", "GET", "/denials/X", "", "", 403, "forbidden"},
		{"viewer", "GET", "/denials/X?x=1", "", "", 400, "malformed-request"},
		{"viewer", "GET", "/denials/X", "", "", 404, "not-found"},
		{"viewer", "GET", "/denials/%00", "", "", 404, "not-found"},
		{"viewer", "GET", "/denials/" + strings.Repeat("X", 1000), "", "", 404, "not-found"},
		{"viewer", "GET", "/denials/%25", "", "", 404, "not-found"},
	})
}

// By the id of a 403, another instance finds the denial within a second: user, permissions and
// route, but nothing of the address.
func TestDenialIsFoundByItsID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		other, err := authz.Open(t.Context(), d.store, authz.Options{Logger: quiet.Logger})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close(context.Background())
		r := gin.New()
		g := ginguard.New(other, signedIn, quiet)
		r.POST("/requests/:id/approve", g.Require(approving...), through)
		r.GET("/any", g.RequireAny(approving[1:]...), through)

		refused := decode(t, send(r, "cleo", "POST", "/requests/17/approve?secret=1", "X-Secret", "2"))
		id, _ := refused["denial_id"].(string)
		page := send(r, "cleo", "GET", "/any", "Accept", asPage).Body.String()
		time.Sleep(time.Second)
		shown := d.get("viewer", "/denials/"+id).want(200)
		got := shown.json()
		if at, err := time.Parse(time.RFC3339Nano, got["at"].(string)); err != nil || time.Since(at) != time.Second {
			t.Errorf("at %v: %v", got["at"], err)
		}
		delete(got, "at")
		want := map[string]any{
			"id": id, "user": "cleo", "method": "POST", "route": "/requests/:id/approve", "one_is_enough": false,
			"required": []any{"clients.requests.deposit:view", "finance.operations:create", "finance.operations:view", "system.requests.resolutions:view"},
			"missing":  []any{"finance.operations:create", "finance.operations:view", "system.requests.resolutions:view"},
			"revision": float64(d.engine.View().Revision()), "suppressed": 0.0, "allowed_now": false,
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("it is\n%v, not\n%v", got, want)
		}
		if strings.Contains(shown.body, "17") || strings.Contains(shown.body, "secret") {
			t.Errorf("it tells of the request: %s", shown.body)
		}

		id = denialID.FindString(page)
		got = d.get("viewer", "/denials/"+id).want(200).json()
		if got["one_is_enough"] != true || got["route"] != "/any" || got["method"] != "GET" {
			t.Errorf("what the page names is %v", got)
		}
	})
}

// A denial says whether the request would be allowed now, and since which change.
func TestDenialSaysSinceWhenItWouldBeAllowed(t *testing.T) {
	d := newDesk(t)
	d.addDenials(denials(1, "cleo")...)
	look := func(allowed bool, since string) {
		t.Helper()
		got := d.get("viewer", "/denials/cleo0").want(200).json()
		if fmt.Sprint(got["allowed_now"], got["allowed_since"]) != fmt.Sprint(allowed, " ", since) {
			t.Errorf("allowed now: %v, since %v; not %v, %v", got["allowed_now"], got["allowed_since"], allowed, since)
		}
	}
	look(false, "<nil>")
	d.do("admin", "PUT", "/groups/Requests%20desk/members/cleo", "").want(204) // gives no more of it
	look(false, "<nil>")
	by := d.do("admin", "PUT", "/groups/Finance/members/cleo", "").want(204).revision()
	d.do("admin", "PUT", "/groups/Trainees/members/ben", "").want(204)
	look(true, by)
	d.do("admin", "DELETE", "/groups/Finance/members/cleo", "").want(204)
	look(false, "<nil>")
	by = d.do("admin", "PATCH", "/users/cleo/permissions", `{"grant":["finance.operations:create"]}`).want(200).revision()
	look(true, by)
	d.store.DeleteRecord(d.engine.View().Revision()) // so that the change is unknown
	look(true, "<nil>")
}

func TestDenialsAreNarrowedAndNewestFirst(t *testing.T) {
	d := newDesk(t)
	if got := d.get("viewer", "/denials").body; got != `{"items":[]}` {
		t.Errorf("none are %s", got)
	}
	d.addDenials(denials(5, "cleo")...)
	d.addDenials(denials(5, "ben")...)
	all := []string{"cleo4", "ben4", "cleo3", "ben3", "cleo2", "ben2", "cleo1", "ben1", "cleo0", "ben0"}
	for query, want := range map[string][]string{
		"": all, "?user=ben": {"ben4", "ben3", "ben2", "ben1", "ben0"}, "?user=Ben": {}, "?limit=2": all[:2],
	} {
		if got := d.get("viewer", "/denials"+query).items("id"); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, not %v", query, got, want)
		}
	}
	var got []string
	for path := "/denials?limit=3"; path != ""; {
		page := d.get("viewer", path)
		got = append(got, page.items("id")...)
		d.addDenials(authz.Denial{ID: authz.DenialID(path), At: time.Now(), User: "dana"}) // meanwhile
		next, more := page.json()["next_cursor"].(string)
		if path = ""; more {
			path = "/denials?limit=3&cursor=" + next
		}
	}
	if !slices.Equal(got, all) {
		t.Errorf("page by page it lists %v", got)
	}
	next := d.get("viewer", "/denials?limit=1").json()["next_cursor"].(string)
	d.get("viewer", "/denials?user=ben&limit=1&cursor="+next).problem(400, "malformed-request")
}

// Only a 403 is recorded, and an id is shown only if the denial was recorded.
func TestOnlyDenialsAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, off := range []bool{false, true} {
			d := newDesk(t, func(o *authz.Options) { o.Denials.Off = off })
			g := ginguard.New(d.engine, signedIn, quiet)
			r := guarded(g.RequireFunc(func(c *gin.Context) ([]authz.Permission, error) {
				if c.Query("fail") != "" {
					return nil, fmt.Errorf("failed")
				}
				return []authz.Permission{"system.settings:view"}, nil
			}))
			for _, w := range []*httptest.ResponseRecorder{
				send(r, "", "GET", "/x"), send(r, "cleo", "GET", "/x?fail=1"), send(r, "admin", "GET", "/x"), send(d.handler, "cleo", "GET", "/api/v1/users"),
			} {
				if denialID.MatchString(w.Body.String()) {
					t.Errorf("%d with an id: %s", w.Code, w.Body)
				}
			}
			if has := denialID.MatchString(send(r, "cleo", "GET", "/x").Body.String()); has == off {
				t.Errorf("recording is off: %v; the 403 has an id: %v", off, has)
			}
			if has := denialID.MatchString(send(r, "cleo", "GET", "/x", "Accept", asPage).Body.String()); has == off {
				t.Errorf("recording is off: %v; the page has an id: %v", off, has)
			}
			time.Sleep(time.Second)
			if got, want := len(d.get("viewer", "/denials").items("id")), map[bool]int{false: 2, true: 0}[off]; got != want {
				t.Errorf("recording is off: %v; %d are recorded", off, got)
			}
		}
	})
}

// approving is what it takes to approve a deposit: permissions of three categories, of which cleo has
// the first.
var approving = []authz.Permission{
	"clients.requests.deposit:view", "finance.operations:create", "finance.operations:view", "system.requests.resolutions:view",
}

// denialID finds the id of a denial in an answer.
var denialID = regexp.MustCompile(`\b[A-Z2-7]{26}\b`)

const asPage = "text/html"

// guarded serves GET /x behind a guard. A user who gets through reads "through".
func guarded(handler gin.HandlerFunc) *gin.Engine {
	r := gin.New()
	r.GET("/x", handler, through)
	return r
}

func through(c *gin.Context) { c.String(http.StatusOK, "through") }
