package ginguard_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func TestScenariosOverHTTP(t *testing.T) {
	for _, name := range []string{"backoffice", "chat"} {
		t.Run(name, func(t *testing.T) {
			g := ginguard.New(scenario(t, name), signedIn, quiet)
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
				for kind, handler := range map[string]gin.HandlerFunc{
					"Require":     g.Require(permission),
					"RequireAny":  g.RequireAny(permission),
					"RequireFunc": g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return []authz.Permission{permission}, nil }),
				} {
					if got := send(guarded(handler), user, "GET", "/x").Code; got != want {
						t.Errorf("%s: %s %s: %d, want %d: %s", kind, user, permission, got, want, why)
					}
				}
			}
		})
	}
}

func TestAllAndAny(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	const held, alsoHeld, lacking = "finance.operations:create", "finance.balances:adjust", "system.settings:view" // of dana
	for _, c := range []struct {
		name    string
		handler gin.HandlerFunc
		want    int
	}{
		{"all held", g.Require(held, alsoHeld), http.StatusOK},
		{"last lacking", g.Require(held, lacking), http.StatusForbidden},
		{"first lacking", g.Require(lacking, held), http.StatusForbidden},
		{"any: first", g.RequireAny(held, lacking), http.StatusOK},
		{"any: last", g.RequireAny(lacking, held), http.StatusOK},
		{"any: none", g.RequireAny(lacking, "system.settings:update"), http.StatusForbidden},
	} {
		if got := send(guarded(c.handler), "dana", "GET", "/x").Code; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// Anonymous requests get 401 from every guard, and a user named like a group gets nothing by it.
func TestWhoIsCalling(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	asked := false
	handlers := map[string]gin.HandlerFunc{
		"Require":    g.Require("finance.balances:view"),
		"RequireAny": g.RequireAny("finance.balances:view", "finance.balances:adjust"),
		"RequireFunc": g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) {
			asked = true
			return []authz.Permission{"finance.balances:view"}, nil
		}),
	}
	for user, want := range map[authz.UserID]int{
		"": http.StatusUnauthorized, "dana": http.StatusOK, "ana": http.StatusOK,
		"group:Administrators": http.StatusForbidden, "group:Finance": http.StatusForbidden,
		"Administrators": http.StatusForbidden, "Finance": http.StatusForbidden, "*": http.StatusForbidden,
		"Dana": http.StatusForbidden, "dana ": http.StatusForbidden, "dana\n": http.StatusForbidden,
	} {
		for name, handler := range handlers {
			asked = false
			w := send(guarded(handler), user, "GET", "/x")
			if w.Code != want {
				t.Errorf("%s as %q: %d, want %d", name, user, w.Code, want)
			}
			if (w.Header().Get("WWW-Authenticate") != "") != (want == http.StatusUnauthorized) {
				t.Errorf("%s as %q: WWW-Authenticate %q", name, user, w.Header().Get("WWW-Authenticate"))
			}
			if user == "" && asked {
				t.Error("RequireFunc's function was called for an anonymous request")
			}
		}
	}
}

