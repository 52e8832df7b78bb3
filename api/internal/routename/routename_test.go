package routename_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/internal/routename"
	"github.com/rightful-go/rightful/authz"
)

func TestPermission(t *testing.T) {
	for _, c := range []struct {
		method, pattern string
		want            authz.Permission
	}{
		{"GET", "/", "/:GET"},
		{"GET", "/{$}", "/{$}:GET"},
		{"GET", "/users/{id}", "/users/{id}:GET"},
		{"HEAD", "GET /users/{id}", "/users/{id}:GET"},
		{"PUT", "PUT \t/users/", "/users/:PUT"},
		{"GET", "example.com/users/{$}", "example.com/users/{$}:GET"},
		{"GET", "POST rightful.example/a", "rightful%2Eexample/a:POST"},
		{"GET", "/files/{path...}", "/files/{path+}:GET"},
		{"GET", "/files/{path}", "/files/{path}:GET"},
		{"GET", "/files/*", "/files/::GET"},     // chi, echo
		{"GET", "/users/:id", "/users/:id:GET"}, // echo
		{"GET", "/files/:", "/files/%3A:GET"},   // a literal of chi
		{"GET", "/a*/b", "/a%2A/b:GET"},         // a literal
		{"GET", "/*/b", "/%2A/b:GET"},           // a literal
		{"GET", "/n/{n:[0-9]+}", "/n/{n:[0-9]%2B}:GET"},
		{"GET", "/{s:(a|b)}.json", "/{s:%28a|b%29}.json:GET"},
		{"GET", "/a//b/", "/a/%2Fb/:GET"},
		{"GET", "//", "/%2F:GET"},
		{"M*:(", "/a", "/a:M%2A%3A%28"},
		{"", "/a", "/a:"},
		{strings.Repeat("M", 101), "/a", authz.Permission("/a:" + strings.Repeat("M", 83) + "~668cffa919228772")},
	} {
		got := routename.Permission(c.method, c.pattern)
		if got != c.want || c.method != "" && got.Check() != nil {
			t.Errorf("%s %s: got %q, want %q; %v", c.method, c.pattern, got, c.want, got.Check())
		}
	}
}

// Names are legal, and two routes never have the same one: the pattern can be read back from it.
func FuzzPermission(f *testing.F) {
	for _, seed := range []string{
		"/", "/a/{id}", "/a/{id...}", "/a/*", "/a/:", "/a+}", "/.a./..", "//", "/%2e%", "/(\"),", "/é\u0301\u200b\xff", "rightful.groups", "/a b",
		`/\:a/*b`, "/{a+}", "/{a..}", "/...}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if pattern == "" || strings.Contains(pattern, " ") {
			return
		}
		p := routename.Permission("GET", pattern)
		object, _, _ := p.Split()
		if err := p.Check(); err != nil || strings.HasPrefix(object, "rightful.") {
			t.Errorf("%q gives %q: %v", pattern, p, err)
		}
		if strings.Contains(object, "~") { // it may be cut
			return
		}
		switch {
		case strings.HasSuffix(object, "/:"):
			object = strings.TrimSuffix(object, ":") + "*"
		case strings.HasSuffix(object, "+}"):
			object = strings.TrimSuffix(object, "+}") + "...}"
		}
		if back, err := url.PathUnescape(object); err != nil || back != pattern {
			t.Errorf("%q gives %q, which is read as %q, %v", pattern, p, back, err)
		}
	})
}
