// Package guard protects the routes of a net/http application: a request reaches its handler only if
// the signed-in user holds the permissions that the route needs. Routers such as chi and echo take its
// middlewares too; for Gin there is package ginguard.
//
// Start with [New]:
//
//	g := guard.New(engine, currentUser, guard.Options{})
//	mux.Handle("GET /settings", g.Require("system.settings:view")(showSettings))
//
// A refused request gets a 401, a 403 or a 503, as JSON or as a page, whichever it prefers. forbidden.go
// builds the refusal, page.go renders the page.
package guard
