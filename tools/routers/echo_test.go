package routers_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

func echoRoutes(engine *authz.Engine) http.Handler {
	g := guard.New(engine, currentUser, guard.Options{})
	e := echo.New()
	e.Use(withPattern)
	e.GET("/orders/:id", order, echo.WrapMiddleware(g.Require("orders:view")))
	reports := e.Group("/reports", echo.WrapMiddleware(g.RequireRoute()))
	reports.GET("/:year", report) // needs "/reports/:year:GET"
	return e
}

// withPattern gives the guard the route that echo has chosen.
func withPattern(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Request().Pattern = c.Path()
		return next(c)
	}
}

// withUser passes the user on from echo's context, where a sign-in of the host has put it, to the request.
func withUser(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		user, _ := c.Get("user").(string)
		c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), userKey{}, authz.UserID(user))))
		return next(c)
	}
}

func userOf(r *http.Request) (authz.UserID, error) {
	user, _ := r.Context().Value(userKey{}).(authz.UserID)
	return user, nil
}

type userKey struct{}

func TestEchoWithItsOwnSignIn(t *testing.T) {
	engine := office(t)
	g := guard.New(engine, userOf, guard.Options{})
	e := echo.New()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if user, _, ok := c.Request().BasicAuth(); ok {
				c.Set("user", user)
			}
			return next(c)
		}
	})
	e.Use(withUser, withPattern)
	e.GET("/orders/:id", order, echo.WrapMiddleware(g.Require("orders:view")))
	grant(t, engine, "orders:view")
	check(t, e, []request{
		{"ben", "GET", "/orders/17", 200, "order 17"},
		{"cleo", "GET", "/orders/17", 403, ""},
		{"", "GET", "/orders/17", 401, ""},
	})
	checkAsks(t, engine, e, []ask{{"GET", "/orders/17", "orders:view", "/orders/:id"}})
}

func order(c echo.Context) error { return c.String(http.StatusOK, "order "+c.Param("id")) }

func report(c echo.Context) error { return c.String(http.StatusOK, "report of "+c.Param("year")) }

func TestEcho(t *testing.T) {
	engine := office(t)
	e := echoRoutes(engine)
	grant(t, engine, "orders:view", "/reports/:year:GET")
	check(t, e, []request{
		{"ben", "GET", "/orders/17", 200, "order 17"},
		{"cleo", "GET", "/orders/17", 403, ""},
		{"", "GET", "/orders/17", 401, ""},
		{"ben", "GET", "/reports/2026", 200, "report of 2026"},
		{"cleo", "GET", "/reports/2026", 403, ""},
		{"ben", "GET", "/nowhere", 404, ""},
	})
	checkAsks(t, engine, e, []ask{{"GET", "/orders/17?secret=1", "orders:view", "/orders/:id"}})
}

func TestEchoRequireRoute(t *testing.T) {
	engine := office(t)
	e := echo.New()
	e.Use(withPattern, echo.WrapMiddleware(newGuard(engine).RequireRoute()))
	leaf := func(c echo.Context) error { return c.NoContent(http.StatusOK) }
	e.GET("/", leaf)
	e.GET("/files/*", leaf)
	e.GET("/users/:id/", leaf)
	e.Any("/users/:id", leaf)
	asks := []ask{
		{"GET", "/", "/:GET", "/"},
		{"GET", "/files/a/b", "/files/::GET", "/files/*"},
		{"GET", "/users/17/", "/users/:id/:GET", "/users/:id/"},
		{"DELETE", "/users/17", "/users/:id:DELETE", "/users/:id"},
	}
	check(t, e, []request{{"cleo", "GET", "/nowhere", 404, ""}, {"", "GET", "/nowhere", 401, ""}})
	checkAsks(t, engine, e, asks)
}

// A refusal that the host writes goes through echo's response, and the handler isn't reached.
func TestEchoWithRefuse(t *testing.T) {
	engine := office(t)
	g := guard.New(engine, currentUser, guard.Options{
		Refuse: func(w http.ResponseWriter, r *http.Request, f guard.Refusal) {
			if r.URL.RawQuery == "" {
				http.Error(w, string(f.Kind), http.StatusTeapot)
			}
		},
	})
	e := echo.New()
	reached := false
	e.GET("/orders", func(c echo.Context) error { reached = true; return c.String(http.StatusOK, "orders") }, echo.WrapMiddleware(g.Require("orders:view")))
	check(t, e, []request{{"cleo", "GET", "/orders", http.StatusTeapot, ""}, {"cleo", "GET", "/orders?a=b", 403, ""}})
	if reached {
		t.Error("the handler was reached")
	}
}

// The administrators' interface is served in a Gin engine of its own.
func TestEchoWithTheInterface(t *testing.T) {
	engine := office(t)
	e := echo.New()
	admin := gin.New()
	api.Mount(admin.Group("/api/v1"), engine, ginguard.FromRequest(currentUser))
	e.Any("/api/v1/*", echo.WrapHandler(admin))
	grant(t, engine, "rightful.groups:view")
	check(t, e, []request{
		{"ben", "GET", "/api/v1/groups/Nothing", 404, ""},
		{"cleo", "GET", "/api/v1/groups/Nothing", 403, ""},
		{"", "GET", "/api/v1/groups/Nothing", 401, ""},
		{"ben", "PATCH", "/api/v1/groups/Nothing", 403, ""},
	})
}
