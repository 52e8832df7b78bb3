package api_test

import (
	"testing"
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
