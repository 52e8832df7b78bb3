package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Unauthorized callers learn nothing, not even whether the question could be read.
func TestAuthZENNeedsTheRight(t *testing.T) {
	d := newPoint(t)
	for _, o := range api.AuthZENOperations() {
		if o.Method != "POST" {
			continue
		}
		for _, body := range []string{question("alice", "read", "record", "record-1"), "{", strings.Repeat(" ", 1<<20+1)} {
			if missing := d.ask("alice", o.Path, body).problem(403, "forbidden")["missing"]; !strings.Contains(fmt.Sprint(missing), "rightful.decisions:evaluate") {
				t.Errorf("%s: missing is %v", o.Path, missing)
			}
			d.ask("", o.Path, body).problem(401, "unauthenticated")
		}
	}
}

// Past the maximum age every request is refused, so that an outdated policy never decides.
func TestAuthZENPastMaxAge(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "admin", MaxAge: 1, PollInterval: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	r := gin.New()
	if err := api.MountAuthZEN(r, engine, signedIn, api.AuthZENOptions{}); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, engine: engine, handler: r}
	for _, o := range api.AuthZENOperations() {
		if o.Method == http.MethodPost {
			d.ask("admin", o.Path, question("admin", "read", "record", "1")).problem(503, "store-unavailable")
		}
	}
}

// Each limit, and one past it.
func TestAuthZENLimits(t *testing.T) {
	d := newPoint(t)
	const path, many = "/access/v1/evaluation", "/access/v1/evaluations"
	ok := question("alice", "read", "record", "1")

	d.ask("service", path, ok+strings.Repeat(" ", 1<<20-len(ok))).want(200)
	d.ask("service", path, ok+strings.Repeat(" ", 1<<20-len(ok)+1)).problem(413, "too-large")

	deep := func(n int) string { // with the object around it
		return `{` + about("alice", "read", "record", "1") + `,"context":{"a":` + strings.Repeat("[", n-2) + strings.Repeat("]", n-2) + `}}`
	}
	d.ask("service", path, deep(32)).want(200)
	d.ask("service", path, deep(33)).problem(413, "too-large")

	asking := func(n int) string {
		return `{` + about("alice", "read", "record", "1") + `,"evaluations":[{}` + strings.Repeat(",{}", n-1) + `]}`
	}
	if got := d.ask("service", many, asking(1000)).decisions(); len(got) != 1000 {
		t.Errorf("%d are answered", len(got))
	}
	d.ask("service", many, asking(1001)).problem(413, "too-large")

	long := strings.Repeat("ü", 1000)
	d.ask("service", path, question(long, long, long, long)).want(200)
	for _, body := range []string{
		question(long+"ü", "a", "b", "c"), question("a", long+"ü", "b", "c"), question("a", "b", long+"ü", "c"), question("a", "b", "c", long+"ü"),
	} {
		d.ask("service", path, body).problem(400, "malformed-request")
	}

	id := strings.Repeat("x", 200)
	if got := d.ask("service", path, ok, "X-Request-ID", id).want(200).header.Get("X-Request-ID"); got != id {
		t.Errorf("sent back is %q", got)
	}
	d.ask("service", path+"?x="+strings.Repeat("x", 8<<10), ok).problem(413, "too-large")
	d.ask("service", path+"?x=1", ok).problem(400, "malformed-request")
}

func TestAuthZENMethodsAndPaths(t *testing.T) {
	d := newPoint(t)
	for _, o := range api.AuthZENOperations() {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"} {
			if method == o.Method {
				continue
			}
			r := d.sendAs("service", httptest.NewRequest(method, o.Path, nil)).want(405)
			if got := r.header.Get("Allow"); got != o.Method {
				t.Errorf("%s %s: Allow is %q", method, o.Path, got)
			}
		}
	}
	for _, path := range []string{
		"/access/v1/", "/access/v1/evaluation/", "/access/v1//evaluation", "/access/v1/Evaluation", "/access/v1/%65valuation2",
		"/access/v1/search", "/access/v1/search%2Fsubject", "/access/v1/./evaluation", "/access/v1/search/../evaluation", "/access%2Fv1/evaluation",
	} {
		d.ask("service", path, question("alice", "read", "record", "1")).problem(404, "not-found")
	}
}

