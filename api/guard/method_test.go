package guard_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// anyMethod returns an engine whose catalog has permissions of routes, and a mux with the route "/any" for any method, with
// what its guard logs. bea holds every permission of the route, and cleo none.
func anyMethod(t *testing.T, patterns ...string) (*authz.Engine, *http.ServeMux, *bytes.Buffer) {
	t.Helper()
	catalog, err := guard.RouteCatalog(patterns, nil)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Catalog: catalog, Bootstrap: "ana", Logger: quiet.Logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	delta := authz.RulesDelta{Grant: []authz.Pattern{"/any:*"}}
	if _, err := engine.As("ana").ChangeUserPermissions(t.Context(), "bea", delta); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	g := guard.New(engine, signedIn, guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	mux := http.NewServeMux()
	mux.Handle("/any", g.RequireRoute()(through))
	return engine, mux, &log
}

// A route that takes any method has permissions for the methods of net/http and for those of the catalog. Nobody gets
// through with another, and no denial, use or page names a permission of it.
func TestInventedMethodsAreNoPermissions(t *testing.T) {
	engine, mux, _ := anyMethod(t, "GET /any", "PROPFIND /any")
	for _, c := range []struct {
		user   authz.UserID
		method string
		want   int
	}{
		{"bea", "GET", 200},
		{"bea", "DELETE", 200}, // is not in the catalog
		{"bea", "PROPFIND", 200},
		{"cleo", "GET", 403},
		{"cleo", "PROPFIND", 403},
		{"bea", "FOO", 403},
		{"ana", "FOO", 403},
		{"ana", "get", 403},
		{"ana", "PROPFIND2", 403},
		{"", "FOO", 401},
	} {
		if w := send(mux, c.user, c.method, "/any"); w.Code != c.want || c.want == 403 && c.user != "cleo" && strings.Contains(w.Body.String(), "/any:") {
			t.Errorf("%s as %q: %d %s", c.method, c.user, w.Code, w.Body)
		}
	}
	if err := engine.SetCatalog(authz.Catalog{{Permission: "/any:GET", Label: "Any"}}); err != nil {
		t.Fatal(err)
	}
	if w := send(mux, "bea", "PROPFIND", "/any"); w.Code != 403 {
		t.Errorf("once the catalog lacks it: %d", w.Code)
	}
}

// A pattern that names a method takes it, whatever the catalog has.
func TestPatternNamesItsMethod(t *testing.T) {
	engine, _, _ := anyMethod(t, "GET /any")
	for name, c := range map[string]struct {
		pattern string
		options guard.Options
	}{
		"of net/http": {"PROPFIND /any", quiet},
		"of the host": {"/any", guard.Options{Logger: quiet.Logger, Route: func(*http.Request) string { return "PROPFIND /any" }}},
	} {
		mux := http.NewServeMux()
		mux.Handle(c.pattern, guard.New(engine, signedIn, c.options).RequireRoute()(through))
		for user, want := range map[authz.UserID]int{"bea": 200, "cleo": 403} {
			if w := send(mux, user, "PROPFIND", "/any"); w.Code != want {
				t.Errorf("%s: %s gets %d", name, user, w.Code)
			}
		}
	}
}

// Whatever methods clients send, and however long they are, the log gets some lines and memory nothing.
func TestInventedMethodsFillNeitherLogNorMemory(t *testing.T) {
	engine, mux, log := anyMethod(t, "GET /any")
	broken := guard.New(engine, signedIn, guard.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	for path, permissions := range map[string]func(*http.Request) ([]authz.Permission, error){
		"/none":      func(*http.Request) ([]authz.Permission, error) { return nil, nil },
		"/malformed": func(*http.Request) ([]authz.Permission, error) { return []authz.Permission{"a"}, nil },
		"/failing":   func(*http.Request) ([]authz.Permission, error) { return nil, fmt.Errorf("away") },
	} {
		mux.Handle(path, broken.RequireFunc(permissions)(through))
	}
	named := guard.New(engine, signedIn, guard.Options{Logger: quiet.Logger, Route: func(*http.Request) string { return "GET /named" }})
	mux.Handle("/named", named.RequireRoute()(through))
	outside := broken.RequireRoute()(through)
	const requests, length = 1500, 8 << 10
	before := heap()
	for i := range requests {
		method := fmt.Sprintf("M%d", i) + strings.Repeat("M", length)
		for _, path := range []string{"/any", "/none", "/malformed", "/failing", "/named"} {
			mux.ServeHTTP(httptest.NewRecorder(), as("cleo", httptest.NewRequest(method, path, nil)))
		}
		outside.ServeHTTP(httptest.NewRecorder(), as("cleo", httptest.NewRequest(method, "/any", nil)))
	}
	if grown := heap() - before; grown > requests*length/4 {
		t.Errorf("%d requests leave %d KiB", requests, grown>>10)
	}
	if lines := strings.Count(log.String(), "\n"); lines > 10 || log.Len() > 10<<10 {
		t.Errorf("%d requests make %d lines and %d KiB of the log", requests, lines, log.Len()>>10)
	}
	runtime.KeepAlive(mux)
}

// as returns a request of a user.
func as(user authz.UserID, r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), signedInKey{}, user))
}

// heap returns how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
