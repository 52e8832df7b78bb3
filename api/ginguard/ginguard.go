// Package ginguard is package guard for Gin: a request reaches its handler only if the signed-in user
// holds the permissions that the route needs.
//
// Start with [New]:
//
//	g := ginguard.New(engine, currentUser, guard.Options{})
//	r.GET("/settings", g.Require("system.settings:view"), showSettings)
//	r.POST("/requests/:id/approve", g.RequireFunc(permissionsOfRequest), approve)
//
// [Guard.Router] checks the routes, so that a host can refuse to start with an unguarded one. Package
// guard renders the refusals.
package ginguard

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/api/internal/routename"
	"github.com/rightful-go/rightful/authz"
)

// CurrentUser returns the user that the host has signed in, from a session or a token, never from
// something that the client can forge. It returns "" for anonymous requests, which get 401.
//
// If the user can't be established, for example because the session store is away, it adds an error to the
// context, with [gin.Context.Error]: whatever it returns, the request gets 503, and the error is logged.
// [FromRequest] does so for a function that returns an error.
//
// It is called for every guarded request, so it should read what an earlier middleware has
// established. It may answer the request itself, for example with a redirect to a login page; it must then
// abort and return "". It must not call Next: the handler would run before the decision.
type CurrentUser = func(*gin.Context) authz.UserID

// FromRequest makes a CurrentUser function, also for api.Mount, of one that reads the request alone, as
// package guard has them.
func FromRequest(currentUser guard.CurrentUser) CurrentUser {
	return func(c *gin.Context) authz.UserID {
		user, err := currentUser(c.Request)
		if err != nil {
			_ = c.Error(err) // it is the same error, to add more to
			return ""
		}
		return user
	}
}

// Guard makes Gin middlewares that let a request through to its handler if the signed-in user holds the
// permissions that the route needs. It decides and refuses as [guard.Guard] does, and records the
// pattern of Gin's route with a denial. A Guard is safe for concurrent use.
type Guard struct {
	engine      *authz.Engine
	currentUser CurrentUser
	guard       *guard.Guard
	routes      routename.Cache
}

// New returns a guard. It panics if engine or currentUser is nil, or if the options are invalid, see
// [guard.Options.Check].
//
// The functions of the options get a request from which [ContextOf] returns the Gin context. Unless
// Route is set, the route of a denial is [gin.Context.FullPath].
func New(engine *authz.Engine, currentUser CurrentUser, options guard.Options) *Guard {
	if engine == nil || currentUser == nil {
		panic("ginguard: New was given no engine or no CurrentUser function")
	}
	if options.Route == nil {
		options.Route = func(r *http.Request) string { return ContextOf(r).FullPath() }
	}
	identify := func(r *http.Request) (authz.UserID, error) { return currentUser(ContextOf(r)), nil }
	return &Guard{engine: engine, currentUser: currentUser, guard: guard.New(engine, identify, options)}
}

type contextKey struct{}

// requestOf returns Gin's request with its context, for package guard and the host's options.
func requestOf(c *gin.Context) *http.Request {
	return c.Request.WithContext(context.WithValue(c.Request.Context(), contextKey{}, c))
}

// ContextOf returns the Gin context of a request that a function of [guard.Options] gets. It panics for
// other requests.
func ContextOf(r *http.Request) *gin.Context { return r.Context().Value(contextKey{}).(*gin.Context) }

// Require returns a middleware that lets a request through if its user holds all of the permissions.
//
// Require panics if it is given no permission, a malformed one, or a pattern: to require
// "clients.*:view" doesn't say which permission is meant. A permission that the catalog doesn't declare
// is logged, because nobody can pick it for a group.
func (g *Guard) Require(permissions ...authz.Permission) gin.HandlerFunc {
	g.guard.Require(permissions...) // checks them
	return (&requirement{g, authz.Question{Permissions: clone(permissions)}}).handle
}

// RequireAny returns a middleware that lets a request through if its user holds at least one of the
// permissions. It panics and logs like [Guard.Require].
func (g *Guard) RequireAny(permissions ...authz.Permission) gin.HandlerFunc {
	g.guard.RequireAny(permissions...) // checks them
	return (&requirement{g, authz.Question{Permissions: clone(permissions), OneIsEnough: true}}).handle
}

// clone keeps later changes to the caller's slice from changing the guard.
func clone(permissions []authz.Permission) []authz.Permission {
	return append([]authz.Permission(nil), permissions...)
}

