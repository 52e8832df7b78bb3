package guard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func TestSetUpPanics(t *testing.T) {
	engine := scenario(t, "backoffice")
	g := guard.New(engine, signedIn, quiet)
	for name, c := range map[string]struct {
		make func()
		says string
	}{
		"no permission":       {func() { g.Require() }, "Require was given no permission"},
		"any of none":         {func() { g.RequireAny() }, "RequireAny was given no permission"},
		"wildcard":            {func() { g.Require("clients.*:view") }, `Require("clients.*:view"): the permission contains "*"`},
		"everything":          {func() { g.Require("*:*") }, `Require("*:*")`},
		"any action":          {func() { g.Require("clients.profiles:*") }, `"*"`},
		"second is a pattern": {func() { g.RequireAny("clients.profiles:view", "clients.*:view") }, `RequireAny("clients.*:view")`},
		"no colon":            {func() { g.Require("clients") }, "object:action"},
		"no action":           {func() { g.Require("clients:") }, "object:action"},
		"empty":               {func() { g.Require("") }, "object:action"},
		"empty segment":       {func() { g.Require("a..b:view") }, "empty segment"},
		"line break":          {func() { g.Require("a\n:view") }, "U+000A"},
		"no function":         {func() { g.RequireFunc(nil) }, "no function"},
		"no engine":           {func() { guard.New(nil, signedIn, guard.Options{}) }, "no engine"},
		"no CurrentUser":      {func() { guard.New(engine, nil, guard.Options{}) }, "no CurrentUser"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, c.says) {
					t.Errorf("panicked with %q, want %q in it", got, c.says)
				}
			}()
			c.make()
		})
	}
}

func TestUndeclaredPermissionsAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	options := guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	g := guard.New(scenario(t, "backoffice"), signedIn, options)
	for range 2 {
		g.Require("clients.profiles:view", "clients.profiles.17:view", "rightful.groups:view", "rightful.members/Finance:assign")
		g.Require("nowhere.declared:view")
		g.RequireAny("nowhere.declared:view", "clients.profiles/17:view", "clients.profiles.1/7:view")
	}
	if n := strings.Count(log.String(), "\n"); n != 3 ||
		!strings.Contains(log.String(), "permission=nowhere.declared:view") ||
		!strings.Contains(log.String(), "permission=clients.profiles/17:view") {
		t.Errorf("logged:\n%s", &log)
	}

	log.Reset()
	free, err := authz.Open(t.Context(), memstore.New(), authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close(context.Background())
	guard.New(free, signedIn, options).Require("nowhere.declared:view")
	if log.Len() > 0 {
		t.Errorf("without a catalog of the application's, logged:\n%s", &log)
	}
}

// A host's function Route can return anything, so there is a bound. It holds back no lines about other things.
func TestLogOfUndeclaredPermissionsIsBounded(t *testing.T) {
	var log bytes.Buffer
	g := guard.New(scenario(t, "backoffice"), signedIn, guard.Options{
		Logger: slog.New(slog.NewTextHandler(&log, nil)), Route: func(r *http.Request) string { return r.URL.Path },
	})
	handler := g.RequireRoute()(through)
	for i := range 3000 {
		send(handler, "ben", "GET", fmt.Sprintf("/%d", i))
	}
	if n := strings.Count(log.String(), "declare"); n < 100 || n > 1001 {
		t.Errorf("%d lines", n)
	}
	log.Reset()
	handler = g.RequireFunc(func(*http.Request) ([]authz.Permission, error) { return nil, errors.New("away") })(through)
	for _, path := range []string{"/a", "/b", "/c"} {
		send(handler, "ben", "GET", path)
	}
	if n := strings.Count(log.String(), "error=away"); n != 3 {
		t.Errorf("%d lines of 3 failures", n)
	}
}
