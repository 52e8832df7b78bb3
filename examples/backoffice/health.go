package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/gin-gonic/gin"
)

// healthz reports that the process is alive.
func (a *app) healthz(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

// readyz reports whether this instance decides: by a policy that is not older than the host allows, whether or not the
// database can be reached. If it said no without the database, a balancer would take all instances away at once.
func (a *app) readyz(c *gin.Context) {
	if a.engine.Status().Expired {
		c.JSON(http.StatusServiceUnavailable, gin.H{"status": "the policy is too old"})
		return
	}
	c.JSON(http.StatusOK, gin.H{"status": "ready"})
}

// counters count the requests to guarded routes by result.
type counters struct{ allowed, denied, anonymous, failed atomic.Int64 }

// counted is the middleware before the guard.
func (a *app) counted(c *gin.Context) {
	c.Next()
	switch status := c.Writer.Status(); {
	case status == http.StatusForbidden:
		a.guarded.denied.Add(1)
	case status == http.StatusUnauthorized:
		a.guarded.anonymous.Add(1)
	case status >= http.StatusInternalServerError:
		a.guarded.failed.Add(1)
	default:
		a.guarded.allowed.Add(1)
	}
}

// metrics answers in the text format of Prometheus.
func (a *app) metrics(c *gin.Context) {
	trouble := 0
	if a.engine.Status().StoreErr != nil {
		trouble = 1
	}
	var b strings.Builder
	metric := func(name, kind, help string) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}
	metric("rightful_revision", "gauge", "The current revision of the policy.")
	fmt.Fprintf(&b, "rightful_revision %d\n", a.engine.View().Revision())
	metric("rightful_policy_age_seconds", "gauge", "Time since the store last confirmed this revision.")
	fmt.Fprintf(&b, "rightful_policy_age_seconds %g\n", a.engine.Status().Age.Seconds())
	metric("rightful_store_trouble", "gauge", "1 while the store can't be read.")
	fmt.Fprintf(&b, "rightful_store_trouble %d\n", trouble)
	const verified = "rightful_verified_decisions_total"
	metric(verified, "counter", "Decisions compared with Casbin, by result.")
	v := a.engine.Status().Verify
	fmt.Fprintf(&b, "%s{result=\"equal\"} %d\n", verified, v.Equal)
	fmt.Fprintf(&b, "%s{result=\"different\"} %d\n", verified, v.Different)
	fmt.Fprintf(&b, "%s{result=\"left_out\"} %d\n", verified, v.Skipped)
	const requests = "backoffice_guarded_requests_total"
	metric(requests, "counter", "Requests to guarded routes, by result.")
	fmt.Fprintf(&b, "%s{result=\"allowed\"} %d\n", requests, a.guarded.allowed.Load())
	fmt.Fprintf(&b, "%s{result=\"denied\"} %d\n", requests, a.guarded.denied.Load())
	fmt.Fprintf(&b, "%s{result=\"anonymous\"} %d\n", requests, a.guarded.anonymous.Load())
	fmt.Fprintf(&b, "%s{result=\"failed\"} %d\n", requests, a.guarded.failed.Load())
	c.Data(http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", []byte(b.String()))
}
