package guard_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func give(permissions ...authz.Permission) func(*http.Request) ([]authz.Permission, error) {
	return func(*http.Request) ([]authz.Permission, error) { return permissions, nil }
}

func TestScenariosOverHTTP(t *testing.T) {
	for _, name := range []string{"backoffice", "chat"} {
		t.Run(name, func(t *testing.T) {
			g := guard.New(scenario(t, name), signedIn, quiet)
			f, err := os.Open(filepath.Join("..", "..", "authz", "testdata", name, "decisions.csv"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			rows, err := csv.NewReader(f).ReadAll()
			if err != nil || len(rows) < 10 {
				t.Fatalf("%d decisions: %v", len(rows), err)
			}
			for _, row := range rows[1:] {
				user, permission, why := authz.UserID(row[0]), authz.Permission(row[1]), row[3]
				want := map[string]int{"true": http.StatusOK, "false": http.StatusForbidden}[row[2]]
				for kind, m := range map[string]middleware{
					"Require": g.Require(permission), "RequireAny": g.RequireAny(permission), "RequireFunc": g.RequireFunc(give(permission)),
				} {
					if got := send(guarded(m), user, "GET", "/x").Code; got != want {
						t.Errorf("%s: %s %s: %d, want %d: %s", kind, user, permission, got, want, why)
					}
				}
			}
		})
	}
}

func TestAllAndAny(t *testing.T) {
	g := guard.New(scenario(t, "backoffice"), signedIn, quiet)
	const held, alsoHeld, lacking = "finance.operations:create", "finance.balances:adjust", "system.settings:view" // of dana
	for name, c := range map[string]struct {
		middleware middleware
		want       int
	}{
		"all held":         {g.Require(held, alsoHeld), http.StatusOK},
		"the last lacking": {g.Require(held, lacking), http.StatusForbidden},
		"any: the first":   {g.RequireAny(held, lacking), http.StatusOK},
		"any: the last":    {g.RequireAny(lacking, held), http.StatusOK},
		"any: none":        {g.RequireAny(lacking, "system.settings:update"), http.StatusForbidden},
		"open":             {g.Open(), http.StatusOK},
	} {
		if got := send(guarded(c.middleware), "dana", "GET", "/x").Code; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// Anonymous requests get 401 from every guard, and a user named like a group gets nothing by it.
func TestWhoIsCalling(t *testing.T) {
	g := guard.New(scenario(t, "backoffice"), signedIn, quiet)
	for name, m := range map[string]middleware{
		"Require":    g.Require("finance.balances:view"),
		"RequireAny": g.RequireAny("finance.balances:view", "finance.balances:adjust"),
		"RequireFunc": g.RequireFunc(func(r *http.Request) ([]authz.Permission, error) {
			if user, _ := signedIn(r); user == "" {
				t.Error("the function was called for an anonymous request")
			}
			return []authz.Permission{"finance.balances:view"}, nil
		}),
	} {
		for user, want := range map[authz.UserID]int{
			"": http.StatusUnauthorized, "dana": http.StatusOK, "ana": http.StatusOK,
			"group:Administrators": http.StatusForbidden, "Finance": http.StatusForbidden, "*": http.StatusForbidden, "dana\n": http.StatusForbidden,
		} {
			w := send(guarded(m), user, "GET", "/x")
			if w.Code != want || (w.Header().Get("WWW-Authenticate") != "") != (want == http.StatusUnauthorized) {
				t.Errorf("%s as %q: %d with %v, want %d", name, user, w.Code, w.Header(), want)
			}
		}
	}
}

// If the user can't be established, every request gets 503, and only the log has the error.
func TestUserThatCantBeEstablished(t *testing.T) {
	var log bytes.Buffer
	away := func(*http.Request) (authz.UserID, error) { return "ana", errors.New("the secret of the session store") }
	engine := scenario(t, "backoffice")
	for name, m := range map[string]func(*guard.Guard) middleware{
		"Require":     func(g *guard.Guard) middleware { return g.Require("finance.balances:view") },
		"RequireAny":  func(g *guard.Guard) middleware { return g.RequireAny("finance.balances:view") },
		"RequireFunc": func(g *guard.Guard) middleware { return g.RequireFunc(give("finance.balances:view")) },
	} {
		for _, accept := range []string{"*/*", asPage} {
			log.Reset()
			g := guard.New(engine, away, guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}) // a guard logs it once a minute
			w := send(guarded(m(g)), "", "GET", "/x", "Accept", accept)
			body := w.Body.String()
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(body, "through") || strings.Contains(body, "secret") {
				t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), body)
			}
			if !strings.Contains(log.String(), "the secret of the session store") || !strings.Contains(log.String(), "route=/x") {
				t.Errorf("%s: logged %s", name, &log)
			}
		}
	}
}

func TestRequireFunc(t *testing.T) {
	var log bytes.Buffer
	engine := scenario(t, "backoffice")
	const held = "finance.balances:view"
	fail := func(err error) func(*http.Request) ([]authz.Permission, error) {
		return func(*http.Request) ([]authz.Permission, error) { return []authz.Permission{held}, err }
	}
	for name, c := range map[string]struct {
		permissions func(*http.Request) ([]authz.Permission, error)
		want        int
		body, logs  string
	}{
		"held":          {give(held), 200, "through", ""},
		"none":          {give(), 403, "You don’t have permission to do this.", "no permission"},
		"no colon":      {give("finance"), 403, "forbidden", "malformed"},
		"pattern":       {give("finance.*:view"), 403, "forbidden", "malformed"},
		"second is bad": {give(held, "finance.*:view"), 403, "forbidden", "malformed"},
		"line break":    {give("finance.a\nlevel=INFO msg=forged:view"), 403, "forbidden", `\nlevel=INFO`},
		"not found":     {fail(fmt.Errorf("request 17: %w", guard.ErrNotFound)), 404, "urn:rightful:problem:not-found", ""},
		"error":         {fail(errors.New("the secret of the database")), 500, "urn:rightful:problem:internal", "the secret of the database"},
	} {
		for _, user := range []authz.UserID{"dana", "ana"} {
			log.Reset()
			g := guard.New(engine, signedIn, guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}) // a guard logs it once a minute
			w := send(guarded(g.RequireFunc(c.permissions)), user, "GET", "/x")
			body := w.Body.String()
			if w.Code != c.want || !strings.Contains(body, c.body) || c.want != 200 && strings.Contains(body, "through") || strings.Contains(body, "secret") {
				t.Errorf("%s as %s: %d %s", name, user, w.Code, body)
			}
			if (log.Len() > 0) != (c.logs != "") || !strings.Contains(log.String(), c.logs) || strings.Count(log.String(), "\n") > 1 {
				t.Errorf("%s as %s: logged %s", name, user, &log)
			}
		}
	}
}

