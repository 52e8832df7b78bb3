package main

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
)

// feedback has what a page says after an action. The redirect that follows the action names one of them, so that a
// reload doesn't repeat the action, and no address can put words of its own on a page.
var feedback = map[string]string{
	statusApproved: "You approved the request.",
	statusRejected: "You rejected the request.",
	"booked":       "The operation is booked.",
	"saved":        "Saved.",
	"signed-out":   "You are signed out.",
}

// saidOn returns what to say on a page. A link can't pretend a decision: it is only said of a request that is decided so.
func saidOn(data any, done string) string {
	if r, ok := data.(request); ok && done != r.Status {
		return ""
	}
	return feedback[done]
}

// done answers after an action: a program gets what there is now, and a browser goes to the page that shows it.
func (a *app) done(c *gin.Context, what, path, name string, v any) {
	c.Header("Vary", "Accept")
	if prefersHTML(c.Request) {
		c.Redirect(http.StatusSeeOther, path+"?"+url.Values{"done": {what}}.Encode())
		return
	}
	a.answer(c, name, v)
}
