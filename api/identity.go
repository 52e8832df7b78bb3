package api

import (
	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// CurrentUser tells who is signed in on a request: the host's to answer, from its session or
// token, never from anything the client may simply claim. "" means nobody.
//
// It is called on every guarded request, so it should read what an earlier middleware has
// established rather than look it up. A host that would rather answer for itself, with a
// redirect to its sign-in for example, may write the answer, abort, and return "". It must not
// call Next: the handler would run before anything is decided.
type CurrentUser func(c *gin.Context) authz.UserID
