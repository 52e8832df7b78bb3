package ginguard

import (
	"net/http"
	"path"
	"slices"

	"github.com/gin-gonic/gin"
)

// Router registers routes like Gin and remembers which of them have a guard, so that a host can refuse
// to start with an unguarded route:
//
//	r := gin.New()
//	routes := g.Router(r)
//	routes.GET("/healthz", g.Open(), healthz)
//	clients := routes.Group("/clients", g.Require("clients.profiles:view"))
//	clients.GET("/:id", showClient)
//	if err := routes.Check(); err != nil {
//		log.Fatal(err)
//	}
//
// Gin reveals only the last handler of a route, and test requests would run the handlers of exactly the
// unguarded routes. So the Router watches registrations and compares them with the routes that Gin lists
// in the end. A route that was registered elsewhere, or whose guard is wrapped in another function, is
// reported as unguarded; an unguarded route is never missed.
//
// Use one Router for each [gin.Engine]. Like the engine, it must be set up by one goroutine.
type Router struct {
	routes gin.IRoutes      // the engine, whose Use does more than that of a group, or group
	group  *gin.RouterGroup // what Gin puts before the handlers of a route
	seen   *seenRoutes
}

var _ gin.IRoutes = (*Router)(nil)

// seenRoutes is shared by a router and its groups.
type seenRoutes struct {
	engine  *gin.Engine
	guarded map[routeKey]bool // or open
}

type routeKey struct{ method, path string }

// Router returns a [Router] that registers on r.
func (g *Guard) Router(r *gin.Engine) *Router {
	return &Router{r, &r.RouterGroup, &seenRoutes{r, map[routeKey]bool{}}}
}

// note remembers a route that Gin has just registered, if it is guarded or open. A guard in last place
// guards nothing.
func (r *Router) note(method, relative string, handlers []gin.HandlerFunc) {
	chain := slices.Concat(r.group.Handlers, gin.HandlersChain(handlers))
	guarded := slices.ContainsFunc(chain[:len(chain)-1], func(h gin.HandlerFunc) bool { return isHandler(h, guardCode) })
	if guarded || slices.ContainsFunc(chain, func(h gin.HandlerFunc) bool { return isHandler(h, openCode) }) {
		// Gin joins the path of a group as it joins that of a route.
		r.seen.guarded[routeKey{method, r.group.Group(relative).BasePath()}] = true
	}
}

// Group returns a router for the routes below a path. The handlers run for all of them.
func (r *Router) Group(relative string, handlers ...gin.HandlerFunc) *Router {
	group := r.group.Group(relative, handlers...)
	return &Router{group, group, r.seen}
}

// Use adds handlers for all routes that are registered later.
func (r *Router) Use(handlers ...gin.HandlerFunc) gin.IRoutes {
	r.routes.Use(handlers...)
	return r
}

// Handle registers a route for any method.
func (r *Router) Handle(method, relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	r.routes.Handle(method, relative, handlers...)
	r.note(method, relative, handlers)
	return r
}

// GET registers a route.
func (r *Router) GET(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Handle(http.MethodGet, relative, handlers...)
}

// POST registers a route.
func (r *Router) POST(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Handle(http.MethodPost, relative, handlers...)
}

// PUT registers a route.
func (r *Router) PUT(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Handle(http.MethodPut, relative, handlers...)
}

// PATCH registers a route.
func (r *Router) PATCH(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Handle(http.MethodPatch, relative, handlers...)
}

// DELETE registers a route.
func (r *Router) DELETE(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Handle(http.MethodDelete, relative, handlers...)
}

// HEAD registers a route.
func (r *Router) HEAD(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Handle(http.MethodHead, relative, handlers...)
}

// OPTIONS registers a route.
func (r *Router) OPTIONS(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Handle(http.MethodOptions, relative, handlers...)
}

// Match registers a route for several methods.
func (r *Router) Match(methods []string, relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	for _, method := range methods {
		r.Handle(method, relative, handlers...)
	}
	return r
}

// Any registers a route for the nine methods of Gin's Any.
func (r *Router) Any(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Match([]string{
		http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodHead,
		http.MethodOptions, http.MethodDelete, http.MethodConnect, http.MethodTrace,
	}, relative, handlers...)
}

// StaticFile registers the routes of one file. Guard it with its group.
func (r *Router) StaticFile(relative, file string) gin.IRoutes {
	r.routes.StaticFile(relative, file)
	return r.noteFile(relative)
}

// StaticFileFS registers the routes of one file of a file system.
func (r *Router) StaticFileFS(relative, file string, fs http.FileSystem) gin.IRoutes {
	r.routes.StaticFileFS(relative, file, fs)
	return r.noteFile(relative)
}

// Static registers the routes of a folder's files. Guard it with its group.
func (r *Router) Static(relative, root string) gin.IRoutes {
	return r.StaticFS(relative, gin.Dir(root, false))
}

// StaticFS registers the routes of a file system's files.
func (r *Router) StaticFS(relative string, fs http.FileSystem) gin.IRoutes {
	r.routes.StaticFS(relative, fs)
	return r.noteFile(path.Join(relative, "/*filepath"))
}

// noteFile notes the two routes that Gin registers to serve files.
func (r *Router) noteFile(relative string) gin.IRoutes {
	own := []gin.HandlerFunc{nil}
	r.note(http.MethodGet, relative, own)
	r.note(http.MethodHead, relative, own)
	return r
}
