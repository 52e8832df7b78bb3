package ginguard

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// Unguarded lists the engine's routes, sorted by path, that have neither a guard before their last
// handler nor [Guard.Open]. Routes of api.Mount, api.MountAuthZEN and console.Mount answer for themselves and
// aren't listed. A guard that is wrapped in another function isn't recognized. An unguarded route is never
// missed: if Gin's routes can't be read, all are listed.
func (r *Router) Unguarded() []gin.RouteInfo {
	list, _ := r.unguarded()
	return list
}

func (r *Router) unguarded() (list []gin.RouteInfo, readable bool) {
	routes, readable := r.routes()
	for _, t := range routes {
		if !t.isGuarded() {
			list = append(list, t.RouteInfo)
		}
	}
	slices.SortFunc(list, func(a, b gin.RouteInfo) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return list, readable
}

// Check returns an error that lists all unguarded routes, nil if there are none. Call it after all
// routes are registered and before the first request. Handlers of Gin's NoRoute and NoMethod are no routes, and
// aren't checked.
//
// Exceptions are routes that are public on purpose or guarded in other ways, and that can't have [Guard.Open] because
// other packages register them: a path as Gin lists it ("/metrics"), a method and a path ("GET /metrics"), or
// everything below a path ("/debug/pprof/*").
func (r *Router) Check(exceptions ...string) error {
	unguarded, readable := r.unguarded()
	unguarded = slices.DeleteFunc(unguarded, func(info gin.RouteInfo) bool {
		return slices.ContainsFunc(exceptions, func(exception string) bool { return excepts(exception, info) })
	})
	if len(unguarded) == 0 {
		return nil
	}
	var b strings.Builder
	if !readable {
		b.WriteString("the guards of the routes can't be checked: " + unreadable + "\n")
	}
	b.WriteString("these routes have no guard, so everybody may call them, signed in or not:\n")
	for _, info := range unguarded {
		fmt.Fprintf(&b, "  %s %s\n", info.Method, info.Path)
	}
	b.WriteString("Give each one Require, RequireAny, RequireFunc or RequireRoute before its handler, itself or by its group, or " +
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
