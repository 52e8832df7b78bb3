package guard

import (
	"net/http"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

// Refuse answers a request that a decision denied: 401 if there is no user, 503 if the policy is older
// than [authz.Options.MaxAge], and 403 otherwise. It records the denial of a 403. The answer, the
// record and a later explanation all speak of the policy of the decision. With [Options.Refuse] the host
// writes the answer.
//
// The middlewares call Refuse. Call it from a handler that decides itself, with [authz.Engine.Decide].
func (g *Guard) Refuse(w http.ResponseWriter, r *http.Request, d authz.Decision) {
	g.answer(w, r, g.refusalOf(d, r.Method, g.options.Route(r)))
}

// refusalOf returns why a decision denied, and records the denial of a [RefusedForbidden].
func (g *Guard) refusalOf(d authz.Decision, method, route string) Refusal {
	switch {
	case d.User == "":
		return Refusal{Kind: RefusedAnonymous}
	case d.Expired:
		return Refusal{Kind: RefusedExpired, User: d.User}
	}
	return g.forbidden(d, method, route)
}

// answer writes a refusal: as the host likes, or as a page or JSON, as the request prefers. The headers that the
// refusal needs are there for each of them.
func (g *Guard) answer(w http.ResponseWriter, r *http.Request, f Refusal) {
	p, kind, texts := f.document(), refusalKinds[f.Kind], g.texts(r)
	f.Status, f.Method, f.Route, f.Detail = p.Status, r.Method, g.options.Route(r), kind.detail(texts, f)
	header := w.Header()
	if kind.withPage {
		header.Add("Vary", "Accept")
	}
	switch p.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", g.options.Challenge)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", problem.RetryAfter)
	}
	problem.Protect(header)
	if g.leaveToHost(w, r, f) {
		return
	}
	if kind.withPage && prefersHTML(r.Header.Values("Accept")) {
		g.page(r, p, f, texts).write(w, r)
		return
	}
	problem.Write(w, r, p)
}

// forbidden records the denial and says what the user lacks, as far as the host allows. Of the request
// the record has only the method and the pattern of the route.
func (g *Guard) forbidden(d authz.Decision, method, route string) Refusal {
	g.warn(method, route, d.Permissions)
	denial := g.engine.RecordDenial(d, method, route)
	f := Refusal{Kind: RefusedForbidden, User: d.User, DenialID: denial.ID, question: d.Question}
	if g.options.Tell == TellNothing {
		return f
	}
	if g.options.Tell == TellGroups {
		f.Groups = d.Groups()
	}
	f.Missing, f.ForbiddenBy, f.OneIsEnough = d.Missing(), d.ForbiddenBy(), d.OneIsEnough
	return f
}
