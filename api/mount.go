package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// Mount puts the administrators' interface below r's path: the operations of openapi.yaml,
// and nothing else.
//
//	api.Mount(r.Group("/api/v1"), engine, currentUser)
//
// The middlewares of r run before it. Below the path everything is its own, whatever the host
// has set: an unknown path is a 404 and a method that it doesn't take a 405, both as problem
// documents (but for methods that nobody has registered with IANA and those with a hyphen, which
// Gin can't route: they are answered as the host answers what it doesn't know); no request is
// redirected; names are taken from the path as it came, so that an encoded slash
// stays within its name. It panics when engine or currentUser is nil.
func Mount(r gin.IRouter, engine *authz.Engine, currentUser CurrentUser) {
	if engine == nil || currentUser == nil {
		panic("api: Mount needs an engine and a way to tell who is calling")
	}
	m := &mounted{engine: engine, currentUser: currentUser}
	m.router = m.newRouter(operations)
	anyMethod(r, "/*path", m.serve)
}

// otherMethods are those of the HTTP Method Registry of IANA (RFC 9110 section 16.1) that Gin
// doesn't take for any, and takes at all: it refuses a hyphen.
var otherMethods = strings.Fields(`ACL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL
	MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PRI PROPFIND PROPPATCH QUERY REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK
	UNLOCK UPDATE UPDATEREDIRECTREF`)

// anyMethod registers a handler for every method that has a name, so that it is ours to say which
// a path takes.
func anyMethod(r gin.IRouter, path string, handler gin.HandlerFunc) {
	r.Any(path, handler)
	for _, method := range otherMethods {
		r.Handle(method, path, handler)
	}
}

// mounted is one of our interfaces at one place of a host.
type mounted struct {
	engine      *authz.Engine
	currentUser CurrentUser
	router      *gin.Engine
}

func (m *mounted) newRouter(operations []operation, first ...gin.HandlerFunc) *gin.Engine {
	r := gin.New()
	r.RedirectTrailingSlash = false
	r.UseEscapedPath = true      // an encoded slash is part of a name and separates nothing
	r.UnescapePathValues = false // Gin would make a space of "+"; see call.param
	r.HandleMethodNotAllowed = true
	r.Use(append([]gin.HandlerFunc{unkept, recovered}, first...)...)
	r.NoRoute(func(c *gin.Context) { writeProblem(c, noSuchPath) })
	r.NoMethod(func(c *gin.Context) {
		writeProblem(c, problem{Type: problemMethodNotAllowed, Detail: "The header Allow names the methods of this path."})
	})
	toGin := strings.NewReplacer("{", ":", "}", "")
	for _, o := range operations {
		r.Handle(o.method, toGin.Replace(o.path), m.perform(o))
	}
	return r
}

var noSuchPath = problem{Type: problemNotFound, Detail: "There is nothing at this path."}

// host is what a request brings from outside of the mount.
type host struct {
	context *gin.Context // what the host's middlewares know, for CurrentUser
	prefix  string       // the escaped path of the mount, without a slash at its end
}

type hostKey struct{}

// serve hands a request on to the router, under the path that it has below the mount.
func (m *mounted) serve(c *gin.Context) {
	prefix, path := cutMount(c.FullPath(), c.Request.URL.EscapedPath())
	m.handOn(c, prefix, path)
}

// serveWhole hands a request on under the whole of its path.
func (m *mounted) serveWhole(c *gin.Context) { m.handOn(c, "", c.Request.URL.EscapedPath()) }

func (m *mounted) handOn(c *gin.Context, prefix, path string) {
	plain, err := url.PathUnescape(path)
	if err != nil || path == "" || strings.Contains(path, "//") {
		unkept(c)
		writeProblem(c, noSuchPath)
		return
	}
	within := c.Request.WithContext(context.WithValue(c.Request.Context(), hostKey{}, host{c, prefix}))
	within.URL = &url.URL{Path: plain, RawPath: path, RawQuery: c.Request.URL.RawQuery}
	m.router.ServeHTTP(c.Writer, within)
}

// cutMount cuts an escaped path in two where the mount's catch-all begins, by the number of
// segments before it: parameters of the host may stand there, so the text tells nothing.
func cutMount(pattern, path string) (prefix, below string) {
	at := 0
	for range strings.Count(pattern, "/") - 1 {
		next := strings.IndexByte(path[min(at+1, len(path)):], '/')
		if next < 0 {
			return path, ""
		}
		at += 1 + next
	}
	return path[:at], path[at:]
}

// unkept keeps answers out of caches, and browsers from guessing what they are.
func unkept(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}

// recovered answers a panic with a 500 and logs where it came from. Nothing of the request
// but its route goes to the log: the rest may be secret.
func recovered(c *gin.Context) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if fault == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			panic(fault)
		}
		slog.ErrorContext(c.Request.Context(), "api: a handler panicked", "method", c.Request.Method,
			"route", c.FullPath(), "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
		if c.Writer.Written() {
			c.Abort()
			return
		}
		writeProblem(c, problem{Type: problemInternal, Detail: internalDetail})
	}()
	c.Next()
}
