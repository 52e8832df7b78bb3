package guard

import (
	"net/http"

	"github.com/rightful-go/rightful/api/internal/routename"
)

// Clients can invent methods, as long as a server reads, and a pattern of net/http without a method takes any. Nothing that
// outlives a request depends on an invented one: no permission, and no line of the log.

// isStandard reports whether net/http defines a method.
func isStandard(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// methodOf returns the method of the permission that a route has for requests with a method. It returns false if it has
// none: net/http doesn't define the method, the pattern names none, and the catalog doesn't declare the permission.
func (g *Guard) methodOf(method, pattern string) (string, bool) {
	if isStandard(method) {
		return method, true
	}
	if named, _ := routename.Split("", pattern); named != "" {
		return named, true
	}
	return method, g.lists(RoutePermission(method, pattern))
}

// subject returns what a line of the log about a route and a method is about, for [lograte.Logger].
func subject(method, route string) string {
	if isStandard(method) {
		return method + route
	}
	return route
}

// maxLogged bounds how much is logged of a text that may come from the client.
const maxLogged = 200 // bytes

func clip[T ~string](text T) T { return text[:min(len(text), maxLogged)] }
