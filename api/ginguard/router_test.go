package ginguard_test

import (
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/authz"
)

// The router doesn't change what Gin does.
func TestRouterRoutes(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	routes := g.Router(r)
	routes.Use(func(c *gin.Context) { c.Header("Seen", "yes") })
	routes.GET("/open", g.Open(), through)
	routes.Group("/g", g.Require("finance.balances:view")).StaticFS("/files", http.FS(fstest.MapFS{"a.txt": {Data: []byte("content")}}))
	for _, c := range []struct {
		user   authz.UserID
		target string
		want   int
	}{
		{"", "/open", 200},
		{"", "/g/files/a.txt", 401},
		{"cleo", "/g/files/a.txt", 403},
		{"dana", "/g/files/a.txt", 200},
		{"cleo", "/g/files/none.txt", 403},
		{"dana", "/g/files/none.txt", 404},
		{"", "/nowhere", 404},
	} {
		w := send(r, c.user, "GET", c.target)
		if w.Code != c.want || w.Header().Get("Seen") != "yes" { // the engine's Use holds for a 404 too
			t.Errorf("%s as %q: %d, want %d; %v", c.target, c.user, w.Code, c.want, w.Header())
		}
	}
}
