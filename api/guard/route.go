package guard

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rightful-go/rightful/api/internal/routename"
	"github.com/rightful-go/rightful/authz"
)

// RequireRoute returns a middleware that lets a request through if its user holds the permission of the route: the
// pattern and method under which its handler is registered, spelled by [RoutePermission]. Give those permissions
// to [authz.Options.Catalog] or [authz.Engine.SetCatalog] with [RouteCatalog].
//
// The pattern is that of [Options.Route], otherwise [http.Request.Pattern]. Wrap the handler that is registered, not
// the mux or the router: before that has chosen a route, there is no pattern. A request without one gets 401 if it is
// anonymous and otherwise 404, and a warning is logged.
//
// If the pattern names no method, the route has a permission for each method that net/http defines, and for others that
// the catalog declares, such as "/files/{path+}:PROPFIND". With any other method all users get 403, administrators
// included, because clients can invent methods.
//
// If a handler has changed the path of a request, as [http.StripPrefix] does, its pattern may be only a part, which
// other routes can have too. Such a request gets 500, unless [Options.Route] returns the whole pattern.
func (g *Guard) RequireRoute() func(http.Handler) http.Handler {
	return g.RequireFunc(g.permissionOfRoute)
}

func (g *Guard) permissionOfRoute(r *http.Request) ([]authz.Permission, error) {
	pattern := r.Pattern
	if g.routeIsGiven {
		pattern = g.options.Route(r)
	}
	switch {
	case pattern == "":
		g.limited.Warn(r.Context(), "", "a request has no route, so RequireRoute refused it; wrap the handlers that a mux or router calls, "+
			"or give the option Route", "method", clip(r.Method))
		return nil, fmt.Errorf("%w: the request has no route", ErrNotFound)
	case !g.routeIsGiven && isRewritten(r):
		return nil, fmt.Errorf("the path of the request was changed before the pattern %q matched it, so RequireRoute can't tell "+
			"its route; give the option Route, which returns the whole pattern", pattern)
	}
	method, ok := g.methodOf(r.Method, pattern)
	if !ok {
		return nil, nil // which is denied
	}
	return g.routes.Get(method, pattern, g.declaredRoute), nil
}

// declaredRoute is [RoutePermission]. It logs a permission that the catalog lacks.
func (g *Guard) declaredRoute(method, pattern string) authz.Permission {
	p := RoutePermission(method, pattern)
	g.noteUndeclared(p)
	return p
}

// isRewritten reports whether a handler has changed the path of the request since the server read it. A trailing slash
// that was taken away, as by chi's StripSlashes, hides no part of the route.
func isRewritten(r *http.Request) bool {
	if r.RequestURI == "" { // not from a server
		return false
	}
	rest, plain := strings.CutPrefix(r.RequestURI, r.URL.Path)
	if plain && r.URL.RawPath == "" && (rest == "" || rest[0] == '?') {
		return false
	}
	read, err := url.ParseRequestURI(r.RequestURI)
	same := func(a, b string) bool { return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") }
	return err != nil || !same(read.Path, r.URL.Path) || !same(read.RawPath, r.URL.RawPath)
}

// RoutePermission returns the permission of a route, which [Guard.RequireRoute] requires. The method is used if the
// pattern doesn't begin with one. RoutePermission("GET", "/users/{id}") is "/users/{id}:GET". It is legal, and no
// other route has it:
//
//   - The object is the pattern as it is registered. "/" and trailing slashes stay.
//   - "*" is a wildcard in rules. A last segment "*", as chi and echo have it, is written ":", and "{path...}" of
//     net/http is written "{path+}": "/files/::GET", "/files/{path+}:GET".
//   - What a permission can't contain is percent-encoded, and so are "%" and parentheses: "/.well-known/x" becomes
//     "/%2Ewell-known/x".
//   - An object of more than 100 characters is cut, and ends with "~" and a hash of all of it.
func RoutePermission(method, pattern string) authz.Permission {
	return routename.Permission(method, pattern)
}

// RouteCatalog returns the entries of routes for a catalog. Each pattern begins with a method, such as
// "GET /users/{id}". The label of an entry is the method and the pattern, its category the segments before the first
// parameter; describe, if it isn't nil, can change both for each. It returns an error if a pattern has no method or is
// listed twice.
func RouteCatalog(patterns []string, describe func(*authz.Entry)) (authz.Catalog, error) {
	var catalog authz.Catalog
	listed := map[authz.Permission]bool{}
	for _, pattern := range patterns {
		method, path := routename.Split("", pattern)
		p := RoutePermission(method, path)
		switch {
		case method == "":
			return nil, fmt.Errorf(`the pattern %q has no method; list it as "GET %s", and once for each other method`, pattern, pattern)
		case path == "":
			return nil, errors.New("a pattern is empty")
		case listed[p]:
			return nil, fmt.Errorf("the pattern %q is listed twice", pattern)
		}
		listed[p] = true
		e := routename.Entry(p)
		if describe != nil {
			describe(&e)
		}
		catalog = append(catalog, e)
	}
	return catalog, nil
}
