// Package api serves Rightful over HTTP, on Gin. Start with [Mount], which serves the administrators'
// REST interface:
//
//	api.Mount(r.Group("/api/v1"), engine, currentUser)
//
// The guards of the application's own routes are in package ginguard, and in package guard for net/http.
//
// [MountAuthZEN] serves the OpenID AuthZEN Authorization API 1.0, with which other services ask for
// decisions.
//
// The host signs users in and names them with a [CurrentUser] function. openapi.yaml in this folder
// describes the interface; package openapi has its Go types, and package client calls it.
package api
