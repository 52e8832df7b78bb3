package api_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func init() { gin.SetMode(gin.TestMode) }

// scenario returns an engine over one of the two scenarios that the engine's tests use too.
func scenario(t testing.TB, name string) *authz.Engine {
	t.Helper()
	seed := &authz.Seed{}
	read := func(file string, into func(io.Reader) error) {
		f, err := os.Open(filepath.Join("..", "authz", "testdata", name, file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := into(f); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	read("permissions.csv", func(r io.Reader) (err error) { seed.Catalog, err = policycsv.ReadCatalog(r); return })
	read("groups.csv", func(r io.Reader) (err error) { seed.Groups, err = policycsv.ReadGroups(r); return })
	read("policy.csv", func(r io.Reader) (err error) { seed.Policy, err = policycsv.ReadPolicy(r); return })
	engine, err := authz.Open(t.Context(), authz.NewMemoryStore(), authz.Options{Seed: seed, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

type signedInKey struct{}

// signedIn is the CurrentUser of the tests: what their requests carry and no client can send.
func signedIn(c *gin.Context) authz.UserID {
	user, _ := c.Request.Context().Value(signedInKey{}).(authz.UserID)
	return user
}

// send serves one request as the user.
func send(r http.Handler, user authz.UserID, method, target string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, nil)
	request = request.WithContext(context.WithValue(request.Context(), signedInKey{}, user))
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	return w
}

// guarded serves GET /x behind a guard. Whoever gets through reads "through".
func guarded(guard gin.HandlerFunc) *gin.Engine {
	r := gin.New()
	r.GET("/x", guard, through)
	return r
}

func through(c *gin.Context) { c.String(http.StatusOK, "through") }

// quiet is the options of a guard whose log is of no interest.
var quiet = api.GuardOptions{Logger: slog.New(slog.DiscardHandler)}

func TestScenariosOverHTTP(t *testing.T) {
	for _, name := range []string{"backoffice", "chat"} {
		t.Run(name, func(t *testing.T) {
			guard := api.NewGuardWith(scenario(t, name), signedIn, quiet)
			f, err := os.Open(filepath.Join("..", "authz", "testdata", name, "decisions.csv"))
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
					"Require":     guard.Require(permission),
					"RequireAny":  guard.RequireAny(permission),
					"RequireFunc": guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return []authz.Permission{permission}, nil }),
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
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet)
	const held, alsoHeld, lacking = "finance.operations:create", "finance.balances:adjust", "system.settings:view" // of dana
	for _, c := range []struct {
		name    string
		handler gin.HandlerFunc
		want    int
	}{
		{"all held", guard.Require(held, alsoHeld), http.StatusOK},
		{"last lacking", guard.Require(held, lacking), http.StatusForbidden},
		{"first lacking", guard.Require(lacking, held), http.StatusForbidden},
		{"any: first", guard.RequireAny(held, lacking), http.StatusOK},
		{"any: last", guard.RequireAny(lacking, held), http.StatusOK},
		{"any: none", guard.RequireAny(lacking, "system.settings:update"), http.StatusForbidden},
	} {
		if got := send(guarded(c.handler), "dana", "GET", "/x").Code; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// Whoever isn't signed in is asked to sign in, whatever the route needs; a user who is named
// like a group is nobody in particular.
func TestWhoIsCalling(t *testing.T) {
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet)
	asked := false
	handlers := map[string]gin.HandlerFunc{
		"Require":    guard.Require("finance.balances:view"),
		"RequireAny": guard.RequireAny("finance.balances:view", "finance.balances:adjust"),
		"RequireFunc": guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) {
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
				t.Error("RequireFunc's function was called for nobody")
			}
		}
	}
}

func TestChangeCountsOnTheNextRequest(t *testing.T) {
	engine := scenario(t, "backoffice")
	r := guarded(api.NewGuardWith(engine, signedIn, quiet).Require("finance.balances:view"))
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

func TestGuardsThatCantBeMadePanicAtSetUp(t *testing.T) {
	engine := scenario(t, "backoffice")
	guard := api.NewGuardWith(engine, signedIn, quiet)
	for name, c := range map[string]struct {
		make func()
		says string
	}{
		"no permission":       {func() { guard.Require() }, "Require was given no permission"},
		"any of none":         {func() { guard.RequireAny() }, "RequireAny was given no permission"},
		"wildcard":            {func() { guard.Require("clients.*:view") }, `Require("clients.*:view"): the permission contains "*"`},
		"everything":          {func() { guard.Require("*:*") }, `Require("*:*")`},
		"any action":          {func() { guard.Require("clients.profiles:*") }, `"*"`},
		"second is a pattern": {func() { guard.RequireAny("clients.profiles:view", "clients.*:view") }, `RequireAny("clients.*:view")`},
		"no colon":            {func() { guard.Require("clients") }, "object:action"},
		"no action":           {func() { guard.Require("clients:") }, "object:action"},
		"empty":               {func() { guard.Require("") }, "object:action"},
		"empty segment":       {func() { guard.Require("a..b:view") }, "empty segment"},
		"line break":          {func() { guard.Require("a\n:view") }, "U+000A"},
		"no function":         {func() { guard.RequireFunc(nil) }, "no function"},
		"no engine":           {func() { api.NewGuard(nil, signedIn) }, "needs an engine"},
		"no CurrentUser":      {func() { api.NewGuard(engine, nil) }, "who is signed in"},
		"challenge":           {func() { api.NewGuardWith(engine, signedIn, api.GuardOptions{Challenge: "Basic\r\nSet-Cookie: a=b"}) }, "Challenge"},
		"sign-in":             {func() { api.NewGuardWith(engine, signedIn, api.GuardOptions{SignIn: "javascript:alert(1)"}) }, "SignIn"},
		"tell":                {func() { api.NewGuardWith(engine, signedIn, api.GuardOptions{Tell: 7}) }, "Tell 7"},
		"no texts":            {func() { api.NewGuardWith(engine, signedIn, api.GuardOptions{Texts: []api.Texts{{Language: "fr"}}}) }, `"fr" lack SignInFirst`},
		"no place for a user": {func() { api.NewGuardWith(engine, signedIn, api.GuardOptions{Texts: []api.Texts{anonymous}}) }, "{user}"},
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

func TestPermissionsThatTheCatalogLacksAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	options := api.GuardOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, options)
	for range 2 {
		guard.Require("clients.profiles:view", "clients.profiles.17:view", "rightful.groups:view", "rightful.members/Finance:assign")
		guard.Require("nowhere.declared:view")
		guard.RequireAny("nowhere.declared:view", "clients.profiles/17:view", "clients.profiles.1/7:view")
	}
	if n := strings.Count(log.String(), "\n"); n != 3 ||
		!strings.Contains(log.String(), "permission=nowhere.declared:view") ||
		!strings.Contains(log.String(), "permission=clients.profiles/17:view") {
		t.Errorf("logged:\n%s", &log)
	}

	log.Reset()
	free, err := authz.Open(t.Context(), authz.NewMemoryStore(), authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	api.NewGuardWith(free, signedIn, options).Require("nowhere.declared:view")
	if log.Len() > 0 {
		t.Errorf("without a catalog of the application's, logged:\n%s", &log)
	}
}

// What a guard was given can't be changed behind its back.
func TestGuardKeepsItsPermissions(t *testing.T) {
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet)
	permissions := []authz.Permission{"system.settings:view"}
	r := guarded(guard.Require(permissions...))
	permissions[0] = "finance.balances:view"
	if got := send(r, "dana", "GET", "/x").Code; got != http.StatusForbidden {
		t.Errorf("got %d", got)
	}
}

func TestRequireFunc(t *testing.T) {
	var log bytes.Buffer
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, api.GuardOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	give := func(permissions ...authz.Permission) func(*gin.Context) ([]authz.Permission, error) {
		return func(*gin.Context) ([]authz.Permission, error) { return permissions, nil }
	}
	const held = "finance.balances:view"
	for name, c := range map[string]struct {
		permissions func(*gin.Context) ([]authz.Permission, error)
		want        int
		body, logs  string
	}{
		"held":          {give(held), 200, "through", ""},
		"one lacking":   {give(held, "system.settings:view"), 403, "You need 1 more permission to do this.", ""},
		"none":          {give(), 403, "You may not do this.", "no permission"},
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
			w := send(guarded(guard.RequireFunc(c.permissions)), user, "GET", "/x")
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

// What a guard takes for well-formed at first sight is.
func FuzzPlainPermission(f *testing.F) {
	for _, seed := range []string{
		"a:b", "clients.requests.deposit:view", "/orders/17:read", "a/b.c:d", "a_b-c.9:X", "a..b:c", "a.:b", ".a:b", "//a:b", "a:", ":b",
		"a", "a:b:c", "a b:c", "a.*:b", "*:*", "rightful.members/a/b:assign", "rightful.members/a.b:assign", "é:b", "a,b:c",
		strings.Repeat("a", 100) + ":b", strings.Repeat("a", 101) + ":b", "a:" + strings.Repeat("b", 101),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if err := authz.Permission(p).Check(); err != nil && api.IsPlain(authz.Permission(p)) {
			t.Errorf("%q %v", p, err)
		}
	})
}

func TestUsualPermissionsArePlain(t *testing.T) {
	for _, p := range []authz.Permission{"a:b", "clients.requests.deposit:view", "/orders/17:read", "x-y_z.1:Do"} {
		if !api.IsPlain(p) {
			t.Errorf("%q is checked at length on every request", p)
		}
	}
}

// A middleware before the guard may have begun the answer; that decides nothing.
func TestRequireFuncAfterTheAnswerBegan(t *testing.T) {
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet)
	handler := guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) {
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

// A recovery that swallows the panic and doesn't abort would let Gin run the next handler.
func TestPanicNeverAllows(t *testing.T) {
	engine := scenario(t, "backoffice")
	healthy := api.NewGuardWith(engine, signedIn, quiet)
	broken := api.NewGuardWith(engine, func(*gin.Context) authz.UserID { panic("the session store is away") }, quiet)
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

// The host may answer those who aren't signed in itself, at once or further out.
func TestCurrentUserMayAnswer(t *testing.T) {
	for name, answer := range map[string]func(*gin.Context){
		"redirects": func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/login"); c.Abort() },
		"aborts":    func(c *gin.Context) { c.Status(http.StatusSeeOther); c.Abort() },
		"writes":    func(c *gin.Context) { c.String(http.StatusSeeOther, "elsewhere") },
	} {
		guard := api.NewGuardWith(scenario(t, "backoffice"), func(c *gin.Context) authz.UserID { answer(c); return "" }, quiet)
		for _, handler := range []gin.HandlerFunc{
			guard.Require("finance.balances:view"),
			guard.RequireAny("finance.balances:view"),
			guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { panic("called for nobody") }),
		} {
			w := send(guarded(handler), "", "GET", "/x")
			if w.Code != http.StatusSeeOther || strings.Contains(w.Body.String(), "urn:") || strings.Contains(w.Body.String(), "through") {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	}
}

// decode reads a problem document.
func decode(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &document); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return document
}
