package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

var permissions authz.Declarations

var (
	viewReports = permissions.Declare("finance.reports:view", "View reports", "Finance", "Reports")
	bookReports = permissions.Declare("finance.reports:book", "Book reports", "Finance", "Reports")
)

func reportRoutes(r gin.IRouter, g *ginguard.Guard) {
	r.GET("/reports", g.Require(viewReports), showReports)
	r.POST("/reports", g.Require(viewReports, bookReports), bookReport)
}

func openWithDeclared(ctx context.Context, store authz.Store) (*authz.Engine, error) {
	return authz.Open(ctx, store, authz.Options{Catalog: permissions.Catalog(), Bootstrap: "ana"})
}

func guardForFrontEnd(engine *authz.Engine) *ginguard.Guard {
	return ginguard.New(engine, currentUser, guard.Options{
		Refuse: func(_ http.ResponseWriter, r *http.Request, f guard.Refusal) {
			missing := []string{}
			for _, e := range f.Missing {
				missing = append(missing, e.Label)
			}
			ginguard.ContextOf(r).JSON(http.StatusOK, gin.H{
				"code": f.Status,
				"msg":  f.Detail,
				"data": gin.H{"reason": f.Kind, "missing": missing, "denial": f.DenialID},
			})
		},
	})
}

func routesByPath(r *gin.Engine, engine *authz.Engine, named authz.Catalog) error {
	g := ginguard.New(engine, currentUser, guard.Options{})
	routes := g.Router(r)
	orders := routes.Group("/orders", g.RequireRoute())
	orders.GET("/:id", showOrder)            // needs "/orders/:id:GET"
	orders.DELETE("/:id", deleteOrder)       // needs "/orders/:id:DELETE"
	orders.GET("/:id/files/*path", showFile) // needs "/orders/:id/files/:path:GET"

	labels := map[authz.Permission]string{"/orders/:id:DELETE": "Delete an order"}
	catalog, err := routes.Catalog(func(e *authz.Entry) {
		if label, ok := labels[e.Permission]; ok {
			e.Label = label
		}
	})
	if err != nil {
		return err
	}
	if err := engine.SetCatalog(slices.Concat(named, catalog)); err != nil {
		return err
	}
	return routes.Check()
}

func bookReport(c *gin.Context)  { c.Status(http.StatusCreated) }
func showOrder(c *gin.Context)   { c.String(http.StatusOK, "an order") }
func deleteOrder(c *gin.Context) { c.Status(http.StatusNoContent) }
func showFile(c *gin.Context)    { c.String(http.StatusOK, "a file") }

// shop returns an engine with a catalog in memory.
func shop(t *testing.T) *authz.Engine {
	t.Helper()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Catalog:   authz.Catalog{{Permission: "shop:open", Label: "Open the shop"}},
		Bootstrap: "ana",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// as returns what a user gets.
func as(t *testing.T, user string, r http.Handler, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	q := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	q.AddCookie(&http.Cookie{Name: "session", Value: user})
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w
}

func TestFrontEndReadsItsOwnBodies(t *testing.T) {
	engine := shop(t)
	g := guardForFrontEnd(engine)
	r := gin.New()
	r.Use(sessionUser(everyone{}))
	r.GET("/shop", g.Require("shop:open"), func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"code": 0, "msg": "", "data": gin.H{}}) })
	if w := as(t, "ana", r, "GET", "/shop"); w.Body.String() != `{"code":0,"data":{},"msg":""}` {
		t.Errorf("ana got %s", w.Body)
	}
	w := as(t, "ben", r, "GET", "/shop")
	var id string
	if n, err := fmt.Sscanf(w.Body.String(), `{"code":403,"data":{"denial":"%26s`, &id); n != 1 || err != nil {
		t.Fatalf("ben got %s: %v", w.Body, err)
	}
	want := `{"code":403,"data":{"denial":"` + id + `","missing":["Open the shop"],"reason":"forbidden"},"msg":"You need 1 more permission to do this."}`
	if w.Code != http.StatusOK || w.Body.String() != want {
		t.Errorf("ben got %d %s\nwant %s", w.Code, w.Body, want)
	}
}

func TestRoutesByPath(t *testing.T) {
	engine := shop(t)
	r := gin.New()
	r.Use(sessionUser(everyone{}))
	if err := routesByPath(r, engine, authz.Catalog{{Permission: "shop:open", Label: "Open the shop"}}); err != nil {
		t.Fatal(err)
	}
	grants := authz.RulesDelta{Grant: []authz.Pattern{"/orders/:id:GET", "/orders/:id/files/:path:GET", "shop:open"}}
	if _, err := engine.As("ana").ChangeUserPermissions(t.Context(), "ben", grants); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"GET /orders/1": 200, "GET /orders/1/files/a/b": 200, "DELETE /orders/1": 403} {
		var method, target string
		_, _ = fmt.Sscan(path, &method, &target)
		if w := as(t, "ben", r, method, target); w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if e := engine.View().Catalog(nil, "Delete an order"); len(e) != 1 || e[0].Permission != "/orders/:id:DELETE" {
		t.Errorf("the catalog has %v", e)
	}
}

// What the routes need is in the catalog, and can be granted.
func TestDeclaredPermissions(t *testing.T) {
	engine, err := openWithDeclared(t.Context(), memstore.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	r := gin.New()
	r.Use(sessionUser(everyone{}))
	reportRoutes(r, ginguard.New(engine, currentUser, guard.Options{}))
	if _, err := engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"finance.reports:view"}}); err != nil {
		t.Fatal(err)
	}
	if got := as(t, "ben", r, "GET", "/reports").Code; got != http.StatusOK {
		t.Error(got)
	}
	if got := as(t, "ben", r, "POST", "/reports"); got.Code != http.StatusForbidden || !strings.Contains(got.Body.String(), "Book reports") {
		t.Error(got.Code, got.Body)
	}
}
