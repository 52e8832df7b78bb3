package main

import (
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
	"github.com/rightful-go/rightful/console"
)

// The functions here are the code of docs/console.md, as TestGuideShowsThisCode checks.

func consoleOnGin(r *gin.Engine, engine *authz.Engine) *ginguard.Guard {
	api.Mount(r.Group("/api/v1"), engine, currentUser)
	console.Mount(r.Group("/console"), console.Options{API: "/api/v1", SignIn: "/login", Home: "/"})
	return ginguard.New(engine, currentUser, guard.Options{SignIn: "/login", Home: "/", Console: "/console/", API: "/api/v1"})
}

func consoleOnNetHTTP(mux *http.ServeMux, engine *authz.Engine) {
	admin := gin.New()
	api.Mount(admin.Group("/api/v1"), engine, currentUser)
	mux.Handle("/api/v1/", admin)
	mux.Handle("/console/", http.StripPrefix("/console", console.Handler(console.Options{SignIn: "/login"})))
}

// Both hosts serve the console and the interface that it uses, and a 403 of the first leads to the console.
func TestConsoleIsMounted(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(t.Context())
	onGin, mux := gin.New(), http.NewServeMux()
	onGin.Use(func(c *gin.Context) { c.Set("user", c.GetHeader("User")) })
	onGin.GET("/settings", consoleOnGin(onGin, engine).Require("a:b"))
	consoleOnNetHTTP(mux, engine)
	ask := func(h http.Handler, path, user string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		request.Header.Set("Accept", "text/html")
		request.Header.Set("User", user)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request)
		return w
	}
	for name, h := range map[string]http.Handler{"Gin": onGin, "net/http": mux} {
		if w := ask(h, "/console/", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `content="/api/v1"`) || !strings.Contains(w.Body.String(), `content="/login"`) {
			t.Errorf("%s: the console answers %d %s", name, w.Code, w.Body)
		}
		if w := ask(h, "/console", ""); w.Code/100 != 3 {
			t.Errorf("%s: without the slash it answers %d", name, w.Code)
		}
		if w := ask(h, "/api/v1/me/rights", ""); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: the interface answers %d", name, w.Code)
		}
	}
	if w := ask(onGin, "/settings", "ben"); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `href="/console/#/why/`) {
		t.Errorf("the 403 is %d %s", w.Code, w.Body)
	}
}
