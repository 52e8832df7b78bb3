package guard_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

type middleware = func(http.Handler) http.Handler

type signedInKey struct{}

// signedIn is the CurrentUser function of the tests: the context of their requests has the user.
func signedIn(r *http.Request) (authz.UserID, error) {
	user, _ := r.Context().Value(signedInKey{}).(authz.UserID)
	return user, nil
}

// quiet are options with a discarded log.
var quiet = guard.Options{Logger: slog.New(slog.DiscardHandler)}

// scenario returns an engine over one of the two scenarios of the engine's tests.
func scenario(t testing.TB, name string) *authz.Engine {
	t.Helper()
	return scenarioWith(t, name, authz.RequestOptions{})
}

// conceal returns an engine whose access requests tell no more than a guard with the option.
func conceal(t testing.TB, tell guard.Tell) *authz.Engine {
	t.Helper()
	return scenarioWith(t, "backoffice", authz.RequestOptions{Conceal: tell == guard.TellNothing})
}

func scenarioWith(t testing.TB, name string, requests authz.RequestOptions) *authz.Engine {
	t.Helper()
	seed, err := policycsv.ReadSeed(os.DirFS(filepath.Join("..", "..", "authz", "testdata", name)))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Seed: &seed, Requests: requests, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// obstacles returns an engine over a policy in which ben is granted "a:view", "a:edit" and "c:view". A
// restriction denies him the first two. cleo is granted the same, and a row that another program damaged denies
// her everything.
func obstacles(t testing.TB) *authz.Engine {
	t.Helper()
	store := authztest.NewStore()
	catalog := authz.Catalog{
		{Permission: "a:view", Label: "View a", Category: []string{"A"}},
		{Permission: "a:edit", Label: "Edit a", Category: []string{"A"}},
		{Permission: "b:view", Label: "View b", Category: []string{"B"}},
		{Permission: "c:view", Label: "View c", Category: []string{"C"}},
	}
	options := authz.Options{
		Catalog: catalog, Bootstrap: "ana", PollInterval: time.Hour, Logger: quiet.Logger,
		Requests: authz.RequestOptions{Conceal: true}, // for TellNothing
	}
	engine, err := authz.Open(t.Context(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	ana, ctx := engine.As("ana"), t.Context()
	_, err = ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:*", "c:view"}}})
	if err == nil {
		_, err = ana.Assign(ctx, "Desk", "ben", "cleo")
	}
	if err == nil {
		_, err = ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Restrict: []authz.Pattern{"a:*"}})
	}
	if err == nil {
		store.InsertRows(authz.Row{Type: "p", V: [6]string{"cleo", "x", "view", "Deny"}})
		err = engine.Refresh(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return engine
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

// guarded serves GET /x behind a guard. A user who gets through reads "through".
func guarded(m middleware) http.Handler {
	r := http.NewServeMux()
	r.Handle("GET /x", m(through))
	return r
}

var through = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "through") })

// expired returns an engine whose policy is too old for decisions.
func expired(t *testing.T) *authz.Engine {
	t.Helper()
	options := authz.Options{MaxAge: 1, PollInterval: 1 << 40, Logger: quiet.Logger}
	engine, err := authz.Open(t.Context(), memstore.New(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// anonymous are texts without a place for the user.
var anonymous = func() guard.Texts {
	texts := labeled("eo")
	texts.SignedInAs = "Saluton"
	return texts
}()

// denialID finds the id of a denial, which differs each time.
var denialID = regexp.MustCompile(`\b[A-Z2-7]{26}\b`)

// approving is what approving a deposit takes: permissions of three categories, of which cleo has
// the first.
var approving = []authz.Permission{
	"clients.requests.deposit:view", "finance.operations:create", "finance.operations:view", "system.requests.resolutions:view",
}

const asPage = "text/html"

var german = []guard.Texts{guard.German()}

// dump writes an answer as it goes over the wire, without the style sheet and the script, which are the same on all
// pages, and with one id for all denials.
func dump(w *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\n", w.Code, http.StatusText(w.Code))
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range w.Header() {
			if !yield(name) {
				return
			}
		}
	}) {
		for _, value := range w.Header()[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	b.WriteString("\n" + w.Body.String())
	text := b.String()
	for _, element := range []string{"style", "script"} {
		if content := contentOf(w, element); content != "" {
			text = strings.ReplaceAll(strings.ReplaceAll(text, content, "…"), hashOf(content), "…")
		}
	}
	return denialID.ReplaceAllString(text, "THEIDOFADENIAL")
}

// contentOf returns the content of the style sheet or the script of a page.
func contentOf(w *httptest.ResponseRecorder, element string) string {
	_, rest, _ := strings.Cut(w.Body.String(), "<"+element+">")
	content, _, _ := strings.Cut(rest, "</"+element+">")
	return content
}

func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func require(permissions ...authz.Permission) func(*guard.Guard) middleware {
	return func(g *guard.Guard) middleware { return g.Require(permissions...) }
}

func requireFunc(permissions ...authz.Permission) func(*guard.Guard) middleware {
	return func(g *guard.Guard) middleware {
		return g.RequireFunc(func(*http.Request) ([]authz.Permission, error) { return permissions, nil })
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./api/guard -update writes it", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test ./api/guard -update rewrites it. Got:\n%s", file, got)
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
