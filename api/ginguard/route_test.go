package ginguard_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/authz"
)

var routePermissions = []struct {
	path string
	want authz.Permission
}{
	{"/", "/:GET"},
	{"/users", "/users:GET"},
	{"/users/", "/users/:GET"},
	{"/users/:id", "/users/:id:GET"},
	{"/users/:id/", "/users/:id/:GET"},
	{"/users/:id.json", "/users/:id.json:GET"},
	{"/files/*path", "/files/:path:GET"},
	{"/*path", "/:path:GET"},
	{"/v1.2/a_b-c~d", "/v1.2/a_b-c~d:GET"},
	{"/.well-known/jwks.json", "/%2Ewell-known/jwks.json:GET"},
	{"/a./b..c/x.", "/a%2E/b%2E%2Ec/x%2E:GET"},
	{`/jobs/\:run`, "/jobs/%3Arun:GET"},
	{`/jobs/a\:b:id`, "/jobs/a%3Ab:id:GET"},
	{"/100%/a b", "/100%25/a%20b:GET"},
	{`/a,b(c)"d`, "/a%2Cb%28c%29%22d:GET"},
	{"/straße/:größe", "/straße/:größe:GET"},
	{"/cafe\u0301", "/cafe%CC%81:GET"},
	{"/zero\u200bwidth/é", "/zero%E2%80%8Bwidth/%C3%A9:GET"},
	{"/" + strings.Repeat("a", 99), authz.Permission("/" + strings.Repeat("a", 99) + ":GET")},
	{"/" + strings.Repeat("a", 100), authz.Permission("/" + strings.Repeat("a", 82) + "~8f96eb6114fb7bd1:GET")},
}

func TestRoutePermission(t *testing.T) {
	for _, c := range routePermissions {
		if got := ginguard.RoutePermission("GET", c.path); got != c.want || got.Check() != nil {
			t.Errorf("%s: got %q, want %q; %v", c.path, got, c.want, got.Check())
		}
	}
}

// lacked returns what a guarded route asked for, as its 403 says.
func lacked(r http.Handler, method, path string) string {
	target := url.URL{Path: path}
	w := send(r, "cleo", method, target.EscapedPath())
	_, after, _ := strings.Cut(w.Body.String(), `"missing":[{"permission":"`)
	p, _, found := strings.Cut(after, `"`)
	if w.Code != http.StatusForbidden || !found {
		return fmt.Sprint(w.Code, " ", w.Body)
	}
	return p
}

// Every path that Gin takes has a permission of its own, which is the same in the catalog and when the route serves.
func TestRequireRouteNeedsWhatTheCatalogDeclares(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	parts := []string{
		"a", "b", "users", ".", "..", ".a", "a.", "a..b", ":id", ":x.y", "u:id", `\:`, `\:run`, `a\:b`, `a\:b:id`, "%41", "%", ",", "(", ")", `"`, "é",
		"e\u0301", "\u200b", " ", "a b", "{id}", "{path...}", "+", "~", strings.Repeat("long", 30),
	}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 2))
		r := g.Router(gin.New())
		r.Use(g.RequireRoute())
		for range 12 {
			path := ""
			for range random.IntN(4) {
				path += "/" + parts[random.IntN(len(parts))]
			}
			path += []string{"", "/", "/*rest"}[random.IntN(3)]
			func() {
				defer func() { _ = recover() }() // Gin refuses conflicts
				r.Handle([]string{"GET", "POST"}[random.IntN(2)], path, through)
			}()
		}
		catalog, err := r.Catalog(nil)
		routes := r.Routes()
		if err != nil || len(catalog) != len(routes) {
			t.Fatalf("seed %d: %d entries for %d routes: %v", seed, len(catalog), len(routes), err)
		}
		seen := map[authz.Permission]bool{}
		for i, info := range routes {
			p := catalog[i].Permission
			if faults := catalog[i].Check(); len(faults) > 0 || seen[p] {
				t.Errorf("seed %d: %q has %q: %v, twice: %v", seed, info.Path, p, faults, seen[p])
			}
			seen[p] = true
			path := strings.NewReplacer(`\:`, "\x00", ":id", "17", ":x.y", "17", "*rest", "17/18").Replace(info.Path)
			if got := lacked(r, info.Method, strings.ReplaceAll(path, "\x00", ":")); got != string(p) {
				t.Errorf("seed %d: %q asks for %s, not %s", seed, info.Path, got, p)
			}
		}
	}
}

