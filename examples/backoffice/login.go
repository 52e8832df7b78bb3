package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// login signs a user in, with JSON or a form. It returns the token in the body for programs and as a
// cookie for browsers.
func (a *app) login(c *gin.Context) {
	fields, ok := a.fields(c, "user", "password")
	if !ok {
		return
	}
	user := fields["user"]
	if !a.attempts.take(user) {
		c.Header("Retry-After", "60")
		problem(c, http.StatusTooManyRequests, "Too many failed sign-ins for this user. Try again in a minute.")
		return
	}
	right, err := a.users.check(c.Request.Context(), authz.UserID(user), fields["password"])
	if err != nil {
		a.fail(c, err)
		return
	}
	if !right {
		problem(c, http.StatusUnauthorized, "The user or the password is wrong.")
		return
	}
	a.attempts.giveBack(user)
	token, err := a.sessions.start(c.Request.Context(), authz.UserID(user))
	if err != nil {
		a.fail(c, err)
		return
	}
	setCookie(c, token, int(sessionLife.Seconds()))
	if prefersHTML(c.Request) {
		c.Redirect(http.StatusSeeOther, "/")
		return
	}
	c.JSON(http.StatusOK, gin.H{"token": token})
}

// logout ends the session. It is no error if there is none.
func (a *app) logout(c *gin.Context) {
	if token := tokenOf(c.Request); token != "" {
		if err := a.sessions.end(c.Request.Context(), token); err != nil {
			a.fail(c, err)
			return
		}
	}
	setCookie(c, "", -1)
	if prefersHTML(c.Request) {
		c.Redirect(http.StatusSeeOther, "/login")
		return
	}
	c.Status(http.StatusNoContent)
}

// setCookie hides the token from scripts and from requests by other sites. The cookie isn't Secure,
// because this example uses plain HTTP on the loopback; yours should be.
func setCookie(c *gin.Context, token string, maxAge int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: cookieName, Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (a *app) loginPage(c *gin.Context) {
	a.page(c, "login", nil)
}
