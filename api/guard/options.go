package guard

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/internal/problem"
)

// Options configure a guard. Every zero value is useful.
type Options struct {
	// Tell controls how much a 403 reveals; the default is [TellMissing].
	Tell Tell

	// Challenge is the WWW-Authenticate header of a 401 (RFC 9110 section 11.6.1); the default is
	// "Bearer".
	Challenge string

	// SignIn is the link on the page of a 401: a path, or an http or https address. If it is empty, the
	// page has no link.
	SignIn string

	// Home is the link on the page of a 403 that leads back into the application: a path, or an http or
	// https address. If it is empty, the page has no such link.
	Home string

	// Console is where package console is mounted: a path, or an http or https address. The page of a 403 links the
	// explanation of the denial there, which needs the permissions of an administrator. If it is empty, or if the denial
	// isn't recorded, the page has no such link.
	Console string

	// API is the path at which the administrators' interface is mounted, as browsers see it: with api.Mount at
	// "/api/v1" that path. With it, the page of a 403 has a form that asks for access, and shows what became of the
	// request. The form is a POST to API + "/access-requests" by the signed-in user: protect it from other sites as you
	// protect your own forms, see FormFields. If API is empty, or if the engine takes no requests (see
	// [authz.RequestOptions]), the page has a text to send instead.
	//
	// What became of a request is read from the store, once for each such page and for 250 ms at most.
	API string

	// FormFields returns hidden fields of the form, by name: those that your protection from forged requests needs,
	// such as its token. They are HTML-escaped. If it is nil, the form has none, which is right where the protection
	// looks at headers or cookies alone, as [http.CrossOriginProtection] does. A field named "return" replaces the
	// path that the form leads to: the refused page, or one's own requests in the Console if the page can't be loaded
	// again.
	FormFields func(*http.Request) map[string]string

	// Texts are the languages of the pages. The first is the default for readers of none of them. If it
	// is empty, pages are in [English] and [German], and in English by default; hosts can add others.
	Texts []Texts

	// Language returns the languages that the user reads, in the form of an Accept-Language header
	// (RFC 9110 section 12.5.4), such as "de-AT" or "fr, en;q=0.5". If it is nil, the header of the
	// request is used.
	Language func(*http.Request) string

	// Route returns the pattern of the route that a request has matched, such as "/requests/{id}". It is
	// recorded with a denial, in place of the path. If it is nil, the path of [http.Request.Pattern] is
	// used, which net/http's ServeMux and some other routers set.
	Route func(*http.Request) string

	// Refuse, if it is set, writes the answer to a request that the guard refuses, for a host whose front end has
	// error bodies of its own. It may choose any status and body. WWW-Authenticate, Retry-After, Vary,
	// Cache-Control and X-Content-Type-Options are set when it is called. If it writes nothing, the guard answers
	// as it does without Refuse, so that a host can leave pages to the guard, for example. A request that is
	// refused never reaches its handler, whatever the function does.
	Refuse func(http.ResponseWriter, *http.Request, Refusal)

	// Logger receives permissions that the catalog lacks, and errors of CurrentUser and of functions
	// given to RequireFunc. The default is [slog.Default].
	Logger *slog.Logger
}

// Tell is how much a 403 reveals.
type Tell int

const (
	// TellMissing lists the permissions that the user lacks.
	TellMissing Tell = iota
	// TellNothing shows only the user and the id of the denial. An engine that takes access requests needs
	// [authz.RequestOptions.Conceal] with it, or the request would tell its user what the denial conceals.
	TellNothing
	// TellGroups lists the missing permissions, and the smallest sets of groups that would grant them, at
	// most ten. It reveals names of groups to everybody who is refused. Finding them takes some tenths of
	// a millisecond, or some milliseconds if there are hundreds of such groups.
	TellGroups
)

// Check returns an error if [New] would panic on the options.
func (o Options) Check() error {
	if o.Tell < TellMissing || o.Tell > TellGroups {
		return fmt.Errorf("the option Tell is %d; use TellMissing, TellNothing or TellGroups", o.Tell)
	}
	if strings.ContainsFunc(o.Challenge, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the option Challenge %q is not a header value; use printable ASCII", o.Challenge)
	}
	for _, t := range o.Texts {
		if err := t.check(); err != nil {
			return fmt.Errorf("the option Texts: %w", err)
		}
	}
	for _, option := range []struct{ name, link string }{{"SignIn", o.SignIn}, {"Home", o.Home}, {"Console", o.Console}} {
		if u, err := url.Parse(option.link); err != nil || !slices.Contains([]string{"", "http", "https"}, u.Scheme) {
			return fmt.Errorf("the option %s %q is neither a path nor an http or https address", option.name, option.link)
		}
	}
	if o.API != "" && (!strings.HasPrefix(o.API, "/") || strings.HasPrefix(o.API, "//") || strings.ContainsAny(o.API, `?#\`)) {
		return fmt.Errorf("the option API %q is not a path, such as /api/v1", o.API)
	}
	if strings.Contains(o.Console, "#") {
		return fmt.Errorf("the option Console %q has a fragment", o.Console)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Challenge == "" {
		o.Challenge = problem.DefaultChallenge
	}
	if len(o.Texts) == 0 {
		o.Texts = []Texts{English(), German()}
	}
	if o.Language == nil {
		o.Language = acceptLanguage
	}
	if o.Route == nil {
		o.Route = patternPath
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func acceptLanguage(r *http.Request) string {
	return strings.Join(r.Header.Values("Accept-Language"), ",")
}

// patternPath returns the pattern of a request without the method that net/http puts before it.
func patternPath(r *http.Request) string {
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		return strings.TrimLeft(path, " \t")
	}
	return r.Pattern
}
