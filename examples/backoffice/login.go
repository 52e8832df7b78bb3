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
	address := c.RemoteIP() // of the connection, which no header can change
	if !a.attempts.take(user, address) {
		c.Header("Retry-After", "60")
		a.refuseSignIn(c, http.StatusTooManyRequests, user, "Too many failed sign-ins for this user from your address. Try again in a minute.")
		return
	}
	right, err := a.users.check(c.Request.Context(), authz.UserID(user), fields["password"])
	if err != nil {
		a.fail(c, err)
		return
	}
	if !right {
		a.refuseSignIn(c, http.StatusUnauthorized, user, "The user or the password is wrong.")
		return
	}
	a.attempts.giveBack(user, address)
	token, err := a.sessions.start(c.Request.Context(), authz.UserID(user))
	if err != nil {
		a.fail(c, err)
		return
	}
	setCookie(c, token, int(sessionLife.Seconds()))
	if prefersHTML(c.Request) {
		c.Header("Location", returnTo(c.Query("return"))) // as it is: gin would clean what follows its "#", too
		c.Status(http.StatusSeeOther)
		return
	}
	c.JSON(http.StatusOK, gin.H{"token": token})
}

// refuseSignIn answers a browser with the form, so that people can correct what they typed.
func (a *app) refuseSignIn(c *gin.Context, status int, user, detail string) {
	if !prefersHTML(c.Request) {
		a.problem(c, status, detail)
		return
	}
	if status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", "Bearer")
	}
	a.showSignIn(c, status, signInPage{Chosen: user, Fault: detail})
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
		c.Redirect(http.StatusSeeOther, "/login?done=signed-out")
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

// signInPage is the data of the page to sign in.
type signInPage struct {
	Return string // where to go then; empty for the start page
	Chosen string // the user in the form
	Fault  string // why the last attempt failed
	People []demoPerson
	More   int64 // how many more there are
}

// demoPerson is a demo user to choose.
type demoPerson struct {
	authz.Person
	Groups []authz.GroupName
}

func (a *app) loginPage(c *gin.Context) {
	c.Header("Vary", "Accept")
	a.showSignIn(c, http.StatusOK, signInPage{Chosen: c.Query("user")})
}

// showSignIn shows the form, and the demo users to choose from: the back office listens only on the loopback. It doesn't
// show their password, although the start printed it. Every program and every user of the machine can read this page,
// but not the output of the start.
func (a *app) showSignIn(c *gin.Context, status int, p signInPage) {
	ctx := c.Request.Context()
	ids, count, err := a.users.list(ctx, shownUsers)
	if err != nil {
		a.fail(c, err)
		return
	}
	people, view := a.engine.People(ctx, ids...), a.engine.View()
	for _, id := range ids {
		p.People = append(p.People, demoPerson{authz.Person{ID: id, Name: people[id].Name}, view.User(id).Groups})
	}
	p.More = count - int64(len(ids))
	if to := returnTo(c.Query("return")); to != "/" {
		p.Return = to
	}
	a.render(c, status, "login", "Sign in", p)
}
