package guard

import (
	"errors"
	"net/http"

	"github.com/rightful-go/rightful/authz"
)

// ErrNotFound is what a function given to [Guard.RequireFunc] returns, possibly wrapped, if there is
// nothing to decide about: the request gets 404.
var ErrNotFound = errors.New("nothing exists at this address")

// Require returns a middleware that lets a request through if its user holds all of the permissions.
//
// Require panics if it is given no permission, a malformed one, or a pattern: to require
// "clients.*:view" doesn't say which permission is meant. A permission that the catalog doesn't declare
// is logged, because nobody can pick it for a group.
func (g *Guard) Require(permissions ...authz.Permission) func(http.Handler) http.Handler {
	return g.static(authz.Question{Permissions: g.checked("Require", permissions)})
}

// RequireAny returns a middleware that lets a request through if its user holds at least one of the
// permissions. It panics and logs like [Guard.Require].
func (g *Guard) RequireAny(permissions ...authz.Permission) func(http.Handler) http.Handler {
	return g.static(authz.Question{Permissions: g.checked("RequireAny", permissions), OneIsEnough: true})
}

// static returns a middleware for permissions that are known at start. An allowed request costs no
// allocation, except for the first use of a day if those are recorded.
func (g *Guard) static(q authz.Question) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, err := g.currentUser(r)
			if err != nil {
				g.Unidentified(w, r, err)
				return
			}
			d := g.engine.Decide(authz.Question{User: user, Permissions: q.Permissions, OneIsEnough: q.OneIsEnough})
			if !d.Allowed {
				g.Refuse(w, r, d)
				return
			}
			g.engine.RecordUse(d)
			next.ServeHTTP(w, r)
		})
	}
}

// RequireFunc returns a middleware that lets a request through if its user holds all of the permissions
// that the function returns, for routes whose permissions depend on the request. The function isn't
// called for anonymous requests. If it returns no permission, a malformed one or a pattern, every
// user gets 403, administrators included. If it returns [ErrNotFound], the request gets 404; on any
// other error, which is logged, 500. If a user is refused and the catalog declares neither a permission nor its type, as
// "orders:approve" declares "orders.17:approve", that is logged.
//
// RequireFunc panics if the function is nil.
func (g *Guard) RequireFunc(permissions func(*http.Request) ([]authz.Permission, error)) func(http.Handler) http.Handler {
	if permissions == nil {
		panic("guard: RequireFunc was given no function")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, err := g.currentUser(r)
			switch {
			case err != nil:
				g.Unidentified(w, r, err)
				return
			case user == "": // anonymous callers can't probe for existence by a 404
				g.Refuse(w, r, g.engine.Decide(authz.Question{}))
				return
			}
			list, err := permissions(r)
			if err != nil {
				g.Fail(w, r, err)
				return
			}
			d := g.Decide(user, list)
			if !d.Allowed {
				g.Refuse(w, r, d)
				return
			}
			g.engine.RecordUse(d)
			next.ServeHTTP(w, r)
		})
	}
}

// Open returns a middleware that lets every request through, signed in or not. It guards nothing: it
// tells readers of the code that a route is public on purpose.
func (g *Guard) Open() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return next }
}
