package ginguard

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/internal/selfguarded"
)

// Unguarded lists the engine's routes, sorted by path, that have neither a guard before their last
// handler nor [Guard.Open]. Routes of api.Mount and api.MountAuthZEN ask for permissions themselves and
// aren't listed.
func (r *Router) Unguarded() []gin.RouteInfo {
	all := r.seen.engine.Routes()
	times := map[routeKey]int{}
	for _, info := range all {
		times[routeKey{info.Method, info.Path}]++
	}
	unguarded := slices.DeleteFunc(all, func(info gin.RouteInfo) bool {
		key := routeKey{info.Method, info.Path}
		// Once Gin serves, it lists "/a\:b" as "/a:b", which may be the path of another route.
		return r.seen.guarded[key] && times[key] == 1 || selfguarded.Is(info.HandlerFunc)
	})
	slices.SortFunc(unguarded, func(a, b gin.RouteInfo) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return unguarded
}

// Check returns an error that lists all unguarded routes, nil if there are none. Call it after all
// routes are registered and before the first request.
//
// Exceptions are routes that other packages registered on the engine itself, and that are public on
// purpose or guarded in other ways: a path as Gin lists it ("/metrics"), a method and a path ("GET
// /metrics"), or everything below a path ("/debug/pprof/*").
func (r *Router) Check(exceptions ...string) error {
	unguarded := slices.DeleteFunc(r.Unguarded(), func(info gin.RouteInfo) bool {
		return slices.ContainsFunc(exceptions, func(exception string) bool { return excepts(exception, info) })
	})
	if len(unguarded) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("these routes have no guard, so everybody may call them, signed in or not:\n")
	for _, info := range unguarded {
		fmt.Fprintf(&b, "  %s %s\n", info.Method, info.Path)
	}
	b.WriteString("Register each through Guard.Router with Require, RequireAny or RequireFunc before its handler, or with " +
		"Open if it is public on purpose. Pass routes that another package registers as exceptions to Check.")
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

// Handlers are recognized by their code, since functions can't be compared. The code of a method is the
// same for all its receivers.
var (
	guardCode = []uintptr{handlerCode((&requirement{}).handle), handlerCode((&computed{}).handle)}
	openCode  = []uintptr{handlerCode(openToAll)}
)

func handlerCode(h gin.HandlerFunc) uintptr { return reflect.ValueOf(h).Pointer() }

func isHandler(h gin.HandlerFunc, codes []uintptr) bool {
	return slices.Contains(codes, handlerCode(h))
}
