package ginguard

import (
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/internal/routename"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/selfguarded"
)

// Router is a Gin engine whose routes can be checked, so that a host can refuse to start with an unguarded one:
//
//	r := g.Router(gin.New())
//	r.GET("/healthz", g.Open(), healthz)
//	clients := r.Group("/clients", g.Require("clients.profiles:view"))
//	clients.GET("/:id", showClient)
//	if err := r.Check(); err != nil {
//		log.Fatal(err)
//	}
//
// It sees all routes of the engine, and for each the handlers that Gin runs: those of groups and of Use as well,
// however they were registered.
type Router struct{ *gin.Engine }

var _ gin.IRouter = (*Router)(nil)

// Router returns r with methods to check its routes.
func (g *Guard) Router(r *gin.Engine) *Router { return &Router{r} }

// route is a route and the handlers that Gin runs for it; nil if they can't be read.
type route struct {
	gin.RouteInfo
	handlers chain
}

// routes returns the engine's routes. It returns false if their handlers can't be read.
func (r *Router) routes() ([]route, bool) {
	infos := r.Routes()
	list := make([]route, len(infos))
	chains, ok := chainsOf(r.Engine)
	ok = ok && len(chains) == len(infos)
	for i, info := range infos {
		list[i].RouteInfo = info
		if ok = ok && chains[i][len(chains[i])-1] == codeOf(info.HandlerFunc); ok {
			list[i].handlers = chains[i]
		}
	}
	return list, ok
}

// The code of the middlewares of guards.
var (
	openCode   = codeOf(openToAll)
	routeCode  = codeOf((&routed{}).handle)
	guardCodes = []uintptr{codeOf((&requirement{}).handle), codeOf((&computed{}).handle), routeCode}
)

// isGuarded reports whether a guard decides before the last handler, or the route is open on purpose. A guard in last
// place guards nothing.
func (t route) isGuarded() bool {
	if selfguarded.Is(t.HandlerFunc) || slices.Contains(t.handlers, openCode) {
		return true
	}
	return slices.ContainsFunc(t.middlewares(), func(code uintptr) bool { return slices.Contains(guardCodes, code) })
}

// middlewares returns the code of the handlers before the last.
func (t route) middlewares() chain { return t.handlers[:max(len(t.handlers)-1, 0)] }

// Catalog returns the entries of the routes behind [Guard.RequireRoute] for a catalog, sorted as Gin lists them. The
// label of an entry is the method and the path, its category the segments before the first parameter; describe, if
// it isn't nil, can change both for each. Call it after all routes are registered and before the first request.
//
// It returns an error if Gin's routes can't be read, which is a bug in Rightful or a new version of Gin.
func (r *Router) Catalog(describe func(*authz.Entry)) (authz.Catalog, error) {
	routes, ok := r.routes()
	if !ok {
		return nil, fmt.Errorf("the handlers of the routes can't be read: %s", unreadable)
	}
	var catalog authz.Catalog
	for _, t := range routes {
		if !slices.Contains(t.middlewares(), routeCode) {
			continue
		}
		e := routename.Entry(RoutePermission(t.Method, t.Path))
		if describe != nil {
			describe(&e)
		}
		catalog = append(catalog, e)
	}
	return catalog, nil
}

const unreadable = "this version of Gin (" + gin.Version + ") keeps them in another way than those that Rightful knows"
