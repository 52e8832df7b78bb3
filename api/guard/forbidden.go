package guard

import (
	"net/http"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

// Refuse answers a request that a decision denied: 401 if there is no user, 503 if the policy is older
// than [authz.Options.MaxAge], and 403 otherwise. It records the denial of a 403. The answer, the
// record and a later explanation all speak of the policy of the decision.
//
// The middlewares call Refuse. Call it from a handler that decides itself, with [authz.Engine.Decide].
func (g *Guard) Refuse(w http.ResponseWriter, r *http.Request, d authz.Decision) {
	p := problem.Document{Type: problem.Unauthenticated, Detail: problem.SignInFirst}
	switch {
	case d.User == "":
	case d.Expired:
		p = problem.Document{Type: problem.StoreUnavailable, Detail: problem.ExpiredDetail}
	default:
		p = g.forbidden(r, d)
	}
	g.respond(w, r, p, d)
}

// respond writes a refusal as JSON or as a page, as the request prefers.
func (g *Guard) respond(w http.ResponseWriter, r *http.Request, p problem.Document, d authz.Decision) {
	p = p.Complete()
	header := w.Header()
	header.Add("Vary", "Accept")
	switch p.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", g.options.Challenge)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", problem.RetryAfter)
	}
	if prefersHTML(r.Header.Values("Accept")) {
		g.page(r, p, d.OneIsEnough).write(w, r)
		return
	}
	problem.Write(w, r, p)
}

// english has the texts of the JSON, which is for programs and their developers.
var english = English()

// forbidden records the denial and says what the user lacks, as far as the host allows. Of the request
// the record has only the method and the pattern of the route.
func (g *Guard) forbidden(r *http.Request, d authz.Decision) problem.Document {
	g.warn(r, d.Permissions)
	denial := g.engine.RecordDenial(d, r.Method, g.options.Route(r))
	p := problem.Document{Type: problem.Forbidden, User: d.User, Detail: english.NotAllowed, DenialID: denial.ID}
	if g.options.Tell == TellNothing {
		return p
	}
	if g.options.Tell == TellGroups {
		p.Groups = d.Groups()
	}
	for _, e := range d.Missing() {
		p.Missing = append(p.Missing, problem.Missing{Permission: authz.Pattern(e.Permission), Label: e.Label, Category: e.Category})
	}
	for _, f := range d.ForbiddenBy() {
		p.ForbiddenBy = append(p.ForbiddenBy, problem.Granted{Permission: f.Permission, Label: f.Label, Rule: f.Rule})
	}
	p.Detail = english.told(p, d.OneIsEnough)
	return p
}
