package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/console"
)

// routes registers all routes with the permissions that they require. A route without a guard is an
// error, even if the configuration adds it.
func (a *app) routes(c config) (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	if err := r.SetTrustedProxies(nil); err != nil { // no header sets the client's address
		return nil, err
	}
	r.RedirectTrailingSlash = false // one URL per resource
	r.HandleMethodNotAllowed = true
	r.Use(a.logged, a.recovered, secured, a.identify)
	r.NoRoute(a.notFound)
	r.NoMethod(a.methodNotAllowed)

	g := ginguard.New(a.engine, a.currentUser, guard.Options{SignIn: "/login", Home: "/", Console: "/console/", API: "/api/v1", Logger: a.log})
	routes := g.Router(r)
	a.open(routes.Group("/", g.Open(), bounded))
	a.application(routes.Group("/", a.counted, bounded), g)
	api.Mount(r.Group("/api/v1"), a.engine, a.currentUser)
	console.Mount(r.Group("/console"), console.Options{API: "/api/v1", SignIn: "/login", Home: "/"})
	err := api.MountAuthZEN(r, a.engine, a.currentUser, api.AuthZENOptions{PolicyDecisionPoint: c.identifier, Resources: a.resources})
	if err != nil {
		return nil, err
	}
	if c.more != nil {
		c.more(r)
	}
	if err := routes.Check(); err != nil {
		return nil, err
	}
	return protected(r), nil
}

// open registers the routes that need no permission.
func (a *app) open(r gin.IRouter) {
	r.GET("/", a.home)
	r.GET("/style.css", stylesheet)
	r.GET("/icon.svg", icon)
	r.GET("/needs.js", script)
	r.GET("/login", a.loginPage)
	r.POST("/login", a.login)
	r.POST("/logout", a.logout)
	r.GET("/healthz", a.healthz)
	r.GET("/readyz", a.readyz)
	r.GET("/metrics", a.metrics())
}

// application registers the routes that require permissions.
func (a *app) application(r gin.IRouter, g *ginguard.Guard) {
	view := g.RequireFunc(a.permissionsFor(func(kind string) []authz.Permission {
		return []authz.Permission{viewOf(kind)}
	}))
	decide := g.RequireFunc(a.permissionsFor(neededToDecide))
	r.GET("/requests", g.RequireAny(viewOfAny()...), a.listRequests)
	r.GET("/requests/:id", view, a.showRequest)
	r.POST("/requests/:id/approve", decide, a.decide(statusApproved))
	r.POST("/requests/:id/reject", decide, a.decide(statusRejected))
	r.GET("/resolutions", g.Require(viewResolutions), a.listResolutions)
	r.GET("/resolution-types", g.Require(viewResolutionTypes), a.listResolutionTypes)

	r.GET("/profiles", g.Open(), a.listProfiles(g)) // decides itself
	r.GET("/profiles/:id", g.RequireFunc(a.neededToView), a.showProfile)
	r.POST("/profiles/:id", g.Require(viewProfiles, "clients.profiles:update"), a.updateProfile)

	r.GET("/operations", g.Require("finance.operations:view"), a.listOperations)
	r.POST("/operations", g.Require("finance.operations:create"), a.createOperation)
	r.GET("/balances", g.Require("finance.balances:view"), a.listBalances)
	r.POST("/balances/:account/adjust", g.Require("finance.balances:adjust"), a.adjustBalance)
	r.GET("/reports/operations.csv", g.Require("finance.reports:export"), a.exportReport)

	r.GET("/settings", g.Require("system.settings:view"), a.listSettings)
	r.POST("/settings", g.Require("system.settings:update"), a.updateSetting)
}
