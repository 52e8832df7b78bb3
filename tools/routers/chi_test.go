package routers_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

func chiRoutes(engine *authz.Engine) http.Handler {
	g := guard.New(engine, currentUser, guard.Options{})
	r := chi.NewRouter()
	r.With(g.Require("orders:view")).Get("/orders/{id}", showOrder)
	r.With(g.RequireFunc(func(r *http.Request) ([]authz.Permission, error) {
		return []authz.Permission{authz.Permission("orders." + chi.URLParam(r, "id") + ":approve")}, nil
	})).Post("/orders/{id}/approve", approveOrder)
	r.Group(func(r chi.Router) {
		r.Use(g.RequireRoute())
		r.Get("/reports/{year}", showReport) // needs "/reports/{year}:GET"
	})
	return r
}

func showOrder(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "order "+chi.URLParam(r, "id"))
}

func approveOrder(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "approved") }

func showReport(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "report of "+r.PathValue("year"))
}

func TestChi(t *testing.T) {
	engine := office(t)
	r := chiRoutes(engine)
	grant(t, engine, "orders:view", "orders.17:approve", "/reports/{year}:GET")
	check(t, r, []request{
		{"ben", "GET", "/orders/17", 200, "order 17"},
		{"cleo", "GET", "/orders/17", 403, ""},
		{"", "GET", "/orders/17", 401, ""},
		{"ben", "POST", "/orders/17/approve", 200, "approved"},
		{"ben", "POST", "/orders/18/approve", 403, ""},
		{"ben", "GET", "/reports/2026", 200, "report of 2026"},
		{"cleo", "GET", "/reports/2026", 403, ""},
		{"cleo", "GET", "/nowhere", 404, ""},
		{"cleo", "PUT", "/reports/2026", 405, ""},
	})
	checkAsks(t, engine, r, []ask{{"GET", "/orders/17?secret=1", "orders:view", "/orders/{id}"}})
}

// The administrators' interface is served in a Gin engine of its own.
func TestChiWithTheInterface(t *testing.T) {
	engine := office(t)
	r := chi.NewRouter()
	admin := gin.New()
	api.Mount(admin.Group("/api/v1"), engine, ginguard.FromRequest(currentUser)) // 503 where currentUser returns an error
	r.Handle("/api/v1/*", admin)
	grant(t, engine, "rightful.groups:view")
	check(t, r, []request{
		{"ben", "GET", "/api/v1/groups/Nothing", 404, ""},
		{"cleo", "GET", "/api/v1/groups/Nothing", 403, ""},
		{"", "GET", "/api/v1/groups/Nothing", 401, ""},
	})
}

// The permission of a route is its whole pattern, in mounted routers too.
func TestChiRequireRoute(t *testing.T) {
	engine := office(t)
	g := newGuard(engine)
	leaf := func(http.ResponseWriter, *http.Request) {}
	sub := func() http.Handler {
		r := chi.NewRouter()
		r.With(g.RequireRoute()).Get("/{id}", leaf)
		r.With(g.RequireRoute()).Get("/", leaf)
		return r
	}
	r := chi.NewRouter()
	r.Mount("/users", sub())
	r.Mount("/orders", sub())
	r.Group(func(r chi.Router) {
		r.Use(g.RequireRoute())
		r.Get("/", leaf)
		r.Get("/files/*", leaf)
		r.Get("/n/{n:[0-9]+}.json", leaf)
		r.HandleFunc("/any", leaf)
	})
	checkAsks(t, engine, r, []ask{
		{"GET", "/users/17", "/users/{id}:GET", "/users/{id}"},
		{"GET", "/orders/17", "/orders/{id}:GET", "/orders/{id}"},
		{"GET", "/orders/", "/orders:GET", "/orders"},
		{"GET", "/", "/:GET", "/"},
		{"GET", "/files/a/b", "/files/::GET", "/files/*"},
		{"GET", "/n/5.json", "/n/{n:[0-9]%2B}.json:GET", "/n/{n:[0-9]+}.json"},
		{"DELETE", "/any", "/any:DELETE", "/any"},
	})
}

// In Use of a router there is no whole route yet. RequireRoute there opens nothing.
func TestChiRequireRouteInUse(t *testing.T) {
	engine := office(t)
	g := newGuard(engine)
	grant(t, engine, "/users/{id}:GET", "/users/17:GET", "/{id}:GET")
	leaf := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "through") }
	root := chi.NewRouter()
	root.Use(g.RequireRoute())
	root.Get("/users/{id}", leaf)
	mounted := chi.NewRouter()
	mounted.Route("/users", func(r chi.Router) {
		r.Use(g.RequireRoute())
		r.Get("/{id}", leaf)
	})
	check(t, root, []request{{"ben", "GET", "/users/17", 404, ""}, {"", "GET", "/users/17", 401, ""}})
	check(t, mounted, []request{{"ben", "GET", "/users/17", 403, ""}, {"", "GET", "/users/17", 401, ""}})
}

// A trailing slash that chi takes away leaves the route whole.
func TestChiStripSlashes(t *testing.T) {
	engine := office(t)
	r := chi.NewRouter()
	r.Use(middleware.StripSlashes)
	r.With(newGuard(engine).RequireRoute()).Get("/orders/{id}", showOrder)
	check(t, r, []request{{"ana", "GET", "/orders/17/", 200, "order 17"}})
}

// The pattern can also be asked of chi, for its versions that don't set that of the request.
func TestChiWithTheOptionRoute(t *testing.T) {
	engine := office(t)
	g := guard.New(engine, currentUser, guard.Options{
		Route: func(r *http.Request) string { return chi.RouteContext(r.Context()).RoutePattern() },
	})
	r := chi.NewRouter()
	r.Route("/orders", func(r chi.Router) {
		r.With(g.Require("orders:view")).Get("/{id}", showOrder)
		r.With(g.RequireRoute()).Delete("/{id}", showOrder)
	})
	checkAsks(t, engine, r, []ask{
		{"GET", "/orders/17", "orders:view", "/orders/{id}"},
		{"DELETE", "/orders/17", "/orders/{id}:DELETE", "/orders/{id}"},
	})
}
