package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

func TestEmbed(t *testing.T) {
	r := gin.New()
	r.Use(gin.BasicAuth(gin.Accounts{"ana": "x", "ben": "x"}))
	if err := addRightful(t.Context(), r, filepath.Join(t.TempDir(), "rightful.db")); err != nil {
		t.Fatal(err)
	}
	want := func(status int, user, method, path, body string) {
		t.Helper()
		q := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		q.Header.Set("Content-Type", "application/json")
		q.SetBasicAuth(user, "x")
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		if w.Code != status {
			t.Fatalf("%s %s as %s answers %d, want %d: %s", method, path, user, w.Code, status, w.Body)
		}
	}
	want(http.StatusOK, "ana", "GET", "/reports", "")
	want(http.StatusForbidden, "ben", "GET", "/reports", "")
	want(http.StatusCreated, "ana", "POST", "/api/v1/groups",
		`{"name":"Readers","permissions":{"grants":["reports:view"],"restrictions":[]}}`)
	want(http.StatusNoContent, "ana", "PUT", "/api/v1/groups/Readers/members/ben", "")
	want(http.StatusOK, "ben", "GET", "/reports", "")
}

// The README shows the code of rightful.go, which has at most the twenty lines that it promises.
func TestREADMEShowsThisCode(t *testing.T) {
	code, err := os.ReadFile("rightful.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, function, _ := strings.Cut(string(code), "\n\nfunc ")
	function = "func " + function
	if !strings.Contains(string(readme), function) {
		t.Error("the code in the README differs from rightful.go")
	}
	if n := strings.Count(strings.TrimSpace(function), "\n") - 1; n > 20 {
		t.Errorf("the code has %d lines", n)
	}
}
