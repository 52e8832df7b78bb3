// Command gin-casbin3 is a host that uses Casbin v3 and gorm-adapter for itself and guards some routes with
// Rightful, whose policy has its own tables in the same database:
//
//	gin-casbin3 FILE
//
// The same host without Rightful is in the folder without.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/tools/hosts/gin-casbin3/app"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gin-casbin3:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string) error {
	r, db, err := app.New(file)
	if err != nil {
		return err
	}
	store, err := sqlite.New(ctx, db, gormstore.Options{Prefix: "staff"})
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
	r.GET("/reports", g.Require("reports:view"), func(c *gin.Context) { c.String(http.StatusOK, "reports") })
	return app.Serve(ctx, r)
}
