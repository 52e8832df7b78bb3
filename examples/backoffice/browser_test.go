package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/internal/testservers"
)

// After asking /me, a page shows the actions that the user may take and hides the others.
func TestPagesHideUnavailableActions(t *testing.T) {
	browser := findBrowser(t)
	o := newOffice(t)
	o.want(http.StatusOK, "PUT", "/api/v1/groups/Deposit%20viewers/permissions", `{"grants":["finance.operations:view"],"restrictions":[]}`,
		o.signIn("ana"), asJSON, "If-Match: *")
	const form = `<form class="fields" method="post" action="/operations" data-needs="finance.operations:create"`
	for user, hidden := range map[string]bool{"ana": false, "dana": false, "cleo": true} {
		page := open(t, browser, o, user, "/operations")
		_, rest, found := strings.Cut(page, form)
		attributes, _, _ := strings.Cut(rest, ">")
		if !found || strings.Contains(attributes, "hidden") != hidden {
			t.Errorf("for %s, want hidden %v:\n%s", user, hidden, page)
		}
	}
}

func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	testservers.Lacking(t, "chromium", "no Chromium was found")
	return ""
}

// open returns a page after a browser ran its scripts.
func open(t *testing.T, browser string, o *office, user, path string) string {
	t.Helper()
	token := strings.TrimPrefix(string(o.signIn(user)), "Authorization: ")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", token) // the browser has no cookie
		o.handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	page, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=5000", "--dump-dom", server.URL+path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
