package api_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func operatedEngine(t *testing.T) *authz.Engine {
	t.Helper()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// An operator needs no user, may do what an administrator may, and is recorded as the command.
func TestOperatorActsAsTheCommand(t *testing.T) {
	engine := operatedEngine(t)
	handler := api.Operator(engine, "eve@host")
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		if body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		return answer
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		contains           string
	}{
		{"POST", "/groups", `{"name":"Desk","permissions":{"grants":["a:*","rightful.groups:view"]}}`, 201, `"updated_by":{"kind":"command","id":"eve@host"}`},
		{"GET", "/groups/Desk", "", 200, `"allowed":["update","delete","assign"]`},
		{"GET", "/groups/Administrators", "", 200, `"allowed":["assign"]`},
		{"PUT", "/groups/Administrators/members/ben", "", 204, ""},
		{"GET", "/users/cleo", "", 200, `"allowed":["update","delete","assign"]`},
		{"GET", "/users/cleo/explanation?permission=a:b", "", 200, `"allowed":true,"operations"`},
		{"GET", "/status", "", 200, `"head":`},
		{"GET", "/me/rights", "", 200, `"administrator":true`},
		{"GET", "/changes", "", 200, `"channel":"command"`},
		{"GET", "/nowhere", "", 404, `urn:rightful:problem:not-found`},
		{"PATCH", "/groups/Administrators/permissions", `{"revoke":["*:*"]}`, 409, `protected-group`},
	} {
		answer := ask(c.method, c.path, c.body)
		if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.contains) {
			t.Errorf("%s %s: %d %s, not %d with %s", c.method, c.path, answer.Code, answer.Body, c.status, c.contains)
		}
	}
	change, err := engine.Change(t.Context(), engine.View().Revision())
	if want := (authz.Actor{Kind: authz.ActorCommand, ID: "eve@host"}); err != nil || change.Actor != want || change.Channel != "command" {
		t.Errorf("recorded as %+v over %q, %v", change.Actor, change.Channel, err)
	}
}

// If someone serves the handler by mistake, it refuses every request.
func TestOperatorRefusesRequestsOfANetwork(t *testing.T) {
	engine := operatedEngine(t)
	server := httptest.NewServer(api.Operator(engine, "eve@host"))
	defer server.Close()
	before := engine.View().Revision()
	for _, path := range []string{"/groups", "/openapi.json", "/groups/Administrators/members/mallory"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "Administrators") {
			t.Errorf("PUT %s: %d %s", path, answer.StatusCode, body)
		}
	}
	if now := engine.View().Revision(); now != before {
		t.Errorf("revision %d became %d", before, now)
	}
}
