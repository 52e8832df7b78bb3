package main

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
)

// problemTypes are those that Rightful's own answers have, so that a client of this
// application reads one set of errors. Other statuses speak for themselves ("about:blank").
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

// problem answers with an error as RFC 9457 has it, or with a page, and lets no further
// handler run.
func problem(c *gin.Context, status int, detail string) {
	c.Abort()
	if status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", "Bearer")
	}
	c.Header("Vary", "Accept")
	title := http.StatusText(status)
	if prefersHTML(c.Request) {
		render(c, status, "error", page{Title: title, Data: detail})
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

// fail answers where the application's own database could not be used. The reason is for the
// log alone.
func (a *app) fail(c *gin.Context, err error) {
	a.log.Error("a request failed", "method", c.Request.Method, "route", c.FullPath(), "error", err)
	problem(c, http.StatusServiceUnavailable, "The database can't be used at the moment.")
}

func notFound(c *gin.Context) {
	problem(c, http.StatusNotFound, "There is nothing at this address.")
}

func methodNotAllowed(c *gin.Context) {
	problem(c, http.StatusMethodNotAllowed, "The header Allow names the methods of this address.")
}
