package routename_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/internal/routename"
	"github.com/rightful-go/rightful/authz"
)

func TestEntry(t *testing.T) {
	long := strings.Repeat("é", 100)
	for _, c := range []struct {
		permission authz.Permission
		label      string
		category   []string
	}{
		{"/:GET", "GET /", nil},
		{"/users:GET", "GET /users", []string{"users"}},
		{"/api/v1/users/:id/approve:POST", "POST /api/v1/users/:id/approve", []string{"api", "v1", "users"}},
		{"/users/{id}/:PUT", "PUT /users/{id}/", []string{"users"}},
		{"example.com/a/:GET", "GET example.com/a/", []string{"example.com", "a"}},
		{authz.Permission(long + ":" + long), long + " " + long[:2*99], []string{long}},
	} {
		e := routename.Entry(c.permission)
		if e.Permission != c.permission || e.Label != c.label || !slices.Equal(e.Category, c.category) || len(e.Check()) > 0 {
			t.Errorf("%q: %q, %q; %v", c.permission, e.Label, e.Category, e.Check())
		}
	}
}
