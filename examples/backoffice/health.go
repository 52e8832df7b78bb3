package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	policymetrics "github.com/rightful-go/rightful/adapters/prometheus"
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

// counted is the middleware before the guard. It counts requests to guarded routes by result.
func (a *app) counted(c *gin.Context) {
	c.Next()
	result := "allowed"
	switch status := c.Writer.Status(); {
	case status == http.StatusForbidden:
		result = "denied"
	case status == http.StatusUnauthorized:
		result = "anonymous"
	case status >= http.StatusInternalServerError:
		result = "failed"
	}
	a.guarded.WithLabelValues(result).Inc()
}

// newGuarded returns the counter of [app.counted], with each result at 0.
func newGuarded() *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "backoffice_guarded_requests_total", Help: "Requests to guarded routes, by result.",
	}, []string{"result"})
	for _, result := range []string{"allowed", "denied", "anonymous", "failed"} {
		v.WithLabelValues(result)
	}
	return v
}

// metrics serves the metrics of Rightful, of the application, and of the Go runtime.
func (a *app) metrics() gin.HandlerFunc {
	registry := prometheus.NewRegistry()
	registry.MustRegister(policymetrics.NewCollector(a.engine), a.guarded, collectors.NewGoCollector())
	return gin.WrapH(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
}
