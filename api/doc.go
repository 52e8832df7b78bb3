// Package api is Rightful over HTTP, for Gin.
//
// Start with [NewGuard], whose Require, RequireAny and RequireFunc are the middlewares that let
// a request through when its user holds what the route needs, and with [Mount], which puts the
// administrators' interface where the host wants it:
//
//	guard := api.NewGuard(engine, currentUser)
//	r.GET("/settings", guard.Require("system.settings:view"), showSettings)
//	api.Mount(r.Group("/api/v1"), engine, currentUser)
//
// By [MountAuthZEN] other services ask for decisions, as the OpenID AuthZEN Authorization API has
// it.
//
// Who is signed in is the host's to say, by a [CurrentUser]. The interface is described by
// openapi.yaml in this folder; Go types and a client made from it are in package openapi.
package api
