package guard_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

// The permission is that of the pattern and the method, whatever the path of the request.
func TestRequireRoute(t *testing.T) {
	engine := office()
	defer func() { _ = engine.Close(context.Background()) }()
	g := guard.New(engine, signedIn, quiet)
	catalog, err := guard.RouteCatalog([]string{
		"GET /{$}", "GET /public/{name}", "GET /files/{path...}", "GET /admin/", "POST /public/{name}", "GET /any", "PUT /any", "GET host.example/admin/",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.SetCatalog(catalog); err != nil {
		t.Fatal(err)
	}
	delta := authz.RulesDelta{Grant: []authz.Pattern{"/public/{name}:GET", "/files/{path+}:GET", "/any:PUT"}}
	if _, err := engine.As("ana").ChangeUserPermissions(t.Context(), "cleo", delta); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, pattern := range []string{
		"GET /{$}", "GET /public/{name}", "GET /files/{path...}", "GET /admin/", "POST /public/{name}", "/any", "GET host.example/admin/",
	} {
		mux.Handle(pattern, g.RequireRoute()(through))
	}
	for _, c := range []struct {
		user           authz.UserID
		method, target string
		want           int
	}{
		{"cleo", "GET", "/public/a", 200},
		{"cleo", "HEAD", "/public/a", 200}, // net/http takes it for a GET
		{"cleo", "GET", "/files/a/b", 200},
		{"cleo", "PUT", "/any", 200},
		{"cleo", "GET", "/any", 403},
		{"cleo", "FOO", "/any", 403},
		{"cleo", "GET", "/", 403},
		{"cleo", "GET", "/admin/", 403},
		{"cleo", "GET", "/admin/x", 403},
		{"cleo", "GET", "http://host.example/admin/", 403},
		{"cleo", "POST", "/public/a", 403},
		{"cleo", "GET", "/public/%2e%2e%2fadmin%2f", 200}, // a name; the path doesn't change the route
		{"cleo", "GET", "/files/%2e%2e/admin/?q=/x", 200},
		{"", "GET", "/public/a", 401},
		{"ana", "GET", "/admin/x", 200},
		{"ana", "GET", "/nowhere", 404},
	} {
		w := send(mux, c.user, c.method, c.target)
		if w.Code != c.want || w.Code != 200 && strings.Contains(w.Body.String(), "through") {
			t.Errorf("%s %s as %q: %d %s", c.method, c.target, c.user, w.Code, w.Body)
		}
	}
}

// Without a pattern, or with one that may be a part of several, nobody gets through, and the log says what to do.
func TestRequireRouteWithoutAWholePattern(t *testing.T) {
	engine := scenario(t, "backoffice")
	var log bytes.Buffer
	options := guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	inner := func(g *guard.Guard) *http.ServeMux {
		mux := http.NewServeMux()
		mux.Handle("GET /{id}", g.RequireRoute()(through))
		return mux
	}
	nested := func(g *guard.Guard) *http.ServeMux {
		mux := http.NewServeMux()
		mux.Handle("/users/", http.StripPrefix("/users", inner(g)))
		mux.Handle("/orders/", http.StripPrefix("/orders", inner(g)))
		return mux
	}
	given := options
	given.Route = func(r *http.Request) string { return "/users" + strings.TrimPrefix(r.Pattern, "GET ") }
	nowhere := options
	nowhere.Route = func(*http.Request) string { return "" }
	for name, c := range map[string]struct {
		handler http.Handler
		want    int
		logs    string
	}{
		"around the mux":       {guard.New(engine, signedIn, options).RequireRoute()(nested(guard.New(engine, signedIn, options))), 404, "wrap the handlers"},
		"in a nested mux":      {nested(guard.New(engine, signedIn, options)), 500, "give the option Route"},
		"with the whole route": {nested(guard.New(engine, signedIn, given)), 200, "/users/{id}:GET"},
		"with no route":        {nested(guard.New(engine, signedIn, nowhere)), 404, "give the option Route"},
	} {
		log.Reset()
		for range 2 {
			if w := send(c.handler, "ana", "GET", "/users/17?a=b"); w.Code != c.want || (w.Body.String() == "through") != (c.want == 200) {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		if !strings.Contains(log.String(), c.logs) {
			t.Errorf("%s: logged %s", name, &log)
		}
		if w := send(c.handler, "", "GET", "/users/17"); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: an anonymous request got %d", name, w.Code)
		}
	}
}

// Requests whose paths are written in an unusual way aren't taken for rewritten ones.
func TestRequireRouteTakesUnusualPaths(t *testing.T) {
	g := guard.New(scenario(t, "backoffice"), signedIn, quiet)
	mux := http.NewServeMux()
	mux.Handle("GET /{name...}", g.RequireRoute()(through))
	for _, target := range []string{"/", "/?", "/a%2Fb", "/%C3%A9", "/é", "/a%20b?c=d", "/%7e", "http://host.example/a%2Fb", "/a;b", "/a'b"} {
		if w := send(mux, "ana", "GET", target); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestRouteCatalog(t *testing.T) {
	catalog, err := guard.RouteCatalog([]string{"GET /users/{id}", "PUT /users/{id}"}, func(e *authz.Entry) {
		if e.Permission == guard.RoutePermission("PUT", "/users/{id}") {
			e.Label = "Change a user"
		}
	})
	if err != nil || len(catalog) != 2 || catalog[0].Label != "GET /users/{id}" || catalog[1].Label != "Change a user" {
		t.Errorf("got %v, %v", catalog, err)
	}
	for want, patterns := range map[string][]string{
		"has no method":   {"GET /a", "/a"},
		`"GET /a" is lis`: {"GET /a", "GET /a"},
	} {
		if _, err := guard.RouteCatalog(patterns, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", patterns, err, want)
		}
	}
}
