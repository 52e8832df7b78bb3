package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHealthAndMetrics(t *testing.T) {
	o := newOffice(t)
	o.want(http.StatusOK, "GET", "/healthz", "")
	o.want(http.StatusOK, "GET", "/readyz", "")
	cleo := o.signIn("cleo")
	o.want(http.StatusOK, "GET", "/requests", "", cleo)
	o.want(http.StatusForbidden, "GET", "/settings", "", cleo)
	o.want(http.StatusForbidden, "GET", "/balances", "", cleo)
	o.want(http.StatusUnauthorized, "GET", "/settings", "")
	metrics := o.want(http.StatusOK, "GET", "/metrics", "")
	for _, line := range []string{
		"rightful_revision 2", "rightful_store_up 1", `rightful_decisions_total{outcome="denied"} 2`, "# TYPE rightful_policy_age_seconds gauge",
		`backoffice_guarded_requests_total{result="allowed"} 1`,
		`backoffice_guarded_requests_total{result="denied"} 2`,
		`backoffice_guarded_requests_total{result="anonymous"} 1`,
		`rightful_verified_decisions_total{result="different"} 0`,
	} {
		if !strings.Contains(metrics.body, line+"\n") {
			t.Errorf("the metrics lack %s:\n%s", line, metrics.body)
		}
	}
}

// Without its database the back office stays alive and ready, decides, and refuses with 503 what needs the database.
func TestWithoutTheDatabase(t *testing.T) {
	o := newOffice(t)
	cleo := o.signIn("cleo")
	pool, err := o.db.DB()
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	if err := o.engine.Refresh(t.Context()); err == nil {
		t.Fatal("the database still answers")
	}
	o.want(http.StatusOK, "GET", "/readyz", "")
	o.want(http.StatusOK, "GET", "/healthz", "")
	o.want(http.StatusServiceUnavailable, "GET", "/requests", "", cleo)
	o.want(http.StatusServiceUnavailable, "GET", "/api/v1/me", "", cleo)
	o.want(http.StatusServiceUnavailable, "POST", "/login", "user=ana&password="+testPassword, asForm)
	if m := o.want(http.StatusOK, "GET", "/metrics", ""); !strings.Contains(m.body, "rightful_store_up 0\n") ||
		!strings.Contains(m.body, `{result="failed"} 1`) {
		t.Errorf("the metrics are %s", m.body)
	}
}

// An instance whose policy is older than allowed denies everything, so it isn't ready.
func TestNotReadyByAnOldPolicy(t *testing.T) {
	c := testConfig(t)
	c.maxAge = time.Nanosecond
	o, _ := openOffice(t, c)
	o.want(http.StatusServiceUnavailable, "GET", "/readyz", "")
	o.want(http.StatusOK, "GET", "/healthz", "")
}
