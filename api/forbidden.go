package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// refusal is a request that a guard doesn't let through: whose it is, and what they would
// have needed.
type refusal struct {
	user        authz.UserID
	permissions []authz.Permission
	oneIsEnough bool
}

// maxGroupsTold is how many ways a 403 names.
const maxGroupsTold = 10

// groups lists the groups that would do, the fewest, in every way with so few.
func (r refusal) groups(view *authz.View) [][]authz.GroupName {
	if !r.oneIsEnough {
		return view.Joins(r.user, r.permissions...)
	}
	var list [][]authz.GroupName
	for _, p := range r.permissions {
		for _, joins := range view.Joins(r.user, p) {
			known := slices.ContainsFunc(list, func(have []authz.GroupName) bool { return slices.Equal(have, joins) })
			if !known && len(list) < maxGroupsTold {
				list = append(list, joins)
			}
		}
	}
	return list
}

// refuse answers with a 401 or a 403, as JSON or as a page. Past [authz.Options.MaxAge] it is a
// 503: what the user may do nobody knows.
func (g *Guard) refuse(c *gin.Context, r refusal) {
	if c.IsAborted() || c.Writer.Written() { // CurrentUser has answered, or it is too late to
		c.Abort()
		return
	}
	p := problem{Type: problemUnauthenticated, Detail: "Sign in first."}
	if r.user != "" {
		p = g.forbidden(r)
	}
	if p.Type == problemForbidden {
		p.DenialID = g.record(c, r)
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
		g.page(c, p, r).write(c)
		return
	}
	writeProblem(c, p)
}

// record puts a 403 on record and returns its id, "" where there are too many to record this
// one. Of the request it takes the method and the pattern of the route.
func (g *Guard) record(c *gin.Context, r refusal) authz.DenialID {
	return g.engine.RecordDenial(authz.Denial{
		User: r.user, Method: c.Request.Method, Route: c.FullPath(), Required: r.permissions, OneIsEnough: r.oneIsEnough,
	}).ID
}

// forbidden says what the user lacks, as far as the host lets it.
func (g *Guard) forbidden(r refusal) problem {
	view := g.engine.View()
	if view.Expired() {
		return problem{Type: problemStoreUnavailable, Detail: expiredDetail}
	}
	p := problem{Type: problemForbidden, User: r.user, Detail: "You may not do this."}
	if g.options.Tell == TellNothing {
		return p
	}
	if g.options.Tell == TellGroups {
		p.Groups = r.groups(view)
	}
	// The policy may have changed since the decision. Then less is missing than was, perhaps
	// nothing, and the next request will be decided by what is so now.
	for _, m := range view.Explain(r.user, r.permissions...).Missing() {
		p.Missing = append(p.Missing, missingPermission{authz.Pattern(m.Permission), m.Label, m.Category})
	}
	switch n := len(p.Missing); {
	case n == 1:
		p.Detail = "You need 1 more permission to do this."
	case n > 1 && r.oneIsEnough:
		p.Detail = "You need one of these permissions to do this."
	case n > 1:
		p.Detail = fmt.Sprintf("You need %d more permissions to do this.", n)
	}
	return p
}
