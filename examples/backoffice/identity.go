package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

const cookieName = "backoffice_session"

// identity is who is signed in on a request, found out once and carried in its context.
type identity struct {
	user authz.UserID // empty: nobody
	err  error        // it could not be found out
}

type identityKey struct{}

// identify is the middleware that finds out who is signed in.
func (a *app) identify(c *gin.Context) {
	var who identity
	if token := tokenOf(c.Request); token != "" {
		who.user, who.err = a.sessions.user(c.Request.Context(), token)
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), identityKey{}, who))
}

// tokenOf returns the session token that a request brings. A header is the caller's own doing
// and goes before the cookie that a browser adds by itself: one that is wrong isn't made good.
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

// currentUser is what the guard and the REST interface ask. Where the sessions can't be read
// it answers itself: a 401 would tell people to sign in again, which wouldn't help.
func (a *app) currentUser(c *gin.Context) authz.UserID {
	who := identityOf(c)
	if who.err != nil {
		a.fail(c, who.err)
	}
	return who.user
}