// A recovery further out must not turn a panic into an allowed request.
func TestPanicNeverAllows(t *testing.T) {
	engine := scenario(t, "backoffice")
	healthy := guard.New(engine, signedIn, quiet)
	broken := guard.New(engine, func(*http.Request) (authz.UserID, error) { panic("the session store is away") }, quiet)
	for name, m := range map[string]middleware{
		"Require": broken.Require("finance.balances:view"), "RequireFunc": broken.RequireFunc(give("finance.balances:view")),
		"RequireFunc's function": healthy.RequireFunc(func(*http.Request) ([]authz.Permission, error) { panic("no such request") }),
	} {
		r := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { _ = recover() }()
			guarded(m).ServeHTTP(w, r)
		})
		if body := send(r, "ana", "GET", "/x").Body.String(); strings.Contains(body, "through") {
			t.Errorf("%s: got through", name)
		}
	}
}

// nowhere is a response that is discarded.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func TestAllowedRequestsAllocateNothing(t *testing.T) {
	g := guard.New(scenario(t, "backoffice"), func(*http.Request) (authz.UserID, error) { return "ben", nil }, quiet)
	two := []authz.Permission{"finance.operations:create", "system.requests.resolutions:view"}
	r, w := httptest.NewRequest("POST", "/requests/17/approve", nil), nowhere{http.Header{}}
	for name, m := range map[string]middleware{
		"Require": g.Require(two...), "RequireAny": g.RequireAny("system.settings:view", "clients.requests.deposit:update"),
		"RequireFunc": g.RequireFunc(func(*http.Request) ([]authz.Permission, error) { return two, nil }),
	} {
		reached := 0
		h := m(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
		if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
		if reached != 1001 {
			t.Errorf("%s let %d of 1001 requests through", name, reached)
		}
	}
}

// A guard records what it let through, and nothing of what it refused.
func TestAllowedRequestsAreRecorded(t *testing.T) {
	store := authztest.NewStore()
	engine, err := authz.Open(t.Context(), store, authz.Options{
		Bootstrap: "ana", Usage: authz.UsageOptions{On: true}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"orders.*:*"}}); err != nil {
		t.Fatal(err)
	}
	g := guard.New(engine, signedIn, quiet)
	send(guarded(g.Require("orders.a:view", "orders.b:view")), "ben", "GET", "/x")
	send(guarded(g.RequireAny("settings:view", "orders.c:view", "orders.d:view")), "ben", "GET", "/x")
	send(guarded(requireFunc("orders.e:view")(g)), "ben", "GET", "/x")
	send(guarded(g.Require("orders.f:view", "settings:view")), "ben", "GET", "/x")
	send(guarded(requireFunc("settings:view")(g)), "ben", "GET", "/x")
	if err := engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	var used []authz.Permission
	err = store.Uses(t.Context(), []authz.UserID{"ben"}, func(u authz.Use) error {
		used = append(used, u.Permission)
		return nil
	})
	slices.Sort(used)
	if want := []authz.Permission{"orders.a:view", "orders.b:view", "orders.c:view", "orders.e:view"}; err != nil || !slices.Equal(used, want) {
		t.Errorf("recorded %v, want %v: %v", used, want, err)
	}
}
