package api

import (
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
		p = g.forbidden(c, r)
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

// english are the words of the JSON, which is for programs and those who write them.
var english = English()

// forbidden puts a 403 on record, and says what the user lacks, as far as the host lets it. Of the
// request the record takes the method and the pattern of the route.
func (g *Guard) forbidden(c *gin.Context, r refusal) problem {
	view := g.engine.View()
	if view.Expired() {
		return problem{Type: problemStoreUnavailable, Detail: expiredDetail}
	}
	// The policy may have changed since the decision. Then less is missing than was, perhaps
	// nothing, and the next request will be decided by what is so now.
	denial := g.engine.RecordDenial(authz.Denial{
		User: r.user, Method: c.Request.Method, Route: c.FullPath(), Required: r.permissions, OneIsEnough: r.oneIsEnough,
	})
	p := problem{Type: problemForbidden, User: r.user, Detail: english.NotAllowed, DenialID: denial.ID}
	if g.options.Tell == TellNothing {
		return p
	}
	if g.options.Tell == TellGroups {
		p.Groups = r.groups(view)
	}
	for _, missing := range denial.Missing {
		e, _ := view.Entry(missing)
		p.Missing = append(p.Missing, missingPermission{authz.Pattern(missing), e.Label, e.Category})
	}
	p.Detail = english.needed(len(p.Missing), r.oneIsEnough)
	return p
}
