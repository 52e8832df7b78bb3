package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

const cookieName = "backoffice_session"

// identity is the user of a request. It is looked up once and carried in the request's context.
type identity struct {
	user authz.UserID // empty for an anonymous request
	err  error        // from the look-up
}

type identityKey struct{}

// identify is the middleware that looks up the user.
func (a *app) identify(c *gin.Context) {
	var who identity
	if token := tokenOf(c.Request); token != "" {
		who.user, who.err = a.sessions.user(c.Request.Context(), token)
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), identityKey{}, who))
}

// tokenOf returns the session token of a request. The header takes precedence over the cookie,
// which browsers add on their own: a valid cookie doesn't make up for an invalid header.
func tokenOf(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return ""
		}
		return strings.TrimSpace(token)
	}
	if cookie, err := r.Cookie(cookieName); err == nil {
		return cookie.Value
	}
	return ""
}

func identityOf(c *gin.Context) identity {
	who, _ := c.Request.Context().Value(identityKey{}).(identity)
	return who
}

// currentUser returns the user for the guard and the REST interface. If the sessions can't be read,
// it answers the request with 503: a 401 would ask people to sign in again, which wouldn't help.
func (a *app) currentUser(c *gin.Context) authz.UserID {
	who := identityOf(c)
	if who.err != nil {
		a.fail(c, who.err)
	}
	return who.user
}
