package main

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
)

// problemTypes are the types of Rightful's own problems, so that clients handle one set of errors.
// Other statuses have the type "about:blank".
var problemTypes = map[int]string{
	http.StatusBadRequest:            "malformed-request",
	http.StatusUnauthorized:          "unauthenticated",
	http.StatusNotFound:              "not-found",
	http.StatusMethodNotAllowed:      "method-not-allowed",
	http.StatusRequestEntityTooLarge: "too-large",
	http.StatusUnsupportedMediaType:  "unsupported-media-type",
	http.StatusUnprocessableEntity:   "invalid",
	http.StatusInternalServerError:   "internal",
	http.StatusServiceUnavailable:    "store-unavailable",
}

// problem answers with a problem document (RFC 9457) or a page, and aborts the chain of handlers.
func (a *app) problem(c *gin.Context, status int, detail string) {
	c.Abort()
	if status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", "Bearer")
	}
	c.Header("Vary", "Accept")
	title := http.StatusText(status)
	if prefersHTML(c.Request) {
		a.render(c, status, "error", title, detail)
		return
	}
	kind := "about:blank"
	if known, ok := problemTypes[status]; ok {
		kind = "urn:rightful:problem:" + known
	}
	body, err := json.Marshal(gin.H{"type": kind, "title": title, "status": status, "detail": detail})
	if err != nil {
		panic(err) // four plain values
	}
	c.Data(status, "application/problem+json", body)
}

// fail answers with 503 after an error of the application's database, and logs the error.
func (a *app) fail(c *gin.Context, err error) {
	a.log.Error("a request failed", "method", c.Request.Method, "route", c.FullPath(), "error", err)
	a.problem(c, http.StatusServiceUnavailable, "The database is unavailable. Try again later.")
}

func (a *app) notFound(c *gin.Context) {
	a.problem(c, http.StatusNotFound, "There is no such route.")
}

func (a *app) methodNotAllowed(c *gin.Context) {
	a.problem(c, http.StatusMethodNotAllowed, "The header Allow lists the methods of this route.")
}
