package guard

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/rightful-go/rightful/api/internal/routename"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/lograte"
)

// CurrentUser returns the user that the host has signed in, from a session or a token, never from
// something that the client can forge. It returns "" for anonymous requests, which get 401.
//
// An error means that the user can't be established, for example because the session store is away:
// the request gets 503, and the error is logged. CurrentUser is called for every guarded request, so
// it should read what an earlier middleware has established.
type CurrentUser = func(*http.Request) (authz.UserID, error)

// Guard makes middlewares that let a request through to its handler if the signed-in user holds the
// permissions that the route needs. Routes name permissions; the path of a request plays no part.
//
// Anonymous requests get 401. A user who lacks a permission gets 403, which says what is missing.
// Past [authz.Options.MaxAge] signed-in users get 503. Each request is decided by the present policy,
// so a change takes effect on the next request.
//
// With [authz.UsageOptions] on, the permissions of the requests that a guard lets through are recorded as used today.
//
// A Guard is safe for concurrent use.
type Guard struct {
	engine      *authz.Engine
	currentUser CurrentUser
	options     Options
	limited     *lograte.Logger // for what can happen with each request
	undeclared  *lograte.Logger // for permissions that the catalog lacks, which may be many

	asking       chan struct{} // has an element for each refusal that waits for the store
	hasCatalog   atomic.Bool   // see engineHasCatalog
	routes       routename.Cache
	routeIsGiven bool // by the host, in the options
}

// New returns a guard. It panics if engine or currentUser is nil, or if the options are invalid: guards
// are made at start. If your options come from configuration, call [Options.Check] first, which
// returns the same error. New panics as well on [TellNothing] if the engine takes access requests that tell
// more, see [authz.RequestOptions.Conceal].
func New(engine *authz.Engine, currentUser CurrentUser, options Options) *Guard {
	if engine == nil || currentUser == nil {
		panic("guard: New was given no engine or no CurrentUser function")
	}
	if err := options.Check(); err != nil {
		panic("guard: " + err.Error())
	}
	if requests := engine.Requests(); options.Tell == TellNothing && !requests.Off && !requests.Conceal {
		panic("guard: the option Tell is TellNothing, but an access request tells its user the permissions of a denial; " +
			"set Requests.Conceal in the options of the engine, or Requests.Off if it should take no requests")
	}
	g := &Guard{
		engine: engine, currentUser: currentUser, options: options.withDefaults(), routeIsGiven: options.Route != nil,
		asking: make(chan struct{}, askedAtOnce),
	}
	g.limited, g.undeclared = lograte.New(g.options.Logger), lograte.New(g.options.Logger)
	return g
}

// checked returns a copy of the permissions of a route, so that later changes to the caller's slice
// don't change the guard. It panics on none and on patterns.
func (g *Guard) checked(method string, permissions []authz.Permission) []authz.Permission {
	if len(permissions) == 0 {
		panic(fmt.Sprintf("guard: %s was given no permission; name what the route needs, "+
			"or use Open if everybody may call it", method))
	}
	for _, p := range permissions {
		if err := p.Check(); err != nil {
			panic(fmt.Sprintf(`guard: %s(%q): the permission %v; name each permission that the route needs `+
				`as the catalog declares it, such as "clients.profiles:view"`, method, p, err))
		}
		g.noteUndeclared(p)
	}
	return slices.Clone(permissions)
}

// noteUndeclared logs a permission that the catalog lacks.
func (g *Guard) noteUndeclared(p authz.Permission) {
	if !g.declares(p) {
		g.undeclared.Warn(context.Background(), string(p), "a route needs a permission that the catalog doesn't declare", "permission", p)
	}
}

// declares reports whether the catalog declares p, or "TYPE:action" if p is "TYPE.ID:action". Without
// a catalog every permission is declared.
func (g *Guard) declares(p authz.Permission) bool {
	if g.lists(p) {
		return true
	}
	object, action, _ := p.Split()
	if i := strings.LastIndexByte(object, '.'); i > 0 && !strings.Contains(object[i:], "/") &&
		g.lists(authz.Permission(object[:i]+":"+action)) {
		return true
	}
	return !g.engineHasCatalog()
}

// engineHasCatalog reports whether the host has given a catalog. It can replace it, but not take it away.
func (g *Guard) engineHasCatalog() bool {
	if !g.hasCatalog.Load() {
		g.hasCatalog.Store(slices.ContainsFunc(g.engine.View().Catalog(nil, ""), func(e authz.Entry) bool {
			return !strings.HasPrefix(string(e.Permission), "rightful.")
		}))
	}
	return g.hasCatalog.Load()
}

// lists reports whether the catalog has p itself.
func (g *Guard) lists(p authz.Permission) bool {
	return g.engine.View().Explain("", p).Permissions[0].Declared
}
