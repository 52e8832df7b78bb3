package guard_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

// The quick check accepts only well-formed permissions.
func FuzzPlainPermission(f *testing.F) {
	for _, seed := range []string{
		"a:b", "clients.requests.deposit:view", "/orders/17:read", "a/b.c:d", "a_b-c.9:X", "a..b:c", "a.:b", ".a:b", "//a:b", "a:", ":b",
		"a", "a:b:c", "a b:c", "a.*:b", "*:*", "rightful.members/a/b:assign", "rightful.members/a.b:assign", "é:b", "a,b:c",
		strings.Repeat("a", 100) + ":b", strings.Repeat("a", 101) + ":b", "a:" + strings.Repeat("b", 101),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if err := authz.Permission(p).Check(); err != nil && guard.IsPlain(authz.Permission(p)) {
			t.Errorf("%q %v", p, err)
		}
	})
}

func TestUsualPermissionsArePlain(t *testing.T) {
	for _, p := range []authz.Permission{"a:b", "clients.requests.deposit:view", "/orders/17:read", "x-y_z.1:Do"} {
		if !guard.IsPlain(p) {
			t.Errorf("%q is checked at length on every request", p)
		}
	}
}

// Handlers that decide themselves are refused like guarded ones.
func TestRefuseOfAHandlersOwnDecision(t *testing.T) {
	engine := scenario(t, "backoffice")
	g := guard.New(engine, signedIn, quiet)
	own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := signedIn(r)
		if d := g.Decide(user, approving); !d.Allowed {
			g.Refuse(w, r, d)
			return
		}
		through(w, r)
	})
	for user, want := range map[authz.UserID]int{"": 401, "cleo": 403, "ben": 200} {
		byHandler, byGuard := send(own, user, "GET", "/x"), send(guarded(g.Require(approving...)), user, "GET", "/x")
		if byHandler.Code != want || dump(byHandler) != dump(byGuard) {
			t.Errorf("as %q: %s\nnot %s", user, dump(byHandler), dump(byGuard))
		}
	}
	for _, p := range []authz.Permission{"finance.*:view", "finance", ""} {
		if g.Decide("ana", []authz.Permission{p}).Allowed {
			t.Errorf("%q is allowed", p)
		}
	}
}

// Guards count each request once, as it is answered.
func TestRequestsAreCounted(t *testing.T) {
	engine := scenario(t, "backoffice")
	g := guard.New(engine, signedIn, quiet)
	asks := func(p authz.Permission) http.Handler {
		return guarded(g.RequireFunc(func(*http.Request) ([]authz.Permission, error) { return []authz.Permission{p}, nil }))
	}
	began := engine.Stats()
	for handler, users := range map[*http.Handler][]authz.UserID{
		ptr(guarded(g.Require(approving...))):    {"ben", "cleo", ""},
		ptr(guarded(g.RequireAny(approving...))): {"ben", "zoe", ""},
		ptr(asks("finance.balances:view")):       {"dana", "cleo", ""},
		ptr(asks("finance.*:view")):              {"ana"}, // no permission, so it is denied
	} {
		for _, user := range users {
			send(*handler, user, "GET", "/x")
		}
	}
	now := engine.Stats()
	if got := [...]uint64{now.Allowed - began.Allowed, now.Denied - began.Denied, now.Anonymous - began.Anonymous}; got != [...]uint64{3, 4, 3} {
		t.Errorf("allowed, denied and anonymous: %v", got)
	}
}

func ptr[T any](v T) *T { return &v }

// A permission that a route makes from the request can't be granted unless the catalog declares it or its type, and nobody would
// know why. It is logged when a user is refused, once for all permissions, because clients can invent them.
func TestUndeclaredPermissionOfARequestIsLogged(t *testing.T) {
	engine := scenario(t, "backoffice")
	var log bytes.Buffer
	g := guard.New(engine, signedIn, guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	handler := guarded(g.RequireFunc(func(r *http.Request) ([]authz.Permission, error) {
		return []authz.Permission{authz.Permission(r.URL.Query().Get("needs"))}, nil
	}))
	for _, c := range []struct {
		user  authz.UserID
		needs string
		lines int // in all
	}{
		{"cleo", "clients.profiles:update", 0},
		{"cleo", "clients.profiles.17:update", 0}, // its type is declared
		{"ana", "orders.17:approve", 0},           // holds everything
		{"", "orders.17:approve", 0},
		{"cleo", "orders.17:approve", 1},
		{"cleo", "orders.18:approve", 1},
	} {
		send(handler, c.user, "GET", "/x?needs="+c.needs)
		if n := strings.Count(log.String(), "\n"); n != c.lines {
			t.Fatalf("after a request of %q that needs %s, the log has %d lines, not %d: %s", c.user, c.needs, n, c.lines, log.String())
		}
	}
	if want := `level=WARN msg="a route needs a permission that the catalog doesn't declare" permission=orders.17:approve`; !strings.Contains(log.String(), want) {
		t.Error(log.String())
	}
}

// What fails with each request is logged once a minute, and never because a client has gone.
func TestLogIsNotFlooded(t *testing.T) {
	engine := scenario(t, "backoffice")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		options := guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
		away := errors.New("the session store is away")
		unidentified := guard.New(engine, func(*http.Request) (authz.UserID, error) { return "", away }, options)
		g := guard.New(engine, signedIn, options)
		asks := func(p authz.Permission, err error) http.Handler {
			return guarded(g.RequireFunc(func(*http.Request) ([]authz.Permission, error) { return []authz.Permission{p}, err }))
		}
		for name, handler := range map[string]http.Handler{
			"can't find out who is signed in":                  guarded(unidentified.Require("a:b")),
			"can't find out which permissions a request needs": asks("", away),
			"a route asked for a malformed permission":         asks(authz.Permission(strings.Repeat("x", 1000)), nil),
			"a route needs a permission that the catalog":      asks(authz.Permission(strings.Repeat("x", 90)+".17:view"), nil),
		} {
			log.Reset()
			for range 1000 {
				send(handler, "ben", "GET", "/x")
			}
			if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, name) || len(text) > 1000 {
				t.Errorf("%s: %.2000s", name, text)
			}
		}
		log.Reset()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		time.Sleep(time.Hour)
		r := httptest.NewRequestWithContext(ctx, "GET", "/x", nil)
		unidentified.Unidentified(httptest.NewRecorder(), r, ctx.Err())
		g.Fail(httptest.NewRecorder(), r, ctx.Err())
		if log.Len() > 0 {
			t.Error(log.String())
		}
	})
}
