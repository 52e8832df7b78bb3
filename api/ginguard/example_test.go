package ginguard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// office is an engine in which dana may view balances and ana is the administrator.
func office() *authz.Engine {
	ctx := context.Background()
	engine, err := authz.Open(ctx, memstore.New(), authz.Options{Bootstrap: "ana", Logger: quiet.Logger})
	if err != nil {
		panic(err)
	}
	_, err = engine.As("ana").ChangeUserPermissions(ctx, "dana", authz.RulesDelta{Grant: []authz.Pattern{"balances:view"}})
	if err != nil {
		panic(err)
	}
	return engine
}

// Routes of Gin, each with the permission that it needs.
func ExampleNew() {
	engine := office()
	defer engine.Close(context.Background())
	currentUser := func(c *gin.Context) authz.UserID { return authz.UserID(c.GetString(gin.AuthUserKey)) }
	g := ginguard.New(engine, currentUser, guard.Options{})
	show := func(c *gin.Context) { c.String(http.StatusOK, "shown") }
	r := gin.New()
	r.Use(gin.BasicAuth(gin.Accounts{"dana": "s3cret"})) // yours reads a session or a token
	r.GET("/balances", g.Require("balances:view"), show)
	r.GET("/settings", g.Require("settings:view"), show)

	for _, path := range []string{"/balances", "/settings"} {
		request := httptest.NewRequest("GET", path, nil)
		request.SetBasicAuth("dana", "s3cret")
		w := httptest.NewRecorder()
		r.ServeHTTP(w, request)
		fmt.Println(path, w.Code)
	}
	// Output:
	// /balances 200
	// /settings 403
}

// A host refuses to start with a route that has no guard.
func ExampleGuard_Router() {
	engine := office()
	defer engine.Close(context.Background())
	g := ginguard.New(engine, func(*gin.Context) authz.UserID { return "" }, guard.Options{})
	handler := func(*gin.Context) {}
	r := gin.New()
	routes := g.Router(r)
	routes.GET("/healthz", g.Open(), handler)
	routes.GET("/balances", g.Require("balances:view"), handler)
	routes.GET("/settings", handler)
	for _, route := range routes.Unguarded() {
		fmt.Println(route.Method, route.Path)
	}
	// Output: GET /settings
}
