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
// [MountAuthZEN] serves the OpenID AuthZEN Authorization API 1.0, with which other services ask for
// decisions.
//
// The host signs users in and names them with a [CurrentUser] function. openapi.yaml in this folder
// describes the interface; package openapi has its Go types, and package client calls it.
package api
