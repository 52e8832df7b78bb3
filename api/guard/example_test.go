package guard_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// office is an engine in which dana may view balances and ana is the administrator.
func office() *authz.Engine {
	ctx := context.Background()
	engine, err := authz.Open(ctx, memstore.New(), authz.Options{
		Catalog: authz.Catalog{
			{Permission: "balances:view", Label: "View balances", Category: []string{"Finance"}},
			{Permission: "settings:view", Label: "View settings", Category: []string{"System"}},
		},
		Bootstrap: "ana", Logger: quiet.Logger,
	})
	if err != nil {
		panic(err)
	}
	_, err = engine.As("ana").ChangeUserPermissions(ctx, "dana", authz.RulesDelta{Grant: []authz.Pattern{"balances:view"}})
	if err != nil {
		panic(err)
	}
	return engine
}

// Routes of net/http's ServeMux, each with the permission that it needs.
func ExampleNew() {
	engine := office()
	defer engine.Close(context.Background())
	currentUser := func(r *http.Request) (authz.UserID, error) { // yours reads a session or a token
		if user, password, ok := r.BasicAuth(); ok && password == "s3cret" {
			return authz.UserID(user), nil
		}
		return "", nil
	}
	g := guard.New(engine, currentUser, guard.Options{Challenge: `Basic realm="office"`})
	show := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "shown\n") })
	mux := http.NewServeMux()
	mux.Handle("GET /balances", g.Require("balances:view")(show))
	mux.Handle("GET /settings", g.Require("settings:view")(show))

	for _, path := range []string{"/balances", "/settings"} {
		r := httptest.NewRequest("GET", path, nil)
		r.SetBasicAuth("dana", "s3cret")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(path, w.Code)
	}
	// Output:
	// /balances 200
	// /settings 403
}

// The permission depends on the request. A request about something that doesn't exist gets 404.
func ExampleGuard_RequireFunc() {
	engine := office()
	defer engine.Close(context.Background())
	g := guard.New(engine, func(*http.Request) (authz.UserID, error) { return "dana", nil }, guard.Options{})
	page := g.RequireFunc(func(r *http.Request) ([]authz.Permission, error) {
		switch name := r.PathValue("name"); name {
		case "balances", "settings":
			return []authz.Permission{authz.Permission(name + ":view")}, nil
		default:
			return nil, guard.ErrNotFound
		}
	})
	mux := http.NewServeMux()
	mux.Handle("GET /{name}", page(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))

	for _, path := range []string{"/balances", "/settings", "/nothing"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /balances 200
	// /settings 403
	// /nothing 404
}

// Options that come from configuration are checked before New would panic on them.
func ExampleOptions_Check() {
	options := guard.Options{SignIn: "javascript:alert(1)"}
	if err := options.Check(); err != nil {
		fmt.Println(err)
	}
	// Output: the option SignIn "javascript:alert(1)" is neither a path nor an http or https address
}
