package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// refuse answers with a 401 or a 403, as JSON or as a page. Past [authz.Options.MaxAge] it is a
// 503: what the user may do nobody knows.
func (g *Guard) refuse(c *gin.Context, d authz.Decision) {
	if c.IsAborted() || c.Writer.Written() { // CurrentUser has answered, or it is too late to
		c.Abort()
		return
	}
	p := problem{Type: problemUnauthenticated, Detail: "Sign in first."}
	if d.User != "" {
		p = g.forbidden(c, d)
	}
	p = p.complete()
	header := c.Writer.Header()
	header.Add("Vary", "Accept")
	switch p.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", g.options.Challenge)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", retryAfter)
	}
	if prefersHTML(c.Request.Header.Values("Accept")) {
		g.page(c, p, d.OneIsEnough).write(c)
		return
	}
	writeProblem(c, p)
}

// english are the words of the JSON, which is for programs and those who write them.
var english = English()

// forbidden records the denial and says what the user lacks, as far as the host allows. Both speak of
// the policy that the decision was made by. Of the request, the record holds the method and the
// pattern of the route.
func (g *Guard) forbidden(c *gin.Context, d authz.Decision) problem {
	if d.Expired {
		return problem{Type: problemStoreUnavailable, Detail: expiredDetail}
	}
	denial := g.engine.RecordDenial(d, c.Request.Method, c.FullPath())
	p := problem{Type: problemForbidden, User: d.User, Detail: english.NotAllowed, DenialID: denial.ID}
	if g.options.Tell == TellNothing {
		return p
	}
	if g.options.Tell == TellGroups {
		p.Groups = d.Groups()
	}
	for _, e := range d.Missing() {
		p.Missing = append(p.Missing, missingPermission{authz.Pattern(e.Permission), e.Label, e.Category})
	}
	p.Detail = english.needed(len(p.Missing), d.OneIsEnough)
	return p
}
