package api

import (
	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// CurrentUser returns the user that the host has signed in, from a session or a token, never from
// something that the client can forge. It returns "" for anonymous requests, which get 401.
//
// It is called for every request, so it should read what an earlier middleware has established. It may
// answer the request itself, for example with a redirect to a login page or a 503, then abort and
// return "". It must not call Next: the handler would run before the decision.
type CurrentUser = func(c *gin.Context) authz.UserID
