package main

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

// logged logs each request by its route. It doesn't log the URL, which may contain user input.
func (a *app) logged(c *gin.Context) {
	start := time.Now()
	c.Next()
	a.log.Info("request", "method", c.Request.Method, "route", c.FullPath(), "status", c.Writer.Status(),
		"user", identityOf(c).user, "took", time.Since(start).Round(time.Microsecond))
}

// recovered answers a panic with 500 and logs its cause.
func (a *app) recovered(c *gin.Context) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		a.log.Error("a handler panicked", "route", c.FullPath(), "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
		c.Abort()
		if !c.Writer.Written() {
			a.problem(c, http.StatusInternalServerError, "Something went wrong.")
		}
	}()
	c.Next()
}

// secured sets the security headers of every answer. Rightful's own pages and documents replace
// them with stricter ones.
func secured(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// bounded limits the size of request bodies.
func bounded(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}

// protected refuses requests that a browser sends for another site (CSRF).
func protected(h http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"type":"about:blank","title":"Forbidden","status":403,` +
			`"detail":"The request came from another site."}`))
	}))
	return p.Handler(h)
}
