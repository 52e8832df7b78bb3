package ginguard

import (
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/api/internal/routename"
	"github.com/rightful-go/rightful/authz"
)

// RequireRoute returns a middleware that lets a request through if its user holds the permission of the route: the
// path and method under which it is registered, spelled by [RoutePermission], whatever the path of the request. One
// for a group, or for the whole engine, is enough:
//
//	orders := r.Group("/orders", g.RequireRoute())
//	orders.GET("/:id", showOrder) // needs "/orders/:id:GET"
//
// [Router.Catalog] returns the permissions of all such routes. A request without a route gets 401 if it is anonymous
// and otherwise 404: a handler given to Gin's NoRoute or NoMethod isn't reached behind RequireRoute.
func (g *Guard) RequireRoute() gin.HandlerFunc {
	return (&routed{computed{g, g.permissionOfRoute}}).handle
}

// routed is RequireRoute's middleware. Its code tells [Router.Catalog] that the permission is that of the route.
type routed struct{ computed computed }

func (q *routed) handle(c *gin.Context) { q.computed.handle(c) }

func (g *Guard) permissionOfRoute(c *gin.Context) ([]authz.Permission, error) {
	path, err := registeredPath(c)
	switch {
	case err != nil:
		return nil, err
	case path == "":
		return nil, fmt.Errorf("%w: the request has no route", guard.ErrNotFound)
	}
	return g.routes.Get(c.Request.Method, path, g.declaredRoute), nil
}

// declaredRoute is [RoutePermission]. It logs a permission that the catalog lacks.
func (g *Guard) declaredRoute(method, path string) authz.Permission {
	p := RoutePermission(method, path)
	g.guard.Require(p)
	return p
}

// registeredPath returns the path under which the route of a request is registered, as [RoutePermission] takes it.
// Once Gin serves, its paths don't tell a colon that was escaped from one that begins a parameter. The parameters of
// the request do, unless the route has an escaped colon before the name of one of them; then it returns an error.
func registeredPath(c *gin.Context) (string, error) {
	path := c.FullPath()
	if wildcards := strings.Count(path, ":") + strings.Count(path, "/*"); wildcards == len(c.Params) { // as nearly always
		return path, nil
	}
	segments, params := strings.Split(path, "/"), c.Params
	for i, literal := range segments {
		parameter := ""
		if len(params) > 0 && strings.HasSuffix(literal, ":"+params[0].Key) {
			parameter = ":" + params[0].Key
			literal, params = strings.TrimSuffix(literal, parameter), params[1:]
		}
		for _, p := range c.Params {
			if parameter == "" && strings.HasSuffix(literal, ":"+p.Key) {
				return "", fmt.Errorf(`the path %q has both "\:%s" and ":%s", so RequireRoute can't tell which is the parameter; rename it`,
					path, p.Key, p.Key)
			}
		}
		segments[i] = strings.ReplaceAll(literal, ":", `\:`) + parameter
	}
	return strings.Join(segments, "/"), nil
}

// RoutePermission returns the permission of a route, which [Guard.RequireRoute] requires. The path is as Gin lists it
// before it serves the first request. RoutePermission("GET", "/users/:id") is "/users/:id:GET". It is legal, and no
// other route has it:
//
//   - The object is the path as it is registered. "/" and trailing slashes stay.
//   - "*" is a wildcard in rules, so "*path" is written ":path": "/files/:path:GET".
//   - What a permission can't contain is percent-encoded, and so are "%", parentheses and escaped colons:
//     "/.well-known/x" becomes "/%2Ewell-known/x".
//   - An object of more than 100 characters is cut, and ends with "~" and a hash of all of it.
func RoutePermission(method, path string) authz.Permission { return routename.Gin(method, path) }
