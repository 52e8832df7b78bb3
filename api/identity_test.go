package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// Only the host's callback says who is calling: nothing that a client sends changes it.
func TestNoHeaderIsAnIdentity(t *testing.T) {
	d := newDesk(t)
	claims := []string{
		"Authorization", "Bearer admin", "Cookie", "session=admin; user=admin", "From", "admin",
		"Forwarded", "for=admin", "Remote-User", "admin", "User", "admin", "X-Auth-Request-User", "admin",
		"X-Forwarded-User", "admin", "X-Original-User", "admin", "X-Remote-User", "admin", "X-User", "admin", "X-User-Id", "admin",
		"X-HTTP-Method-Override", "DELETE", "X-Original-URL", "/api/v1/export", "X-Rewrite-URL", "/api/v1/export",
	}
	d.do("", "GET", "/export", "", claims...).problem(401, "unauthenticated")
	d.do("", "GET", "/me?user=admin", "", claims...).problem(401, "unauthenticated")
	d.do("cleo", "GET", "/export", "", claims...).problem(403, "forbidden")
	if got := d.do("cleo", "GET", "/me", "", claims...).want(200).json()["user"]; got != "cleo" {
		t.Errorf("the caller is %v", got)
	}
}

// A user who can't be established gets 503, whatever the callback returns beside the error, unless the host
// answers by itself.
func TestIdentityThatFails(t *testing.T) {
	d := newDesk(t)
	var status int
	r := gin.New()
	api.Mount(r.Group("/api/v1"), d.engine, func(c *gin.Context) authz.UserID {
		_ = c.Error(errors.New("the session store is away"))
		if status != 0 {
			c.AbortWithStatus(status)
		}
		return "admin"
	})
	d.handler = r
	for _, path := range []string{"/me", "/status"} {
		answer := d.do("", "GET", path, "")
		answer.problem(503, "store-unavailable")
		if answer.header.Get("Retry-After") == "" || strings.Contains(answer.body, "session store") {
			t.Errorf("%s: %v %s", path, answer.header, answer.body)
		}
	}
	status = http.StatusTeapot
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/me", nil))
	if w.Code != status {
		t.Errorf("the host's answer became %d", w.Code)
	}
}
