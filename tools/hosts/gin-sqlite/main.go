// Command gin-sqlite is a host that uses Gin and guards a route with Rightful. The policy is in an
// SQLite file, the host's only database:
//
//	gin-sqlite FILE
//
// The same host without Rightful, and so without a database, is in the folder without.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/tools/hosts/gin-sqlite/app"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gin-sqlite:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string) error {
	store, err := sqlite.Open(ctx, file, gormstore.Options{})
	if err != nil {
		return err
	}
	engine, err := authz.Open(ctx, store, authz.Options{
		Catalog:   authz.Catalog{{Permission: "reports:view", Label: "View reports"}},
		Bootstrap: "alice",
	})
	if err != nil {
		return err
	}
	currentUser := func(c *gin.Context) authz.UserID { return authz.UserID(c.GetString(gin.AuthUserKey)) }
	g := ginguard.New(engine, currentUser, guard.Options{})
	r := app.New()
	r.GET("/reports", g.Require("reports:view"), app.Reports)
	return app.Serve(ctx, r)
}
