package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gin-gonic/gin"
	driver "github.com/glebarez/sqlite"
	"gorm.io/gorm"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The functions here are the code of docs/patterns.md.

type record struct{ ID, Owner string }

type records []record

type file struct {
	ID string `gorm:"primaryKey;size:100"`
}

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

func listedByName(routes *ginguard.Router, g *ginguard.Guard, engine *authz.Engine, db *gorm.DB) {
	routes.GET("/files", g.Require("files:list"), func(c *gin.Context) {
		shown := []file{}
		mayView := gormstore.Scope(engine.View(), currentUser(c), "files", "view", gormstore.Column{Name: "id"})
		if err := db.WithContext(c.Request.Context()).Scopes(mayView).Order("id").Find(&shown).Error; err != nil {
			_ = c.AbortWithError(http.StatusServiceUnavailable, err)
			return
		}
		c.JSON(http.StatusOK, shown)
	})
}

func explained(engine *authz.Engine, user authz.UserID, id string) []string {
	p := engine.Explain(user, authz.Permission("files."+id+":view")).Permissions[0]
	why := []string{fmt.Sprint("allowed: ", p.Allowed)}
	for _, origin := range p.Origins {
		why = append(why, fmt.Sprintf("%s %s of %v", origin.Rule, origin.Pattern, origin.Path))
	}
	return why
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
		"ana":  {"orders.any:view", "orders.own:view", "files.*:view", "files:list", "transfers:create", "transfers.urgent:create"},
		"ben":  {"orders.own:view", "files.7:view", "files:list", "transfers:create"},
		"dave": {"files:list", "files:view"},
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
	listedByName(routes, g, engine, filesOf(t))
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
		{"ana", "GET", "/files", http.StatusOK, `[{"ID":"7"},{"ID":"8"},{"ID":"9"}]`},
		{"ben", "GET", "/files", http.StatusOK, `[{"ID":"7"}]`},
		{"dave", "GET", "/files", http.StatusOK, `[]`},
		{"cleo", "GET", "/files", http.StatusForbidden, ""},
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
	if why := explained(engine, "ben", "7"); !slices.Equal(why, []string{"allowed: true", "grant files.7:view of [ben]"}) {
		t.Errorf("file 7 is in ben's list because of %q", why)
	}
	if why := explained(engine, "ben", "8"); !slices.Equal(why, []string{"allowed: false"}) {
		t.Errorf("file 8 isn't in ben's list because of %q", why)
	}
}

// filesOf returns a host's database with the files 7, 8 and 9.
func filesOf(t *testing.T) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(driver.Open(filepath.Join(t.TempDir(), "files.db")), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if pool, err := db.DB(); err == nil {
		t.Cleanup(func() { _ = pool.Close() })
	}
	if err := errors.Join(db.AutoMigrate(&file{}), db.Create([]file{{"7"}, {"8"}, {"9"}}).Error); err != nil {
		t.Fatal(err)
	}
	return db
}
