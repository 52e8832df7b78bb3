package ginguard_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

// With Refuse, the host writes the answer by Gin's context or by the writer. Whatever it does, the request doesn't reach
// its handler, and where it does nothing, the guard answers.
func TestRefuseThroughGin(t *testing.T) {
	engine := scenario(t, "backoffice")
	for name, c := range map[string]struct {
		refuse func(c *gin.Context, w http.ResponseWriter, f guard.Refusal)
		code   int
		body   string
	}{
		"nothing":            {func(*gin.Context, http.ResponseWriter, guard.Refusal) {}, 403, "urn:rightful:problem:forbidden"},
		"JSON":               {func(c *gin.Context, _ http.ResponseWriter, f guard.Refusal) { c.JSON(200, gin.H{"code": f.Status}) }, 200, `{"code":403}`},
		"the writer":         {func(_ *gin.Context, w http.ResponseWriter, f guard.Refusal) { w.WriteHeader(f.Status) }, 403, ""},
		"aborts with status": {func(c *gin.Context, _ http.ResponseWriter, _ guard.Refusal) { c.AbortWithStatus(http.StatusGone) }, 410, ""},
		"only a status":      {func(c *gin.Context, _ http.ResponseWriter, _ guard.Refusal) { c.Status(http.StatusGone) }, 410, ""},
		"redirects": {func(c *gin.Context, _ http.ResponseWriter, _ guard.Refusal) {
			c.Redirect(http.StatusSeeOther, "/start")
		}, 303, ""},
		"calls Next":          {func(c *gin.Context, _ http.ResponseWriter, _ guard.Refusal) { c.Next() }, 403, "urn:rightful"},
		"panics":              {func(*gin.Context, http.ResponseWriter, guard.Refusal) { panic("broken") }, 200, ""},
		"the host's renderer": {func(c *gin.Context, _ http.ResponseWriter, f guard.Refusal) { c.String(f.Status, f.Detail) }, 403, "You need"},
	} {
		options := quiet
		options.Refuse = func(w http.ResponseWriter, r *http.Request, f guard.Refusal) { c.refuse(ginguard.ContextOf(r), w, f) }
		g := ginguard.New(engine, signedIn, options)
		for guarding, handler := range map[string]gin.HandlerFunc{
			"Require":     g.Require("system.settings:view"),
			"RequireFunc": g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return []authz.Permission{"system.settings:view"}, nil }),
		} {
			r := gin.New()
			r.Use(func(c *gin.Context) {
				defer func() { _ = recover() }() // doesn't abort
				c.Next()
			})
			r.POST("/x", handler, through)
			w := send(r, "cleo", "POST", "/x")
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.body) || strings.Contains(w.Body.String(), "through") {
				t.Errorf("%s, %s: %d %s", guarding, name, w.Code, w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Vary") != "Accept" {
				t.Errorf("%s, %s: %v", guarding, name, w.Header())
			}
		}
	}
}

// A failure of RequireFunc is the host's to write as well.
func TestRefuseOfAFailureThroughGin(t *testing.T) {
	options := quiet
	options.Refuse = func(_ http.ResponseWriter, r *http.Request, f guard.Refusal) {
		ginguard.ContextOf(r).String(http.StatusOK, "%s on %s", f.Kind, f.Route)
	}
	g := ginguard.New(scenario(t, "backoffice"), signedIn, options)
	for err, want := range map[error]string{guard.ErrNotFound: "not-found on /x", errors.New("secret"): "internal on /x"} {
		handler := g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return nil, err })
		if w := send(guarded(handler), "cleo", "GET", "/x"); w.Body.String() != want {
			t.Errorf("got %d %s, want %s", w.Code, w.Body, want)
		}
	}
}

// A front end that reads {code, msg, data}, always with status 200.
func ExampleNew_refuse() {
	engine := office()
	defer engine.Close(context.Background())
	dana := func(*gin.Context) authz.UserID { return "dana" }
	g := ginguard.New(engine, dana, guard.Options{
		Refuse: func(_ http.ResponseWriter, r *http.Request, f guard.Refusal) {
			ginguard.ContextOf(r).JSON(http.StatusOK, gin.H{"code": f.Status, "msg": f.Detail, "data": gin.H{"denial": f.DenialID != ""}})
		},
	})
	r := gin.New()
	r.GET("/settings", g.Require("settings:view"), func(*gin.Context) {})
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/settings", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"code":403,"data":{"denial":true},"msg":"You need 1 more permission to do this."}
}

// A host whose catalog is made from its routes.
func ExampleRouter_Catalog() {
	engine := office()
	defer engine.Close(context.Background())
	g := ginguard.New(engine, func(*gin.Context) authz.UserID { return "dana" }, guard.Options{})
	r := g.Router(gin.New())
	api := r.Group("/api", g.RequireRoute())
	api.GET("/users", func(*gin.Context) {})
	api.PUT("/users/:id", func(*gin.Context) {})
	labels := map[authz.Permission]string{"/api/users:GET": "List users"}
	catalog, err := r.Catalog(func(e *authz.Entry) {
		if label, ok := labels[e.Permission]; ok {
			e.Label = label
		}
	})
	if err == nil {
		err = engine.SetCatalog(catalog)
	}
	if err != nil {
		fmt.Println(err)
	}
	for _, e := range catalog {
		fmt.Println(e.Permission, "|", e.Label, "|", strings.Join(e.Category, " > "))
	}
	// Output:
	// /api/users:GET | List users | api > users
	// /api/users/:id:PUT | PUT /api/users/:id | api > users
}