// RequireFunc returns a middleware that lets a request through if its user holds all of the permissions
// that the function returns, for routes whose permissions depend on the request. The function isn't
// called for anonymous requests. If it returns no permission, a malformed one or a pattern, every
// user gets 403, administrators included. If it returns [guard.ErrNotFound], the request gets 404; on
// any other error, which is logged, 500.
//
// The function may also answer the request itself, or abort it. The guard then adds nothing and lets
// nothing through. The function must not call Next: the handler would run before the decision.
//
// RequireFunc panics if the function is nil.
func (g *Guard) RequireFunc(permissions func(*gin.Context) ([]authz.Permission, error)) gin.HandlerFunc {
	if permissions == nil {
		panic("ginguard: RequireFunc was given no function")
	}
	return (&computed{g, permissions}).handle
}

// requirement is the permissions of one route, known at start. Its method is the middleware: it returns
// to let Gin call the next handler, and an allowed request costs no allocation.
type requirement struct {
	guard    *Guard
	question authz.Question // without its user
}

func (q *requirement) handle(c *gin.Context) {
	allowed := false
	// A panic must not allow either. It unwinds past this handler, and a recovery further out that
	// doesn't abort would let Gin call the next one.
	defer func() {
		if !allowed {
			c.Abort()
		}
	}()
	user, ok := q.guard.identify(c)
	if !ok {
		return
	}
	d := q.guard.engine.Decide(authz.Question{User: user, Permissions: q.question.Permissions, OneIsEnough: q.question.OneIsEnough})
	q.guard.decided(c, d)
	allowed = d.Allowed
}

// decided refuses the request that a decision denied, and records what an allowed one used.
func (g *Guard) decided(c *gin.Context, d authz.Decision) {
	if !d.Allowed {
		g.Refuse(c, d)
		return
	}
	g.engine.RecordUse(d)
}

// computed is the permissions of one route that depend on the request.
type computed struct {
	guard       *Guard
	permissions func(*gin.Context) ([]authz.Permission, error)
}

func (q *computed) handle(c *gin.Context) {
	allowed := false
	defer func() { // see requirement.handle
		if !allowed {
			c.Abort()
		}
	}()
	user, ok := q.guard.identify(c)
	if !ok {
		return
	}
	if user == "" { // anonymous callers can't probe for existence by a 404
		q.guard.Refuse(c, q.guard.engine.Decide(authz.Question{}))
		return
	}
	size := c.Writer.Size()
	permissions, err := q.permissions(c)
	switch {
	case c.IsAborted() || c.Writer.Size() != size: // the function has answered
	case err != nil:
		c.Abort()
		q.guard.guard.Fail(c.Writer, requestOf(c), err)
		c.Writer.WriteHeaderNow()
	default:
		d := q.guard.guard.Decide(user, permissions)
		q.guard.decided(c, d)
		allowed = d.Allowed
	}
}

// identify returns the user of a request. If the user can't be established, it answers and returns false.
func (g *Guard) identify(c *gin.Context) (authz.UserID, bool) {
	before := len(c.Errors)
	user := g.currentUser(c)
	if len(c.Errors) == before {
		return user, true
	}
	err := c.Errors.Last().Err
	g.answer(c, func(w http.ResponseWriter, r *http.Request) { g.guard.Unidentified(w, r, err) })
	return "", false
}

// Refuse aborts a request that a decision denied and answers it, see [guard.Guard.Refuse]. It adds
// nothing to a request that is aborted or answered already, by CurrentUser for example. The middlewares
// call Refuse. Call it from a handler that decides itself, with [authz.Engine.Decide].
func (g *Guard) Refuse(c *gin.Context, d authz.Decision) {
	g.answer(c, func(w http.ResponseWriter, r *http.Request) { g.guard.Refuse(w, r, d) })
}

// answer aborts a request and answers it, unless it is aborted or answered already.
func (*Guard) answer(c *gin.Context, with func(http.ResponseWriter, *http.Request)) {
	answered := c.IsAborted() || c.Writer.Written()
	c.Abort()
	if answered {
		return
	}
	with(c.Writer, requestOf(c))
	c.Writer.WriteHeaderNow()
}

// Open marks a route that everybody may call, signed in or not. It guards nothing: it is for
// [Router.Check], and for readers of the code.
func (g *Guard) Open() gin.HandlerFunc { return openToAll }

func openToAll(*gin.Context) {}