// The path of a request plays no part: only the route that Gin has chosen.
func TestRequireRouteIgnoresTheRawPath(t *testing.T) {
	engine := office()
	defer func() { _ = engine.Close(context.Background()) }()
	g := ginguard.New(engine, signedIn, quiet)
	grant(t, engine, "cleo", "/public/:name:GET", "/files/:path:GET")
	r := gin.New()
	group := r.Group("/", g.RequireRoute())
	group.GET("/public/:name", through)
	group.GET("/admin", through)
	group.GET("/files/*path", through)
	group.POST("/public/:name", through)
	for target, want := range map[string]int{
		"/public/a": 200, "/files/": 200, "/files/a/b": 200, "/files/../admin": 200, // of the file handler, which cleans it
		"/admin": 403, "/public/../admin": 404, "/public/%2e%2e/admin": 404, "/public%2fadmin": 200, "//admin": 404,
		"/admin/": 301, "/public/..%2fadmin": 404,
	} {
		if w := send(r, "cleo", "GET", target); w.Code != want {
			t.Errorf("%s: %d, want %d", target, w.Code, want)
		}
	}
	if w := send(r, "cleo", "POST", "/public/a"); w.Code != http.StatusForbidden {
		t.Errorf("another method: %d", w.Code)
	}
	if w := send(r, "", "GET", "/public/a"); w.Code != http.StatusUnauthorized {
		t.Errorf("anonymous: %d", w.Code)
	}
}

// With an escaped colon before the name of a parameter, Gin doesn't tell which of the two is the parameter.
func TestRequireRouteRefusesAnAmbiguousPath(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	r.GET(`/\:id/x/:id`, g.RequireRoute(), through)
	if w := send(r, "ana", "GET", "/:id/x/17"); w.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A handler of NoRoute has no route, and RequireRoute lets nobody reach it.
func TestRequireRouteWithoutARoute(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.Use(g.RequireRoute())
	r.GET("/x", through)
	r.NoRoute(through)
	r.NoMethod(through)
	for _, c := range []struct {
		user           authz.UserID
		method, target string
		want           int
	}{
		{"", "GET", "/nowhere", 401},
		{"ana", "GET", "/nowhere", 404},
		{"ana", "PUT", "/x", 404},
		{"ana", "GET", "/x", 200},
	} {
		w := send(r, c.user, c.method, c.target)
		if w.Code != c.want || (w.Body.String() == "through") != (c.want == 200) {
			t.Errorf("%s %s as %q: %d %s", c.method, c.target, c.user, w.Code, w.Body)
		}
	}
}

// The routes are in the catalog with words that the host may change.
func TestCatalogOfRoutes(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := g.Router(gin.New())
	r.GET("/healthz", g.Open(), through)
	r.GET("/balances", g.Require("finance.balances:view"), through)
	shop := r.Group("/shop", g.RequireRoute())
	shop.GET("", through)
	shop.GET("/orders/:id/*rest", through)
	shop.DELETE("/orders/:id", through)
	catalog, err := r.Catalog(func(e *authz.Entry) {
		if e.Permission == "/shop:GET" {
			e.Label, e.Category = "Open the shop", []string{"Sales"}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range catalog {
		got = append(got, fmt.Sprintf("%s | %s | %s", e.Permission, e.Label, strings.Join(e.Category, " > ")))
	}
	slices.Sort(got)
	want := []string{
		"/shop/orders/:id/:rest:GET | GET /shop/orders/:id/:rest | shop > orders",
		"/shop/orders/:id:DELETE | DELETE /shop/orders/:id | shop > orders",
		"/shop:GET | Open the shop | Sales",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRequireRouteAllocatesNothing(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), func(*gin.Context) authz.UserID { return "ana" }, quiet)
	handler, reached := g.RequireRoute(), false
	r := gin.New()
	r.POST("/requests/:id/approve", func(c *gin.Context) {
		reached = true
		if n := testing.AllocsPerRun(1000, func() { handler(c) }); n != 0 || c.IsAborted() {
			t.Errorf("%v allocations, refused: %v", n, c.IsAborted())
		}
	})
	if send(r, "", "POST", "/requests/17/approve"); !reached {
		t.Error("not measured")
	}
}

func BenchmarkRequireRoute(b *testing.B) {
	g := ginguard.New(scenario(b, "backoffice"), func(*gin.Context) authz.UserID { return "ana" }, quiet)
	serve, _ := route(g.RequireRoute())
	b.ReportAllocs()
	for b.Loop() {
		serve()
	}
}
