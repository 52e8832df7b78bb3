// Command nethttp is a host that uses only net/http and guards a route with Rightful. The policy is
// kept in memory:
//
//	nethttp FILE
//
// Like the other hosts, it takes a file, but ignores it. The same host without Rightful is in the folder
// without.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/tools/hosts/nethttp/app"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "nethttp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	engine, err := authz.Open(ctx, memstore.New(), authz.Options{
		Catalog:   authz.Catalog{{Permission: "reports:view", Label: "View reports"}},
		Bootstrap: "alice",
	})
	if err != nil {
		return err
	}
	currentUser := func(r *http.Request) (authz.UserID, error) { return authz.UserID(app.User(r)), nil }
	g := guard.New(engine, currentUser, guard.Options{})
	mux := http.NewServeMux()
	mux.Handle("GET /reports", g.Require("reports:view")(http.HandlerFunc(app.Reports)))
	return app.Serve(ctx, mux)
}
