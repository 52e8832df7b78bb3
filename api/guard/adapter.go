package guard

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// The methods in this file are for adapters to other frameworks, as package ginguard is, and for
// handlers that decide about a request themselves.

// Decide decides whether a user holds all of the permissions, as [authz.Engine.Decide] does, but it
// denies malformed permissions and patterns: those could only be held by chance, through a wildcard.
func (g *Guard) Decide(user authz.UserID, permissions []authz.Permission) authz.Decision {
	q := authz.Question{User: user, Permissions: permissions}
	if slices.ContainsFunc(permissions, isMalformed) {
		q.Permissions = nil // which is denied, and counted as such
	}
	d := g.engine.Decide(q)
	d.Permissions = permissions
	if !d.Allowed && user != "" && len(q.Permissions) > 0 {
		g.noteUndeclaredOfRequest(permissions)
	}
	return d
}

// noteUndeclaredOfRequest logs a permission that the catalog lacks. It may be made from what a client sent, so there is one
// line a minute for all of them. Those of routes, which begin with "/", are logged by RequireRoute.
func (g *Guard) noteUndeclaredOfRequest(permissions []authz.Permission) {
	for _, p := range permissions {
		if !strings.HasPrefix(string(p), "/") && !g.declares(p) {
			g.limited.Warn(context.Background(), "", "a route needs a permission that the catalog doesn't declare", "permission", clip(p))
			return
		}
	}
}

func isMalformed(p authz.Permission) bool { return wellFormed(p) != nil }

// Fail answers a request whose permissions can't be established: 404 for [ErrNotFound], and 500 for
// any other error, which is logged, once a minute for each route.
func (g *Guard) Fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrNotFound) {
		g.answer(w, r, Refusal{Kind: RefusedNotFound})
		return
	}
	route := g.options.Route(r)
	g.limited.Failed(r.Context(), subject(r.Method, route), "can't find out which permissions a request needs",
		"method", clip(r.Method), "route", route, "error", err)
	g.answer(w, r, Refusal{Kind: RefusedFailed})
}

// Unidentified answers a request whose user can't be established, and logs why, once a minute: 503, because the identity
// usually comes from a server that is away. It has the form of the error functions of session managers.
func (g *Guard) Unidentified(w http.ResponseWriter, r *http.Request, err error) {
	g.limited.Failed(r.Context(), "", "can't find out who is signed in", "method", clip(r.Method), "route", g.options.Route(r), "error", err)
	g.answer(w, r, Refusal{Kind: RefusedUnidentified})
}

// Refusal returns why a decision denied a call, with its detail in English, for servers of other protocols than HTTP. Like
// [Guard.Refuse] it records the denial of a [RefusedForbidden], under the method and route given.
func (g *Guard) Refusal(d authz.Decision, method, route string) Refusal {
	f := g.refusalOf(d, method, route)
	p := f.document()
	f.Status, f.Method, f.Route, f.Detail = p.Status, method, route, p.Detail
	return f
}

// warn logs if a request was denied because its route asks for nothing that anybody could hold.
func (g *Guard) warn(method, route string, permissions []authz.Permission) {
	if len(permissions) == 0 {
		g.limited.Warn(context.Background(), subject(method, route), "a route asked for no permission, so its request was denied",
			"method", clip(method), "route", route)
	}
	for _, p := range permissions {
		if err := wellFormed(p); err != nil {
			g.limited.Warn(context.Background(), subject(method, route), "a route asked for a malformed permission, so its request was denied",
				"method", clip(method), "route", route, "permission", clip(p), "error", err)
			return
		}
	}
}

func wellFormed(p authz.Permission) error {
	if isPlain(p) {
		return nil
	}
	return p.Check()
}

// isPlain reports whether p is obviously well-formed: of ASCII letters, digits, "_", "-", and in the object ":", "{"
// and "}" between separators, as nearly all permissions are. Only others need the full check on every request.
func isPlain(p authz.Permission) bool {
	object, action, ok := p.Split()
	if !ok || len(object) > 100 || len(action) > 100 || strings.HasPrefix(object, "rightful.") {
		return false
	}
	object = strings.TrimPrefix(object, "/")
	segment := false // has begun
	for i := range len(object) {
		switch {
		case isWord(object[i]) || object[i] == ':' || object[i] == '{' || object[i] == '}':
			segment = true
		case segment && (object[i] == '.' || object[i] == '/'):
			segment = false
		default:
			return false
		}
	}
	for i := range len(action) {
		if !isWord(action[i]) {
			return false
		}
	}
	return segment
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
