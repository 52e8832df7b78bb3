package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The functions here are the code of docs/patterns.md.

type record struct{ ID, Owner string }

type records []record

// find returns the record that a request is about.
func (list records) find(c *gin.Context) (record, error) {
	if i := slices.IndexFunc(list, func(r record) bool { return r.ID == c.Param("id") }); i >= 0 {
		return list[i], nil
	}
	return record{}, guard.ErrNotFound
}

func (list records) show(c *gin.Context) { c.Status(http.StatusNoContent) }

func byName(routes *ginguard.Router, g *ginguard.Guard, list records) {
	routes.GET("/files/:id", g.RequireFunc(func(c *gin.Context) ([]authz.Permission, error) {
		return []authz.Permission{authz.Permission("files." + c.Param("id") + ":view")}, nil
	}), list.show)
}

func byOwner(routes *ginguard.Router, g *ginguard.Guard, list records) {
	routes.GET("/orders/:id", g.RequireFunc(func(c *gin.Context) ([]authz.Permission, error) {
		order, err := list.find(c)
		if err != nil {
			return nil, err
		}
		if order.Owner == string(currentUser(c)) {
			return []authz.Permission{"orders.own:view"}, nil
		}
		return []authz.Permission{"orders.any:view"}, nil
	}), list.show)
}

func listed(routes *ginguard.Router, g *ginguard.Guard, engine *authz.Engine, list records) {
	routes.GET("/orders", g.RequireAny("orders.any:view", "orders.own:view"), func(c *gin.Context) {
		user := currentUser(c)
		shown := list
		if !engine.Can(user, "orders.any:view") {
			shown = slices.DeleteFunc(slices.Clone(list), func(r record) bool { return r.Owner != string(user) })
		}
		c.JSON(http.StatusOK, shown)
	})
}

func decided(routes *ginguard.Router, g *ginguard.Guard, engine *authz.Engine) {
	routes.POST("/transfers", g.Require("transfers:create"), func(c *gin.Context) {
		if c.PostForm("urgent") != "" {
			d := engine.Decide(authz.Question{User: currentUser(c), Permissions: []authz.Permission{"transfers.urgent:create"}})
			if !d.Allowed {
				g.Refuse(c, d) // the same 403, recorded, with what is missing
				return
			}
		}
		c.Status(http.StatusNoContent)
	})
}

// The patterns let through and refuse what docs/patterns.md says.
func TestPatterns(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "root"})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	for user, grants := range map[authz.UserID][]authz.Pattern{
		"ana":  {"orders.any:view", "orders.own:view", "files.*:view", "transfers:create", "transfers.urgent:create"},
		"ben":  {"orders.own:view", "files.7:view", "transfers:create"},
		"cleo": {},
	} {
		if _, err := engine.As("root").ChangeUserPermissions(t.Context(), user, authz.RulesDelta{Grant: grants}); err != nil {
			t.Fatal(err)
		}
	}
	g := ginguard.New(engine, currentUser, guard.Options{})
	r := gin.New()
	r.Use(func(c *gin.Context) { c.Set("user", c.GetHeader("User")) })
	routes := g.Router(r)
	list := records{{"1", "ana"}, {"2", "ben"}}
	byName(routes, g, list)
	byOwner(routes, g, list)
	listed(routes, g, engine, list)
	decided(routes, g, engine)
	for _, c := range []struct {
		user, method, path string
		status             int
		body               string
	}{
		{"ana", "GET", "/files/8", http.StatusNoContent, ""},
		{"ben", "GET", "/files/7", http.StatusNoContent, ""},
		{"ben", "GET", "/files/8", http.StatusForbidden, ""},
		{"ana", "GET", "/orders/2", http.StatusNoContent, ""},
		{"ben", "GET", "/orders/2", http.StatusNoContent, ""},
		{"ben", "GET", "/orders/1", http.StatusForbidden, ""},
		{"ben", "GET", "/orders/3", http.StatusNotFound, ""},
		{"ana", "GET", "/orders", http.StatusOK, `[{"ID":"1","Owner":"ana"},{"ID":"2","Owner":"ben"}]`},
		{"ben", "GET", "/orders", http.StatusOK, `[{"ID":"2","Owner":"ben"}]`},
		{"cleo", "GET", "/orders", http.StatusForbidden, ""},
		{"ben", "POST", "/transfers", http.StatusNoContent, ""},
		{"ben", "POST", "/transfers?urgent=1", http.StatusForbidden, ""},
		{"ana", "POST", "/transfers?urgent=1", http.StatusNoContent, ""},
		{"", "GET", "/orders", http.StatusUnauthorized, ""},
	} {
		q := httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil)
		q.Header.Set("User", c.user)
		if q.URL.RawQuery != "" {
			q.PostForm = q.URL.Query()
		}
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		if w.Code != c.status || c.body != "" && w.Body.String() != c.body {
			t.Errorf("%s %s as %q answers %d %s, not %d", c.method, c.path, c.user, w.Code, w.Body, c.status)
		}
	}
	if err := routes.Check(); err != nil {
		t.Error(err)
	}
}
