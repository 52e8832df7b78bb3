package api

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// Open marks a route as one that everybody may call, signed in or not. It guards nothing: it
// is for [Router.Check] to know, and for people to read.
func (g *Guard) Open() gin.HandlerFunc { return openToAll }

func openToAll(*gin.Context) {}

// Unguarded lists the routes, in the order of their paths, that have neither a guard before
// their last handler nor [Guard.Open], among all that the engine has by now. Those that
// [Mount] and [MountAuthZEN] registered ask for permissions themselves and are not among them.
func (r *Router) Unguarded() []gin.RouteInfo {
	all := r.seen.engine.Routes()
	times := map[routeKey]int{}
	for _, info := range all {
		times[routeKey{info.Method, info.Path}]++
	}
	unguarded := slices.DeleteFunc(all, func(info gin.RouteInfo) bool {
		key := routeKey{info.Method, info.Path}
		// Once Gin serves, "/a\:b" is listed as "/a:b", which another route may be called.
		return r.seen.guarded[key] && times[key] == 1 || isHandler(info.HandlerFunc, mountCode)
	})
	slices.SortFunc(unguarded, func(a, b gin.RouteInfo) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return unguarded
}

// Check returns an error that names every route that is unguarded, and nil if there is none.
// Call it when all routes are registered and before the first request.
//
// Routes that another package registered on the engine itself, and that are open on purpose
// or guarded in ways of their own, are named as exceptions: by their path as Gin lists it
// ("/metrics"), by method and path ("GET /metrics"), or by all that is below a path
// ("/debug/pprof/*").
func (r *Router) Check(exceptions ...string) error {
	unguarded := slices.DeleteFunc(r.Unguarded(), func(info gin.RouteInfo) bool {
		return slices.ContainsFunc(exceptions, func(exception string) bool { return excepts(exception, info) })
	})
	if len(unguarded) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("anybody may call these routes, signed in or not:\n")
	for _, info := range unguarded {
		fmt.Fprintf(&b, "  %s %s\n", info.Method, info.Path)
	}
	b.WriteString("Register each through guard.Router, with guard.Require, RequireAny or RequireFunc before its handler, " +
		"or with guard.Open if that is meant. Name as exceptions to Check what another package registers and guards.")
	return errors.New(b.String())
}

func excepts(exception string, info gin.RouteInfo) bool {
	if method, rest, named := strings.Cut(exception, " "); named {
		if method != info.Method {
			return false
		}
		exception = rest
	}
	if prefix, below := strings.CutSuffix(exception, "*"); below && strings.HasSuffix(prefix, "/") {
		return strings.HasPrefix(info.Path, prefix)
	}
	return info.Path == exception
}

// Handlers are recognized by their code, which is one and the same whatever they were made
// for. Functions can't be compared otherwise.
var (
	guardCode = []uintptr{
		handlerCode((&requirement{}).all), handlerCode((&requirement{}).one), handlerCode((&computed{}).all),
	}
	openCode = []uintptr{handlerCode(openToAll)}
	// mountCode is the handlers of our own interfaces, which ask for permissions themselves.
	mountCode = []uintptr{handlerCode((&mounted{}).serve), handlerCode((&mounted{}).serveWhole)}
)

func handlerCode(h gin.HandlerFunc) uintptr { return reflect.ValueOf(h).Pointer() }

func isHandler(h gin.HandlerFunc, codes []uintptr) bool {
	return slices.Contains(codes, handlerCode(h))
}
