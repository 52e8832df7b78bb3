package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/lograte"
	"github.com/rightful-go/rightful/internal/selfguarded"
)

// Mount serves the administrators' interface below r's path: the operations of openapi.yaml, and
// nothing else.
//
//	api.Mount(r.Group("/api/v1"), engine, currentUser)
//
// The middlewares of r run first. Settings of the host's Gin engine don't apply below the path: an
// unknown path is a 404 and an unknown method a 405, both as problem documents; no request is
// redirected; an encoded slash stays part of its name. Gin can't route methods with a hyphen or
// methods that aren't registered with IANA; the host answers those.
//
// Mount panics if engine or currentUser is nil. Nothing else can go wrong, so it returns no error.
func Mount(r gin.IRouter, engine *authz.Engine, currentUser CurrentUser) {
	if engine == nil || currentUser == nil {
		panic("api: Mount was given no engine or no CurrentUser function")
	}
	m := &mounted{limited: &lograte.Logger{}, engine: engine, currentUser: currentUser, imports: make(chan struct{}, maxImports)}
	m.table = operations
	m.router = m.newRouter(m.table)
	anyMethod(r, "/*path", m.serve)
}

// otherMethods are the methods in IANA's registry (RFC 9110 section 16.1) that Gin's Any leaves out
// and that Gin accepts: it refuses hyphens.
var otherMethods = strings.Fields(`ACL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL
	MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PRI PROPFIND PROPPATCH QUERY REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK
	UNLOCK UPDATE UPDATEREDIRECTREF`)

// anyMethod registers a handler for every method that Gin can route, so that we answer 405 ourselves.
func anyMethod(r gin.IRouter, path string, serve gin.HandlerFunc) {
	handler := selfguarded.Handler(serve)
	r.Any(path, handler)
	for _, method := range otherMethods {
		r.Handle(method, path, handler)
	}
}

// mounted is one interface at one path of a host.
type mounted struct {
	engine      *authz.Engine
	currentUser CurrentUser
	operator    *authz.Admin // who makes all requests, in place of users; nil unless made by [Operator]
	router      *gin.Engine
	table       []operation
	limited     *lograte.Logger // [slog.Default], for what can happen with each request
	imports     chan struct{}   // full while as many imports as are allowed are received or carried out
}

func (m *mounted) newRouter(operations []operation, first ...gin.HandlerFunc) *gin.Engine {
	r := gin.New()
	r.RedirectTrailingSlash = false
	r.UseEscapedPath = true      // an encoded slash is part of a name
	r.UnescapePathValues = false // Gin would turn "+" into a space; see call.param
	r.HandleMethodNotAllowed = true
	r.Use(append([]gin.HandlerFunc{noStore, m.recoverPanic}, first...)...)
	r.NoRoute(func(c *gin.Context) { writeProblem(c, noSuchPath) })
	r.NoMethod(func(c *gin.Context) {
		writeProblem(c, problem.Document{Type: problem.MethodNotAllowed, Detail: "This path doesn't support the method. The header Allow lists the methods that it supports."})
	})
	toGin := strings.NewReplacer("{", ":", "}", "")
	for _, o := range operations {
		r.Handle(o.method, toGin.Replace(o.path), m.perform(o))
	}
	return r
}

var noSuchPath = problem.Document{Type: problem.NotFound, Detail: "Nothing exists at this path."}

// host is what a request brings from outside the mount.
type host struct {
	context *gin.Context // the host's, for CurrentUser
	prefix  string       // the escaped path of the mount, without a trailing slash
}

type hostKey struct{}

// serve forwards a request to the router under its path below the mount.
func (m *mounted) serve(c *gin.Context) {
	prefix, path := cutMount(c.FullPath(), c.Request.URL.EscapedPath())
	m.forward(c, prefix, path)
}

// serveWhole forwards a request under its whole path.
func (m *mounted) serveWhole(c *gin.Context) { m.forward(c, "", c.Request.URL.EscapedPath()) }

func (m *mounted) forward(c *gin.Context, prefix, path string) {
	plain, err := url.PathUnescape(path)
	if err != nil || path == "" || strings.Contains(path, "//") {
		noStore(c)
		writeProblem(c, noSuchPath)
		return
	}
	within := c.Request.WithContext(context.WithValue(c.Request.Context(), hostKey{}, host{c, prefix}))
	within.URL = &url.URL{Path: plain, RawPath: path, RawQuery: c.Request.URL.RawQuery}
	m.router.ServeHTTP(c.Writer, within)
}

// cutMount splits an escaped path where the mount's catch-all begins. It counts segments, because the
// path of the mount may contain parameters of the host.
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

// noStore keeps answers out of caches and stops browsers from guessing content types.
func noStore(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}

// recoverPanic answers a panic with a 500 and logs its stack. Of the request it logs only method and
// route: the rest may be secret.
func (m *mounted) recoverPanic(c *gin.Context) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if fault == http.ErrAbortHandler { //nolint:errorlint // net/http compares it with ==
			panic(fault)
		}
		m.limited.Error(c.Request.Context(), c.Request.Method+c.FullPath(), "api: a handler panicked", "method", c.Request.Method,
			"route", c.FullPath(), "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
		if c.Writer.Written() {
			c.Abort()
			return
		}
		writeProblem(c, problem.Document{Type: problem.Internal, Detail: problem.InternalDetail})
	}()
	c.Next()
}