func TestChangeTakesEffectOnTheNextRequest(t *testing.T) {
	engine := scenario(t, "backoffice")
	r := guarded(ginguard.New(engine, signedIn, quiet).Require("finance.balances:view"))
	for i, step := range []struct {
		change func() error
		want   int
	}{
		{func() error { return nil }, http.StatusForbidden},
		{func() error { _, err := engine.As("ana").Assign(t.Context(), "Finance", "cleo"); return err }, http.StatusOK},
		{func() error { _, err := engine.As("ana").Unassign(t.Context(), "Finance", "cleo"); return err }, http.StatusForbidden},
		{func() error {
			_, err := engine.As("ana").Grant(t.Context(), "Deposit viewers", "finance.balances:view")
			return err
		}, http.StatusOK},
		{func() error {
			_, err := engine.As("ana").Restrict(t.Context(), "Deposit viewers", "finance.*:*")
			return err
		}, http.StatusForbidden},
	} {
		if err := step.change(); err != nil {
			t.Fatal(err)
		}
		if got := send(r, "cleo", "GET", "/x").Code; got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
}

// Later changes to a slice don't change the guard.
func TestGuardKeepsItsPermissions(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	permissions := []authz.Permission{"system.settings:view"}
	r := guarded(g.Require(permissions...))
	permissions[0] = "finance.balances:view"
	if got := send(r, "dana", "GET", "/x").Code; got != http.StatusForbidden {
		t.Errorf("got %d", got)
	}
}

func give(permissions ...authz.Permission) func(*gin.Context) ([]authz.Permission, error) {
	return func(*gin.Context) ([]authz.Permission, error) { return permissions, nil }
}

func TestRequireFunc(t *testing.T) {
	var log bytes.Buffer
	engine := scenario(t, "backoffice")
	const held = "finance.balances:view"
	for name, c := range map[string]struct {
		permissions func(*gin.Context) ([]authz.Permission, error)
		want        int
		body, logs  string
	}{
		"held":          {give(held), 200, "through", ""},
		"one lacking":   {give(held, "system.settings:view"), 403, "You need 1 more permission to do this.", ""},
		"none":          {give(), 403, "You don’t have permission to do this.", "no permission"},
		"no colon":      {give("finance"), 403, "forbidden", "malformed"},
		"empty":         {give(""), 403, "forbidden", "malformed"},
		"pattern":       {give("finance.*:view"), 403, "forbidden", "malformed"},
		"everything":    {give("*:*"), 403, "forbidden", "malformed"},
		"second is bad": {give(held, "finance.*:view"), 403, "forbidden", "malformed"},
		"line break":    {give("finance.a\nlevel=INFO msg=forged:view"), 403, "forbidden", `\nlevel=INFO`},
		"error": {func(*gin.Context) ([]authz.Permission, error) {
			return []authz.Permission{held}, errors.New("the secret of the database")
		}, 500, "urn:rightful:problem:internal", "the secret of the database"},
		"answered": {func(c *gin.Context) ([]authz.Permission, error) {
			c.String(http.StatusNotFound, "no such request")
			return []authz.Permission{held}, nil
		}, 404, "no such request", ""},
		"answered with an error": {func(c *gin.Context) ([]authz.Permission, error) {
			c.AbortWithStatusJSON(http.StatusNotFound, "no such request")
			return nil, errors.New("not found")
		}, 404, `"no such request"`, ""},
		"aborted": {func(c *gin.Context) ([]authz.Permission, error) {
			c.AbortWithStatus(http.StatusGone)
			return []authz.Permission{held}, nil
		}, 410, "", ""},
		"aborted, to be written further out": {func(c *gin.Context) ([]authz.Permission, error) {
			c.Status(http.StatusGone)
			c.Abort()
			return nil, errors.New("gone")
		}, 410, "", ""},
	} {
		for _, user := range []authz.UserID{"dana", "ana"} {
			if user == "ana" && name == "one lacking" { // an administrator lacks nothing
				continue
			}
			log.Reset()
			g := ginguard.New(engine, signedIn, guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}) // a guard logs it once a minute
			w := send(guarded(g.RequireFunc(c.permissions)), user, "GET", "/x")
			if w.Code != c.want {
				t.Errorf("%s as %s: %d, want %d", name, user, w.Code, c.want)
			}
			if body := w.Body.String(); !strings.Contains(body, c.body) || c.want != 200 && strings.Contains(body, "through") {
				t.Errorf("%s as %s: %s", name, user, body)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%s: the answer tells the error", name)
			}
			if (log.Len() > 0) != (c.logs != "") || !strings.Contains(log.String(), c.logs) || strings.Count(log.String(), "\n") > 1 {
				t.Errorf("%s as %s: logged %s", name, user, &log)
			}
		}
	}
}

// A middleware before the guard may have begun the answer; that doesn't decide.
func TestRequireFuncAfterTheAnswerBegan(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	handler := g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) {
		return []authz.Permission{"finance.balances:view"}, nil
	})
	r := gin.New()
	r.GET("/x", func(c *gin.Context) { c.Writer.WriteHeaderNow() }, handler, through)
	if got := send(r, "dana", "GET", "/x").Body.String(); got != "through" {
		t.Errorf("who may got %q", got)
	}
	if got := send(r, "cleo", "GET", "/x").Body.String(); got != "" {
		t.Errorf("who may not got %q", got)
	}
}

// A recovery that doesn't abort would let Gin run the next handler.
func TestPanicNeverAllows(t *testing.T) {
	engine := scenario(t, "backoffice")
	healthy := ginguard.New(engine, signedIn, quiet)
	broken := ginguard.New(engine, func(*gin.Context) authz.UserID { panic("the session store is away") }, quiet)
	permissions := func(*gin.Context) ([]authz.Permission, error) { panic("no such request") }
	for name, handler := range map[string]gin.HandlerFunc{
		"Require":                broken.Require("finance.balances:view"),
		"RequireAny":             broken.RequireAny("finance.balances:view"),
		"RequireFunc":            broken.RequireFunc(permissions),
		"RequireFunc's function": healthy.RequireFunc(permissions),
	} {
		for recovery, handle := range map[string]gin.HandlerFunc{
			"Gin's": gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) }),
			"a lazy": func(c *gin.Context) {
				defer func() { _ = recover() }()
				c.Next()
			},
		} {
			r := gin.New()
			r.Use(handle)
			r.GET("/x", handler, through)
			if body := send(r, "ana", "GET", "/x").Body.String(); strings.Contains(body, "through") {
				t.Errorf("%s, %s recovery: got through", name, recovery)
			}
		}
	}
}

