package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// everyOperation calls try with each operation and a path.
func everyOperation(try func(o api.Operation, path string)) {
	named := strings.NewReplacer("{group}", "Finance", "{user}", "cleo", "{revision}", "1", "{id}", "DENIAL")
	for _, o := range api.Operations() {
		try(o, named.Replace(o.Path))
	}
}

// Malformed requests of every operation.
func TestEveryOperationRefusesTheWrongForm(t *testing.T) {
	d := newDesk(t)
	revision := d.engine.View().Revision()
	everyOperation(func(o api.Operation, path string) {
		d.do("admin", o.Method, path+"?"+strings.Repeat("x", 9<<10), "").problem(413, "too-large")
		body, header := "", []string{}
		if len(o.Types) > 0 {
			body, header = "{}", []string{"Content-Type", o.Types[0]}
			d.do("admin", o.Method, path, "x", "Content-Type", "text/plain").problem(415, "unsupported-media-type")
		}
		d.do("admin", o.Method, path+"?x=1", body, header...).problem(400, "malformed-request")
		if o.Match != "" {
			d.do("admin", o.Method, path, body, append(header, "If-Match", "17")...).problem(400, "malformed-request")
		}
	})
	if d.engine.View().Revision() != revision {
		t.Error("something was stored")
	}
}

// Every write with a stale If-Match, or without a required one.
func TestEveryWriteChecksIfMatch(t *testing.T) {
	eachWrite(t, func(_ *testing.T, d *desk, e exchange) {
		_, operation := operationOf(d.request("", e.method, e.path, nil))
		responses := operation["responses"].(map[string]any)
		e.match = ""
		if e.path == "/changes" { // which operations have: see TestIfMatchInBatches
			return
		}
		if responses["412"] != nil {
			e.send(d, "admin", "If-Match", `"1"`).problem(412, "revision-conflict")
		}
		if responses["428"] != nil {
			e.send(d, "admin").problem(428, "precondition-required")
		}
	})
}

// stored are the reads that use the store.
var stored = []string{
	"/users/{user}", "/users/{user}/groups", "/users/{user}/permissions", "/changes", "/changes/{revision}",
	"/denials", "/denials/{id}", "/users/{user}/usage", "/groups/{group}/usage",
	"/access-requests", "/access-requests/{id}", "/me/access-requests", "/me/access-requests/{id}",
}

// Past the maximum age, only the status and the document are answered.
func TestNothingIsAnsweredByAnExpiredPolicy(t *testing.T) {
	d := newDesk(t)
	d.expire()
	everyOperation(func(o api.Operation, path string) {
		switch o.Path {
		case "/status", "/openapi.json":
			d.do("admin", o.Method, path, "").want(200)
			return
		}
		for _, user := range []string{"admin", "cleo"} {
			r := d.do(user, o.Method, path, "")
			r.problem(503, "store-unavailable")
			if r.header.Get("Retry-After") == "" || strings.Contains(r.body, "missing") {
				t.Errorf("%s answers %v %s", r.asked, r.header, r.body)
			}
		}
	})
	d.do("", "GET", "/me", "").problem(401, "unauthenticated")
}

// While the store is away, reads of the store fail, and reads from memory don't.
func TestReadsWhileTheStoreIsAway(t *testing.T) {
	d := newDesk(t)
	d.storeGoesAway()
	everyOperation(func(o api.Operation, path string) {
		if o.Method != "GET" {
			return
		}
		if strings.Contains(o.Query, "permission") {
			path += "?permission=a:b"
		}
		if o.Path == "/people" {
			path += "?user=dana"
		}
		if !slices.Contains(stored, o.Path) {
			d.get("admin", path).want(200)
			return
		}
		if r := d.get("admin", path); r.problem(503, "store-unavailable") != nil && r.header.Get("Retry-After") == "" {
			t.Errorf("%s doesn't say when to come back", r.asked)
		}
	})
}

// An internal error is a 500 of every operation, without details.
func TestEveryOperationMayFail(t *testing.T) {
	d := newDesk(t)
	r := gin.New()
	api.Mount(r.Group("/api/v1"), d.engine, func(*gin.Context) authz.UserID { panic("the session store broke") })
	d.handler = r
	everyOperation(func(o api.Operation, path string) {
		if o.Path != "/openapi.json" { // asks for nobody
			d.get("admin", "/openapi.json").want(200)
			r := d.do("admin", o.Method, path, "")
			r.problem(500, "internal")
			if strings.Contains(r.body, "session") {
				t.Errorf("%s says %s", r.asked, r.body)
			}
		}
	})
	d.handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.ServeHTTP(&breaking{ResponseRecorder: w.(*httptest.ResponseRecorder)}, request)
	})
	d.get("admin", "/openapi.json").problem(500, "internal")
}

