package main

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Whoever has the id of a denial learns what would help, from the service that denied it.
func TestWhy(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler),
		Catalog: authz.Catalog{{Permission: "a:b", Label: "Do it", Category: []string{"Things"}}, {Permission: "a:c", Label: "Undo it"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	_, err = engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:*"}}})
	if err != nil {
		t.Fatal(err)
	}
	gin.SetMode(gin.ReleaseMode) // it says less
	r := gin.New()
	api.Mount(r.Group("/api/v1"), engine, func(c *gin.Context) authz.UserID {
		id, _ := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		return authz.UserID(id)
	})
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	ask := func(token string, args ...string) (int, string) {
		var out bytes.Buffer
		getenv := func(name string) string {
			return map[string]string{"RIGHTFUL_URL": server.URL + "/api/v1", "RIGHTFUL_TOKEN": token}[name]
		}
		code := run(t.Context(), append([]string{"why"}, args...), environment{getenv, &out, &out})
		return code, out.String()
	}

	id := string(engine.RecordDenial(engine.Decide(authz.Question{User: "cleo", Permissions: []authz.Permission{"a:b"}}), "POST", "/do").ID)
	code, said := ask("ana", id)
	for end := time.Now().Add(10 * time.Second); code != succeeded && time.Now().Before(end); { // it is written within a second
		code, said = ask("ana", id)
	}
	for _, text := range []string{
		"cleo was refused POST /do", "lacks a:b (Things > Do it)", " 1. put cleo into Desk\n    gives 1 permissions besides; you may\n    PUT /groups/Desk/members/cleo",
		"grant a:b to cleo",
	} {
		if code != succeeded || !strings.Contains(said, text) {
			t.Errorf("%d, without %q: %s", code, text, said)
		}
	}
	if code, said := ask("ana", "-o", "json", "cleo", "a:b"); code != succeeded || !strings.HasPrefix(said, `{"user":"cleo"`) {
		t.Errorf("%d: %s", code, said)
	}
	if code, said := ask("ana", "ana", "a:b", "a:c"); code != succeeded || !strings.Contains(said, "ana holds all of it") {
		t.Errorf("%d: %s", code, said)
	}
	if code, said := ask("cleo", id); code != failed || !strings.Contains(said, "rightful.users:view") {
		t.Errorf("%d: %s", code, said)
	}
	if code, _ := ask("ana"); code != misused {
		t.Errorf("without arguments it ended with %d", code)
	}
	try(t, misused, "why", "cleo", "a:b")
}
