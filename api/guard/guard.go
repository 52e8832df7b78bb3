package api

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// Guard makes the middlewares that let a request through to its handler when the user signed
// in on it holds the permissions that the route needs. Guard routes by permissions that you
// name: what a request's path looks like plays no part.
//
//	guard := api.NewGuard(engine, currentUser)
//	r.GET("/settings", guard.Require("system.settings:view"), showSettings)
//
// Nobody signed in gets a 401, whoever lacks a permission a 403 that says which, both as JSON
// (RFC 9457) or as a page, whichever the request prefers; past [authz.Options.MaxAge] all that are
// signed in get a 503. Decisions are by the policy of the
// moment, so that a change counts on the next request. [Guard.Router] finds the routes that
// nobody guarded.
type Guard struct {
	engine      *authz.Engine
	currentUser CurrentUser
	options     GuardOptions
	log         *slog.Logger

	hasCatalog bool     // of the application's own
	logged     sync.Map // permissions that the catalog lacks: each is told of once
}

// GuardOptions configure a guard. Every zero value is useful.
type GuardOptions struct {
	// Tell is how much whoever is refused learns; [TellMissing] when zero.
	Tell Tell

	// Challenge is the WWW-Authenticate header of a 401 (RFC 9110 section 11.6.1); "Bearer"
	// when empty.
	Challenge string

	// SignIn is where the page of a 401 sends people to sign in: a path, or an http or https
	// address. Without one the page has no link.
	SignIn string

	// Texts are the languages that the pages can be in, the first for whoever reads none of them.
	// [English] when empty; [German] is there as well, and others can be made.
	Texts []Texts

	// Language tells in which languages whoever asks reads, in the form of an Accept-Language
	// header (RFC 9110 section 12.5.4), such as "de-AT" or "fr, en;q=0.5". Without it that header
	// of the request does.
	Language func(c *gin.Context) string

	// Logger is told of permissions that the catalog lacks and of functions given to
	// RequireFunc that fail. Without one, [slog.Default].
	Logger *slog.Logger
}

// Tell is how much a 403 says.
type Tell int

const (
	// TellMissing names the permissions that the user lacks.
	TellMissing Tell = iota
	// TellNothing says only that it is forbidden, and to whom.
	TellNothing
	// TellGroups names the permissions and the groups that would do: the fewest, in at most ten
	// ways. Whoever is denied anything learns the names of groups by it. To find them takes some
	// tenths of a millisecond, and some tens of milliseconds where hundreds of groups would do.
	TellGroups
)

// NewGuard returns a guard with the usual options.
func NewGuard(engine *authz.Engine, currentUser CurrentUser) *Guard {
	return NewGuardWith(engine, currentUser, GuardOptions{})
}

// NewGuardWith returns a guard. It panics when it is given no engine, no function, or options
// that could never work: guards are made once, as the application starts.
func NewGuardWith(engine *authz.Engine, currentUser CurrentUser, options GuardOptions) *Guard {
	if engine == nil || currentUser == nil {
		panic("api: a guard needs an engine, and a function that tells who is signed in")
	}
	if err := options.check(); err != nil {
		panic("api: the guard can't be made: " + err.Error())
	}
	if options.Challenge == "" {
		options.Challenge = defaultChallenge
	}
	if len(options.Texts) == 0 {
		options.Texts = []Texts{English()}
	}
	g := &Guard{engine: engine, currentUser: currentUser, options: options, log: options.Logger}
	if g.log == nil {
		g.log = slog.Default()
	}
	g.hasCatalog = slices.ContainsFunc(engine.View().Catalog(nil, ""), func(e authz.Entry) bool {
		return !strings.HasPrefix(string(e.Permission), "rightful.")
	})
	return g
}

func (o GuardOptions) check() error {
	if o.Tell < TellMissing || o.Tell > TellGroups {
		return fmt.Errorf("there is no Tell %d", o.Tell)
	}
	if strings.ContainsFunc(o.Challenge, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the Challenge %q is no header value", o.Challenge)
	}
	for _, t := range o.Texts {
		if err := t.check(); err != nil {
			return err
		}
	}
	if u, err := url.Parse(o.SignIn); err != nil || !slices.Contains([]string{"", "http", "https"}, u.Scheme) {
		return fmt.Errorf("SignIn %q is neither a path nor an http or https address", o.SignIn)
	}
	return nil
}

// Require lets a request through when its user holds every one of the permissions.
//
// It panics when it is given none, one that isn't of the form "object:action", or a pattern:
// a guard that asks for "clients.*:view" asks for nothing that anybody could tell. One that
// the catalog lacks is logged, as nobody can pick it for a group.
func (g *Guard) Require(permissions ...authz.Permission) gin.HandlerFunc {
	return (&requirement{g, g.checked("Require", permissions)}).all
}

// RequireAny lets a request through when its user holds at least one of the permissions. It
// panics and logs as [Guard.Require] does.
func (g *Guard) RequireAny(permissions ...authz.Permission) gin.HandlerFunc {
	return (&requirement{g, g.checked("RequireAny", permissions)}).one
}

// RequireFunc lets a request through when its user holds every one of the permissions that
// the function returns, for routes whose permissions follow from what the request is about.
// The function isn't called when nobody is signed in. On no permission, a malformed one or a
// pattern the user gets a 403, an administrator too; on an error, a 500 whose reason only the
// log has.
//
// Where there is nothing to decide about, such as a record that doesn't exist, let the
// function answer the request itself, with a 404 for example, or abort it. The guard then
// adds nothing and lets nothing through. What the function must not do is call Next: the
// handler would run before anything is decided.
func (g *Guard) RequireFunc(permissions func(*gin.Context) ([]authz.Permission, error)) gin.HandlerFunc {
	if permissions == nil {
		panic("api: RequireFunc was given no function")
	}
	return (&computed{g, permissions}).all
}

// checked returns a copy of the permissions that a guard was given: what the caller does to
// its slice afterwards changes no guard.
func (g *Guard) checked(method string, permissions []authz.Permission) []authz.Permission {
	if len(permissions) == 0 {
		panic(fmt.Sprintf("api: %s was given no permission; name what the route needs, "+
			"or use Open where everybody may call it", method))
	}
	for _, p := range permissions {
		if err := p.Check(); err != nil {
			panic(fmt.Sprintf(`api: %s(%q): the permission %v; name each permission that the route needs `+
				`as the catalog declares it, such as "clients.profiles:view"`, method, p, err))
		}
		if !g.declares(p) {
			if _, before := g.logged.LoadOrStore(p, true); !before {
				g.log.Warn("a route needs a permission that the catalog doesn't declare", "permission", p)
			}
		}
	}
	return slices.Clone(permissions)
}

// declares reports whether the catalog lists p, or lists "TYPE:action" where p is
// "TYPE.ID:action". Without a catalog every permission will do.
func (g *Guard) declares(p authz.Permission) bool {
	view := g.engine.View()
	_, listed := view.Entry(p)
	if listed || !g.hasCatalog {
		return true
	}
	object, action, _ := p.Split()
	if i := strings.LastIndexByte(object, '.'); i > 0 && !strings.Contains(object[i:], "/") {
		_, listed = view.Entry(authz.Permission(object[:i] + ":" + action))
	}
	return listed
}