// AuthZEN's operations have the same limits and errors.
func TestEveryOperationOfAuthZENMayFail(t *testing.T) {
	d := newPoint(t)
	for _, o := range api.AuthZENOperations() {
		d.sendAs("service", httptest.NewRequest(o.Method, o.Path+"?"+strings.Repeat("x", 9<<10), nil)).problem(413, "too-large")
	}
	d = newPoint(t, func(z *api.AuthZENOptions) { z.Resources = nil })
	r := gin.New()
	broken := func(*gin.Context) authz.UserID { panic("the session store broke") }
	if err := api.MountAuthZEN(r, d.engine, broken, api.AuthZENOptions{PolicyDecisionPoint: pointAddress}); err != nil {
		t.Fatal(err)
	}
	d.handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodGet { // asks for nobody
			w = &breaking{ResponseRecorder: w.(*httptest.ResponseRecorder)}
		}
		r.ServeHTTP(w, request)
	})
	for _, o := range api.AuthZENOperations() {
		answer := d.sendAs("service", httptest.NewRequest(o.Method, o.Path, nil))
		answer.problem(500, "internal")
		if strings.Contains(answer.body, "session") {
			t.Errorf("%s says %s", answer.asked, answer.body)
		}
	}
}

// breaking is a writer that fails once, at the first answer.
type breaking struct {
	*httptest.ResponseRecorder
	broke bool
}

func (w *breaking) Header() http.Header {
	h := w.ResponseRecorder.Header()
	if h.Get("X-Content-Type-Options") != "" && !w.broke {
		w.broke = true
		panic("the connection broke")
	}
	return h
}

// Every list that a browser may keep is revalidated: 304 while the answer is the same, for the same caller.
func TestListsAreRevalidated(t *testing.T) {
	d := newDesk(t)
	d.addDenials(authz.Denial{ID: "A", At: time.Now(), User: "dana", Required: []authz.Permission{"finance.operations:view"}})
	for path, change := range map[string]string{
		"/permissions":                       "POST /groups",
		"/catalog":                           "POST /groups",
		"/permission-holders?permission=a:b": "PUT /groups/Administrators/members/cleo",
		"/groups":                            "PUT /groups/Finance/members/a1",
		"/groups?nested_limit=0":             "PUT /groups/Finance/members/a2",
		"/group-rules":                       "PATCH /groups/Finance/permissions",
		"/groups/Trainees/effective-rules":   "PATCH /groups/Requests%20desk/permissions",
		"/groups/Finance/members":            "PUT /groups/Finance/members/a3",
		"/users?nested_limit=1":              "PUT /groups/Finance/members/a4",
		"/endings":                           "PUT /groups/Finance/members/a7?until=" + time.Now().UTC().Add(time.Hour).Format(time.RFC3339),
		"/users/dana/effective":              "PATCH /users/dana/permissions",
		"/me/rights":                         "PUT /groups/Finance/members/a5",
		"/changes?limit=2":                   "PUT /groups/Finance/members/a6",
		"/denials":                           "",
		"/access-requests":                   " /access-requests",
		"/me/access-requests":                " /access-requests",
	} {
		r := d.get("admin", path).want(200)
		tag := r.header.Get("ETag")
		again := d.do("admin", "GET", path, "", "If-None-Match", tag).want(304)
		if again.body != "" || again.header.Get("ETag") != tag || !strings.HasPrefix(tag, "W/") {
			t.Errorf("%s is answered %q with %v", path, again.body, again.header)
		}
		switch method, target, _ := strings.Cut(change, " "); {
		case target == "/access-requests":
			d.addRequest(authz.AccessRequest{ID: authz.RequestID(path), User: "admin", Permissions: []authz.Permission{authz.Permission(path[1:] + ":x")}})
		case target == "/groups":
			d.do("admin", method, target, `{"name":"`+path[1:]+`"}`).want(201)
		case strings.HasSuffix(target, "/permissions"):
			d.do("admin", method, target, `{"grant":["system.settings:view"]}`).want(200)
		case method == "PUT":
			d.do("admin", method, target, "").want(204)
		default:
			d.addDenials(authz.Denial{ID: "B", At: time.Now(), User: "cleo", Required: []authz.Permission{"finance.operations:view"}})
		}
		d.do("admin", "GET", path, "", "If-None-Match", tag).want(200)
	}
}
