package api

import (
	"net/http"
	"path"
	"slices"

	"github.com/gin-gonic/gin"
)

// Router registers routes as Gin does and remembers which of them it has seen a guard on, so
// that a host can refuse to start with a route that nobody thought of:
//
//	r := gin.New()
//	routes := guard.Router(r)
//	routes.GET("/healthz", guard.Open(), healthz)
//	clients := routes.Group("/clients", guard.Require("clients.profiles:view"))
//	clients.GET("/:id", showClient)
//	if err := routes.Check(); err != nil {
//		log.Fatal(err)
//	}
//
// Gin tells of each route only its last handler. To send a request through every route and
// see whether a guard stops it would run the handlers of just those that have none. So the
// Router watches what passes through it, and holds that against the routes that Gin lists in
// the end: what was registered elsewhere, or has a guard that can't be recognized because
// something is wrapped around it, is reported as unguarded, never the other way round.
//
// Take one Router for each [gin.Engine]. Like the engine, it is for one goroutine to set up.
type Router struct {
	routes gin.IRoutes      // the engine, whose Use does more than that of a group, or group
	group  *gin.RouterGroup // what Gin puts before the handlers of a route
	seen   *seenRoutes
}

var _ gin.IRoutes = (*Router)(nil)

// seenRoutes is shared by a router and its groups.
type seenRoutes struct {
	engine  *gin.Engine
	guarded map[routeKey]bool // or declared as open
}

type routeKey struct{ method, path string }

// Router returns a [Router] that registers on r.
func (g *Guard) Router(r *gin.Engine) *Router {
	return &Router{r, &r.RouterGroup, &seenRoutes{r, map[routeKey]bool{}}}
}

// note remembers a route that Gin has just taken, if it is guarded or declared as open. A
// guard counts when a handler comes after it: one that is put last guards nothing.
func (r *Router) note(method, relative string, handlers []gin.HandlerFunc) {
	chain := slices.Concat(r.group.Handlers, gin.HandlersChain(handlers))
	guarded := slices.ContainsFunc(chain[:len(chain)-1], func(h gin.HandlerFunc) bool { return isHandler(h, guardCode) })
	if guarded || slices.ContainsFunc(chain, func(h gin.HandlerFunc) bool { return isHandler(h, openCode) }) {
		// The path of a group is the path of a route: Gin has one way to make either.
		r.seen.guarded[routeKey{method, r.group.Group(relative).BasePath()}] = true
	}
}

// Group returns a router for the routes below a path, with handlers for all of them.
func (r *Router) Group(relative string, handlers ...gin.HandlerFunc) *Router {
	group := r.group.Group(relative, handlers...)
	return &Router{group, group, r.seen}
}

// Use puts handlers before those of every route that is registered from now on.
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

// Any registers a route for the nine methods that Gin takes for any.
func (r *Router) Any(relative string, handlers ...gin.HandlerFunc) gin.IRoutes {
	return r.Match([]string{
		http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodHead,
		http.MethodOptions, http.MethodDelete, http.MethodConnect, http.MethodTrace,
	}, relative, handlers...)
}

// StaticFile registers the routes of one file. Guard it through its group.
func (r *Router) StaticFile(relative, file string) gin.IRoutes {
	r.routes.StaticFile(relative, file)
	return r.noteFile(relative)
}

// StaticFileFS registers the routes of one file of a file system.
func (r *Router) StaticFileFS(relative, file string, fs http.FileSystem) gin.IRoutes {
	r.routes.StaticFileFS(relative, file, fs)
	return r.noteFile(relative)
}

// Static registers the routes of a folder's files. Guard it through its group.
func (r *Router) Static(relative, root string) gin.IRoutes {
	return r.StaticFS(relative, gin.Dir(root, false))
}

// StaticFS registers the routes of a file system's files.
func (r *Router) StaticFS(relative string, fs http.FileSystem) gin.IRoutes {
	r.routes.StaticFS(relative, fs)
	return r.noteFile(path.Join(relative, "/*filepath"))
}

// noteFile notes what Gin registers to serve files: two routes with a handler of its own.
func (r *Router) noteFile(relative string) gin.IRoutes {
	own := []gin.HandlerFunc{nil}
	r.note(http.MethodGet, relative, own)
	r.note(http.MethodHead, relative, own)
	return r
}