func TestIdentifiersThatAreRefused(t *testing.T) {
	d := newPoint(t)
	for _, identifier := range []string{
		"pdp.example.com", "//pdp.example.com", "/access", "ftp://pdp.example.com", "http://pdp.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1",
		"https://", "https://:443", "https:pdp.example.com", "https://u:p@pdp.example.com", "https://pdp.example.com/", "https://pdp.example.com/a/", "https://pdp.example.com/a//b",
		"https://pdp.example.com?", "https://pdp.example.com?a=b", "https://pdp.example.com#", "https://pdp.example.com/#x", "https://pdp.example.com/:id", "https://pdp.example.com/*a",
		"https://pdp.example.com/a%2Fb", "https://pdp.example.com/..", "https://pdp.example.com/./a", "https://pdp.example.com/ä", " https://pdp.example.com", "https://pdp.example.com\n",
	} {
		r := gin.New()
		if err := api.MountAuthZEN(r, d.engine, signedIn, api.AuthZENOptions{PolicyDecisionPoint: identifier}); err == nil || !strings.Contains(err.Error(), "PolicyDecisionPoint") {
			t.Errorf("%q: %v", identifier, err)
		}
		if len(r.Routes()) > 0 {
			t.Errorf("%q: registered are %v", identifier, r.Routes())
		}
	}
}

func TestMountAuthZENPanicsOnNil(t *testing.T) {
	d := newPoint(t)
	for name, mount := range map[string]func(){
		"engine":      func() { _ = api.MountAuthZEN(gin.New(), nil, signedIn, api.AuthZENOptions{}) },
		"currentUser": func() { _ = api.MountAuthZEN(gin.New(), d.engine, nil, api.AuthZENOptions{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic without %s", name)
				}
			}()
			mount()
		}()
	}
}

// The identifier defines the paths, so the router must not have one. A group without a path is fine.
func TestMountAuthZENTakesARouterWithoutAPath(t *testing.T) {
	d, r := newPoint(t), gin.New()
	if err := api.MountAuthZEN(r.Group("/x"), d.engine, signedIn, api.AuthZENOptions{}); err == nil || !strings.Contains(err.Error(), `"/x"`) {
		t.Errorf("a group with a path: %v", err)
	}
	if len(r.Routes()) > 0 {
		t.Errorf("registered are %v", r.Routes())
	}
	if err := api.MountAuthZEN(gin.New().Group("/"), d.engine, signedIn, api.AuthZENOptions{}); err != nil {
		t.Error(err)
	}
}

// Several decision points on one host, each with its engine, are independent.
func TestTenantsOfOneHost(t *testing.T) {
	one, two := newPoint(t), newPoint(t)
	two.importPolicy("p, zoe, record, read, allow\n")
	r := gin.New()
	for tenant, d := range map[string]*desk{"one": one, "two": two} {
		if err := api.MountAuthZEN(r, d.engine, signedIn, api.AuthZENOptions{PolicyDecisionPoint: pointAddress + "/" + tenant}); err != nil {
			t.Fatal(err)
		}
	}
	one.handler = r
	for tenant, want := range map[string]bool{"one": false, "two": true} {
		if got := one.ask("service", "/"+tenant+"/access/v1/evaluation", question("zoe", "read", "record", "1")).decision(); got != want {
			t.Errorf("%s says %v", tenant, got)
		}
		m := one.sendAs("", httptest.NewRequest("GET", "/.well-known/authzen-configuration/"+tenant, nil)).want(200).json()
		if m["policy_decision_point"] != pointAddress+"/"+tenant {
			t.Errorf("%s is %v", tenant, m)
		}
	}
}

// The routes of AuthZEN ask for permissions themselves.
func TestAuthZENIsGuarded(t *testing.T) {
	d := newPoint(t)
	r := gin.New()
	routes := ginguard.New(d.engine, signedIn, guard.Options{}).Router(r)
	if err := api.MountAuthZEN(r, d.engine, signedIn, api.AuthZENOptions{PolicyDecisionPoint: pointAddress}); err != nil {
		t.Fatal(err)
	}
	if err := routes.Check(); err != nil {
		t.Error(err)
	}
}
