package api

import (
	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

// CurrentUser returns the user that the host has signed in, from a session or a token, never from
// something that the client can forge. It returns "" for anonymous requests, which get 401.
//
// If the user can't be established, for example because the session store is away, it adds an error to the
// context, with [gin.Context.Error]: whatever it returns, the request gets 503, and the error is logged.
//
// It is called for every request, so it should read what an earlier middleware has established. It may
// answer the request itself, for example with a redirect to a login page, then abort and
// return "". It must not call Next: the handler would run before the decision.
type CurrentUser = func(c *gin.Context) authz.UserID

// identify returns the user of a request to the host, none for the operator's. If it returns false, the request
// is answered: there is no user, or it can't be established who it is.
func (m *mounted) identify(c, outer *gin.Context) (authz.UserID, bool) {
	if m.operator != nil {
		return "", true
	}
	before := len(outer.Errors)
	user := m.currentUser(outer)
	failed := len(outer.Errors) > before
	switch {
	case user != "" && !failed:
		return user, true
	case outer.IsAborted() || outer.Writer.Written():
		c.Abort()
	case failed:
		m.limited.Failed(c.Request.Context(), "", "api: can't find out who is signed in", "error", outer.Errors.Last().Err)
		c.Header("Retry-After", problem.RetryAfter)
		writeProblem(c, problem.Document{Type: problem.StoreUnavailable, Detail: problem.UnidentifiedDetail})
	default:
		writeProblem(c, problem.Document{Type: problem.Unauthenticated, Detail: problem.SignInFirst})
	}
	return "", false
}