// The host may answer anonymous requests itself, at once or in an outer middleware.
func TestCurrentUserMayAnswer(t *testing.T) {
	for name, answer := range map[string]func(*gin.Context){
		"redirects": func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/login"); c.Abort() },
		"aborts":    func(c *gin.Context) { c.Status(http.StatusSeeOther); c.Abort() },
		"writes":    func(c *gin.Context) { c.String(http.StatusSeeOther, "elsewhere") },
	} {
		g := ginguard.New(scenario(t, "backoffice"), func(c *gin.Context) authz.UserID { answer(c); return "" }, quiet)
		for _, handler := range []gin.HandlerFunc{
			g.Require("finance.balances:view"),
			g.RequireAny("finance.balances:view"),
			g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { panic("called for an anonymous request") }),
		} {
			w := send(guarded(handler), "", "GET", "/x")
			if w.Code != http.StatusSeeOther || strings.Contains(w.Body.String(), "urn:") || strings.Contains(w.Body.String(), "through") {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	}
}

// A user who can't be established gets 503 and isn't let in, whatever CurrentUser returns beside the error.
func TestIdentityThatFails(t *testing.T) {
	var log bytes.Buffer
	away := errors.New("the session store is away")
	engine := scenario(t, "backoffice")
	for name, currentUser := range map[string]ginguard.CurrentUser{
		"an error and no user": func(c *gin.Context) authz.UserID { _ = c.Error(away); return "" },
		"an error and a user":  func(c *gin.Context) authz.UserID { _ = c.Error(away); return "ana" },
		"of a request":         ginguard.FromRequest(func(*http.Request) (authz.UserID, error) { return "ana", away }),
	} {
		log.Reset()
		g := ginguard.New(engine, currentUser, guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for method, handler := range map[string]gin.HandlerFunc{
			"Require":    g.Require("finance.balances:view"),
			"RequireAny": g.RequireAny("finance.balances:view"),
			"RequireFunc": g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) {
				t.Errorf("%s: the permissions of a request were asked for", name)
				return []authz.Permission{"finance.balances:view"}, nil
			}),
		} {
			w := send(guarded(handler), "", "GET", "/x")
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "away") {
				t.Errorf("%s, %s: %d %v %s", name, method, w.Code, w.Header(), w.Body)
			}
		}
		if n := strings.Count(log.String(), away.Error()); n != 1 { // of the first, and then once a minute
			t.Errorf("%s: logged %d times: %s", name, n, &log)
		}
	}
}

// Errors that other handlers have added before say nothing about the user.
func TestErrorsOfOtherHandlers(t *testing.T) {
	user := ginguard.FromRequest(func(*http.Request) (authz.UserID, error) { return "ana", nil })
	g := ginguard.New(scenario(t, "backoffice"), user, quiet)
	r := gin.New()
	r.GET("/x", func(c *gin.Context) { _ = c.Error(errors.New("a warning")) }, g.Require("finance.balances:view"), through)
	if w := send(r, "", "GET", "/x"); w.Code != http.StatusOK {
		t.Error(w.Code)
	}
	answers := func(c *gin.Context) authz.UserID {
		_ = c.AbortWithError(http.StatusTeapot, errors.New("the host answers by itself"))
		return ""
	}
	if w := send(guarded(ginguard.New(scenario(t, "backoffice"), answers, quiet).Require("finance.balances:view")), "", "GET", "/x"); w.Code != http.StatusTeapot {
		t.Error(w.Code)
	}
}

// A guard records what it let through, and nothing of what it refused.
func TestAllowedRequestsAreRecorded(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Bootstrap: "ana", Usage: authz.UsageOptions{On: true}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	grant(t, engine, "ben", "orders:view", "orders:approve", "orders:ship")
	g := ginguard.New(engine, signedIn, quiet)
	some := func(p ...authz.Permission) gin.HandlerFunc {
		return g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return p, nil })
	}
	for _, handler := range []gin.HandlerFunc{
		g.Require("orders:view"), g.RequireAny("settings:view", "orders:approve"), some("orders:ship"),
		g.Require("orders:view", "settings:view"), some("settings:view"),
	} {
		send(guarded(handler), "ben", "GET", "/x")
	}
	if err := engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := engine.Stats().UsesRecorded; n != 3 {
		t.Errorf("%d uses recorded, not 3", n)
	}
}
