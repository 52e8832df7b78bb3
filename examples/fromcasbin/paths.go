package fromcasbin

import (
	"context"
	"log/slog"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

// takeOverPaths makes a table of paths and methods the policy. Roles are numbers, which no "g" row names, so they
// become groups. Decisions about paths such as /user/17 differ, and are meant to: from now on the route is asked about.
func takeOverPaths(ctx context.Context, store authz.Store, oldModel string) (*authz.Engine, error) {
	return authz.Open(ctx, store, authz.Options{
		Adopt: &authz.AdoptOptions{Model: oldModel, SubjectsAsGroups: true, Reason: "Casbin decided until now"},
	})
}

// compare logs decisions that would change. Casbin's decision still counts; a request without a route has none.
func compare(c *gin.Context, engine *authz.Engine, user authz.UserID, allowed bool) {
	would := engine.Can(user, ginguard.RoutePermission(c.Request.Method, c.FullPath()))
	if would != allowed && c.FullPath() != "" {
		slog.Warn("Rightful would decide otherwise", "user", user, "casbin", allowed, "rightful", would,
			"method", c.Request.Method, "route", c.FullPath())
	}
}

// guardRoutes guards each route by its own path and method, as it is registered. "/user/:id" needs "/user/:id:GET".
func guardRoutes(r *gin.Engine, engine *authz.Engine, currentUser ginguard.CurrentUser, showUser, addUser gin.HandlerFunc) error {
	g := ginguard.New(engine, currentUser, guard.Options{})
	routes := g.Router(r)
	all := routes.Group("/", g.RequireRoute())
	all.GET("/user/:id", showUser)
	all.POST("/user/list", addUser)
	catalog, err := routes.Catalog(nil)
	if err != nil {
		return err
	}
	if err := engine.SetCatalog(catalog); err != nil {
		return err
	}
	return routes.Check()
}
