package api

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/lograte"
)

// AuthZENOptions configure [MountAuthZEN]. Every zero value is useful.
type AuthZENOptions struct {
	// PolicyDecisionPoint is the identifier under which other services know this one, such as
	// "https://pdp.example.com" or "https://pdp.example.com/tenant1": an https address, or an http
	// address of the loopback interface, without query, fragment and trailing slash. The addresses in
	// the metadata begin with it, never with the Host header of a request. If it is empty, no metadata
	// is published.
	PolicyDecisionPoint string

	// Resources lists the host's resources for the resource search. If it is nil, that search is a 404,
	// and the metadata doesn't list it.
	Resources ResourceLister
}

// MountAuthZEN serves the OpenID AuthZEN Authorization API 1.0, with which other services ask for
// decisions: the operations of openapi.yaml below /access/v1, and the metadata.
//
//	err := api.MountAuthZEN(r, engine, currentUser, api.AuthZENOptions{PolicyDecisionPoint: "https://pdp.example.com"})
//
// If the identifier has a path, such as /tenant1, the operations are below /tenant1/access/v1 and the
// metadata is at /.well-known/authzen-configuration/tenant1 (section 9.2 of the specification). So r
// must be the host's engine, or a group of it without a path.
//
// The caller needs [authz.EvaluateDecisions], which allows any question about any user. The metadata
// is public.
//
// MountAuthZEN returns an error, and registers nothing, if r has a path or the identifier is invalid:
// the identifier usually comes from configuration. Like [Mount] it panics if engine or currentUser is
// nil.
func MountAuthZEN(r gin.IRouter, engine *authz.Engine, currentUser CurrentUser, options AuthZENOptions) error {
	if engine == nil || currentUser == nil {
		panic("api: MountAuthZEN was given no engine or no CurrentUser function")
	}
	if group, ok := r.(interface{ BasePath() string }); ok && group.BasePath() != "/" {
		return fmt.Errorf("api: MountAuthZEN was given a router with the path %q; it takes one without a path, "+
			"because PolicyDecisionPoint defines the paths", group.BasePath())
	}
	path, err := pathOfIdentifier(options.PolicyDecisionPoint)
	if err != nil {
		return fmt.Errorf("api: PolicyDecisionPoint %q %w", options.PolicyDecisionPoint, err)
	}
	z := &authZEN{options}
	m := &mounted{limited: &lograte.Logger{}, engine: engine, currentUser: currentUser}
	m.router = m.newRouter(z.operations(path), echoRequestID)
	anyMethod(r, path+"/access/v1/*path", m.serveWhole)
	if options.PolicyDecisionPoint != "" {
		anyMethod(r, metadataPath+path, m.serveWhole)
	}
	return nil
}

// authZEN has the handlers that depend on options.
type authZEN struct{ AuthZENOptions }

const (
	evaluationPath     = "/access/v1/evaluation"
	evaluationsPath    = "/access/v1/evaluations"
	searchSubjectPath  = "/access/v1/search/subject"
	searchActionPath   = "/access/v1/search/action"
	searchResourcePath = "/access/v1/search/resource"
	metadataPath       = "/.well-known/authzen-configuration"
)

// askBody is a JSON body. Another content type is a 400 (section 10.1 and the certification).
var askBody = media{[]string{"application/json"}, 1 << 20, problem.MalformedRequest}

// operations is the table of AuthZEN's operations for an identifier with this path. openapi.yaml has
// them without a path; a test compares the two.
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

// plainPath matches paths that every router takes literally: without escapes and without the
// characters that Gin reads as parameters.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$`)

// pathOfIdentifier validates the identifier of a policy decision point and returns its path.
func pathOfIdentifier(identifier string) (string, error) {
	if identifier == "" {
		return "", nil
	}
	at, err := url.Parse(identifier)
	switch {
	case err != nil:
		return "", fmt.Errorf("is not an address: %w", err)
	case at.Host == "" || at.Hostname() == "" || at.User != nil || at.Opaque != "":
		return "", fmt.Errorf("must be of the form https://HOST or https://HOST/PATH")
	case at.Scheme != "https" && !(at.Scheme == "http" && isLoopback(at.Hostname())):
		return "", fmt.Errorf("must begin with https://; http:// is allowed only for the loopback interface")
	case strings.ContainsAny(identifier, "?#"):
		return "", fmt.Errorf("must not have a query or a fragment")
	case !plainPath.MatchString(at.EscapedPath()):
		return "", fmt.Errorf("must have no path, or one of letters, digits and . _ ~ - without a trailing slash")
	}
	return at.Path, nil
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
