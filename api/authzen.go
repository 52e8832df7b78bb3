package api

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// AuthZEN configures [MountAuthZEN]. Every zero value is useful.
type AuthZEN struct {
	// PolicyDecisionPoint is the identifier under which services know this one, such as
	// "https://pdp.example.com" or "https://pdp.example.com/tenant1": an https address, or an
	// http address of the loopback, without a query, a fragment and a slash at its end. The
	// addresses in the metadata begin with it and never with what a request calls the host.
	// Without it no metadata is published.
	PolicyDecisionPoint string

	// Resources lists the resources that there are, for the search of resources. Without it
	// that search is a 404, and the metadata doesn't name it.
	Resources ResourceLister
}

// MountAuthZEN puts the OpenID AuthZEN Authorization API 1.0 below r, by which other services
// ask for decisions: the operations of openapi.yaml below /access/v1, and the metadata.
//
//	api.MountAuthZEN(r, engine, currentUser, api.AuthZEN{PolicyDecisionPoint: "https://pdp.example.com"})
//
// Where the identifier has a path, such as /tenant1, the operations are below
// /tenant1/access/v1 and the metadata is at /.well-known/authzen-configuration/tenant1, as
// section 9.2 of the specification has it. So r is the host's engine, or a group of it that has
// middlewares and no path of its own.
//
// The caller needs [authz.EvaluateDecisions], which lets it ask anything about anyone. The
// metadata is open to all.
//
// It returns an error, and registers nothing, when the identifier can't be used. It panics when
// engine or currentUser is nil or when r has a path.
func MountAuthZEN(r gin.IRouter, engine *authz.Engine, currentUser CurrentUser, options AuthZEN) error {
	if engine == nil || currentUser == nil {
		panic("api: MountAuthZEN needs an engine and a way to tell who is calling")
	}
	if group, ok := r.(interface{ BasePath() string }); ok && group.BasePath() != "/" {
		panic("api: MountAuthZEN takes a router without a path: the identifier says where things are")
	}
	path, err := pathOfIdentifier(options.PolicyDecisionPoint)
	if err != nil {
		return fmt.Errorf("the policy decision point %q: %w", options.PolicyDecisionPoint, err)
	}
	z := &authZEN{options}
	m := &mounted{engine: engine, currentUser: currentUser}
	m.router = m.newRouter(z.operations(path), echoRequestID)
	anyMethod(r, path+"/access/v1/*path", m.serveWhole)
	if options.PolicyDecisionPoint != "" {
		anyMethod(r, metadataPath+path, m.serveWhole)
	}
	return nil
}

// authZEN answers by its options.
type authZEN struct{ AuthZEN }

const (
	evaluationPath     = "/access/v1/evaluation"
	evaluationsPath    = "/access/v1/evaluations"
	searchSubjectPath  = "/access/v1/search/subject"
	searchActionPath   = "/access/v1/search/action"
	searchResourcePath = "/access/v1/search/resource"
	metadataPath       = "/.well-known/authzen-configuration"
)

// askBody is JSON of which another content type is a 400 (section 10.1 and the certification).
var askBody = media{[]string{"application/json"}, 1 << 20, problemMalformedRequest}

// operations is all of AuthZEN for an identifier with this path. They are in openapi.yaml, for
// one without; a test holds the two together.
func (z *authZEN) operations(path string) []operation {
	evaluating := holding(authz.EvaluateDecisions)
	return []operation{
		{http.MethodPost, path + evaluationPath, evaluating, "", askBody, noMatch, identified(evaluate)},
		{http.MethodPost, path + evaluationsPath, evaluating, "", askBody, noMatch, identified(evaluateAll)},
		{http.MethodPost, path + searchSubjectPath, evaluating, "", askBody, noMatch, identified(searchSubjects)},
		{http.MethodPost, path + searchActionPath, evaluating, "", askBody, noMatch, identified(searchActions)},
		{http.MethodPost, path + searchResourcePath, evaluating, "", askBody, noMatch, identified(z.searchResources)},
		{http.MethodGet, metadataPath + path, nil, "", noBody, noMatch, identified(z.metadata)},
	}
}

// plainPath is a path that every router takes as it is: without escapes and without what ours
// would read as parameters.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$`)

// pathOfIdentifier checks the identifier of a policy decision point and returns its path.
func pathOfIdentifier(identifier string) (string, error) {
	if identifier == "" {
		return "", nil
	}
	at, err := url.Parse(identifier)
	switch {
	case err != nil:
		return "", fmt.Errorf("is no address: %w", err)
	case at.Host == "" || at.Hostname() == "" || at.User != nil || at.Opaque != "":
		return "", fmt.Errorf("must be of the form https://HOST or https://HOST/PATH")
	case at.Scheme != "https" && !(at.Scheme == "http" && isLoopback(at.Hostname())):
		return "", fmt.Errorf("must begin with https://; http is for the loopback alone")
	case strings.ContainsAny(identifier, "?#"):
		return "", fmt.Errorf("must have no query and no fragment")
	case !plainPath.MatchString(at.EscapedPath()):
		return "", fmt.Errorf("must have a path of letters, digits and . _ ~ - or none, and no slash at the end")
	}
	return at.Path, nil
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
