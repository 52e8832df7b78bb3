package main

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

const password = "open sesame"

// routes maps each permission to the route that requires it.
var routes = map[string][2]string{
	"chats:view": {"GET", "/chats"}, "chats:reply": {"POST", "/chats/reply"}, "chats:transfer": {"POST", "/chats/transfer"},
	"chats:monitor": {"GET", "/monitor"}, "reports:view": {"GET", "/reports"},
	"chatbot:view": {"GET", "/chatbot"}, "chatbot:configure": {"POST", "/chatbot"}, "management:view": {"GET", "/management"},
	"settings:view": {"GET", "/settings"}, "settings:update": {"POST", "/settings"},
	"users:view": {"GET", "/users"}, "users:update": {"POST", "/users"},
}

func newChat(t *testing.T) (*authz.Engine, http.Handler) {
	t.Helper()
	engine, err := openEngine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	handler, err := newHandler(engine, password)
	if err != nil {
		t.Fatal(err)
	}
	return engine, handler
}

func ask(t *testing.T, h http.Handler, user, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestDecisionsOverHTTP(t *testing.T) {
	_, h := newChat(t)
	file, err := os.Open("../../authz/testdata/chat/decisions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decisions, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(decisions) < 13 {
		t.Fatalf("only %d lines of decisions", len(decisions))
	}
	for _, d := range decisions[1:] {
		route, ok := routes[d[1]]
		if !ok {
			t.Fatalf("no route requires %s", d[1])
		}
		want := map[string]int{"true": http.StatusOK, "false": http.StatusForbidden}[d[2]]
		if w := ask(t, h, d[0], route[0], route[1]); w.Code != want {
			t.Errorf("%s %s as %s answers %d, want %d", route[0], route[1], d[0], w.Code, want)
		}
	}
}

// Each route requires exactly its permission.
func TestEveryPermissionHasItsRoute(t *testing.T) {
	engine, h := newChat(t)
	for _, entry := range engine.View().Catalog(nil, "") {
		if strings.HasPrefix(string(entry.Permission), "rightful.") {
			continue
		}
		route := routes[string(entry.Permission)]
		if w := ask(t, h, "uma", route[0], route[1]); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"`+string(entry.Permission)+`"`) {
			t.Errorf("%v answers uma %d %s, want %s missing", route, w.Code, w.Body, entry.Permission)
		}
	}
}

// The story: an operator gets a 403 for the settings, the administrator changes the operator's group,
// and the next request is allowed.
func TestOperatorOpensSettings(t *testing.T) {
	_, h := newChat(t)
	page := ask(t, h, "olga", "GET", "/settings", "Accept", "text/html")
	if page.Code != http.StatusForbidden || !strings.Contains(page.Body.String(), "Open the settings page") {
		t.Errorf("olga gets %d %s", page.Code, page.Body)
	}
	if w := ask(t, h, "root", "PUT", "/api/v1/groups/Manager/members/olga"); w.Code != http.StatusNoContent {
		t.Fatalf("root gets %d %s", w.Code, w.Body)
	}
	if w := ask(t, h, "olga", "GET", "/settings"); w.Code != http.StatusOK {
		t.Errorf("olga still gets %d", w.Code)
	}
}

func TestSignIn(t *testing.T) {
	_, h := newChat(t)
	anonymous := ask(t, h, "", "GET", "/chats?as=olga", "X-User", "olga")
	if anonymous.Code != http.StatusUnauthorized || !strings.HasPrefix(anonymous.Header().Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("an anonymous request gets %d, %v", anonymous.Code, anonymous.Header())
	}
	if w := ask(t, h, "stranger", "GET", "/chats"); w.Code != http.StatusUnauthorized {
		t.Errorf("a stranger with the password gets %d", w.Code)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/chats", nil)
	r.SetBasicAuth("olga", "wrong")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("a wrong password gets %d", w.Code)
	}
	if w := ask(t, h, "root", "POST", "/settings", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("another site gets %d", w.Code)
	}
}

func TestSeedIsScenario(t *testing.T) {
	for _, name := range []string{"permissions.csv", "groups.csv", "policy.csv"} {
		ours, err := files.ReadFile("seed/" + name)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile("../../authz/testdata/chat/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if string(ours) != string(theirs) {
			t.Errorf("%s differs", name)
		}
	}
}
