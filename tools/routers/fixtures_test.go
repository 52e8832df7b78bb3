package routers_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// currentUser takes the user from Basic authentication without a password.
func currentUser(r *http.Request) (authz.UserID, error) {
	user, _, _ := r.BasicAuth()
	return authz.UserID(user), nil
}

// office returns an engine without a catalog in which ana is the administrator.
func office(t *testing.T) *authz.Engine {
	t.Helper()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// newGuard returns a guard without a log.
func newGuard(engine *authz.Engine) *guard.Guard {
	return guard.New(engine, currentUser, guard.Options{Logger: slog.New(slog.DiscardHandler)})
}

// grant grants permissions to ben.
func grant(t *testing.T, engine *authz.Engine, patterns ...authz.Pattern) {
	t.Helper()
	if _, err := engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: patterns}); err != nil {
		t.Fatal(err)
	}
}

// send serves one request as the user.
func send(t *testing.T, h http.Handler, user, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	if user != "" {
		r.SetBasicAuth(user, "")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// refused is what a 403 says.
type refused struct {
	Missing []struct {
		Permission string `json:"permission"`
	} `json:"missing"`
	DenialID authz.DenialID `json:"denial_id"`
}

// ask is a request of a user who holds nothing: the permission that it lacks, and the route that is on record.
type ask struct{ method, target, permission, route string }

// checkAsks sends requests as cleo, and closes the engine, which writes the denials.
func checkAsks(t *testing.T, engine *authz.Engine, h http.Handler, asks []ask) {
	t.Helper()
	ids := make([]authz.DenialID, len(asks))
	for i, a := range asks {
		w := send(t, h, "cleo", a.method, a.target)
		var body refused
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusForbidden || len(body.Missing) != 1 {
			t.Fatalf("%s %s: %d %s: %v", a.method, a.target, w.Code, w.Body, err)
		}
		if got := body.Missing[0].Permission; got != a.permission {
			t.Errorf("%s %s asks for %s, want %s", a.method, a.target, got, a.permission)
		}
		ids[i] = body.DenialID
	}
	if err := engine.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, a := range asks {
		if denial, err := engine.Denial(t.Context(), ids[i]); err != nil || denial.Route != a.route {
			t.Errorf("%s %s is on record with the route %q, want %q; %v", a.method, a.target, denial.Route, a.route, err)
		}
	}
}

// request is one request to a router, and what becomes of it.
type request struct {
	user, method, target string
	status               int
	body                 string // of an allowed one
}

func check(t *testing.T, h http.Handler, requests []request) {
	t.Helper()
	for _, q := range requests {
		w := send(t, h, q.user, q.method, q.target)
		allowed := q.status == http.StatusOK
		if w.Code != q.status || allowed && w.Body.String() != q.body {
			t.Errorf("%s %s as %q: %d %s, want %d", q.method, q.target, q.user, w.Code, w.Body, q.status)
		}
	}
}
