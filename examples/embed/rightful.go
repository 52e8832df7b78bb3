package main

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

func addRightful(ctx context.Context, r *gin.Engine, file string) error {
	store, err := sqlite.Open(ctx, file, gormstore.Options{})
	if err != nil {
		return err
	}
	engine, err := authz.Open(ctx, store, authz.Options{
		Catalog: authz.Catalog{ // what your application knows; administrators pick from it
			{Permission: "reports:view", Label: "View reports", Category: []string{"Reports"}},
		},
		Bootstrap: "ana", // the first administrator, on the first start
	})
	if err != nil {
		return err
	}
	currentUser := func(c *gin.Context) authz.UserID { return authz.UserID(c.GetString(gin.AuthUserKey)) }
	g := ginguard.New(engine, currentUser, guard.Options{})
	r.GET("/reports", g.Require("reports:view"), showReports)
	api.Mount(r.Group("/api/v1"), engine, currentUser)
	return nil
}
