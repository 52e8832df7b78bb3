package api_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// Who is calling only the host's callback says: nothing that a client can set makes somebody of
// nobody, or another of somebody.
func TestNoHeaderIsAnIdentity(t *testing.T) {
	d := newDesk(t)
	claims := []string{
		"Authorization", "Bearer admin", "Cookie", "session=admin; user=admin", "From", "admin",
		"Forwarded", "for=admin", "Remote-User", "admin", "User", "admin", "X-Auth-Request-User", "admin",
		"X-Forwarded-User", "admin", "X-Original-User", "admin", "X-Remote-User", "admin", "X-User", "admin", "X-User-Id", "admin",
		"X-HTTP-Method-Override", "DELETE", "X-Original-URL", "/api/v1/export", "X-Rewrite-URL", "/api/v1/export",
	}
	d.do("", "GET", "/export", "", claims...).problem(401, "unauthenticated")
	d.do("", "GET", "/me?user=admin", "", claims...).problem(401, "unauthenticated")
	d.do("cleo", "GET", "/export", "", claims...).problem(403, "forbidden")
	if got := d.do("cleo", "GET", "/me", "", claims...).want(200).json()["user"]; got != "cleo" {
		t.Errorf("the caller is %v", got)
	}
}

// A line of the log is one event: what a client sends can't begin another.
func TestLogLinesCantBeForged(t *testing.T) {
	const forged = "%0Atime=2026-03-02T09:30:00Z%20level=INFO%20msg=forged%0D%E2%80%A8%00%1B%5B2J"
	before := slog.Default()
	defer slog.SetDefault(before)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var log bytes.Buffer
		logger := slog.New(handler(&log))
		slog.SetDefault(logger)
		d := newDesk(t, func(o *authz.Options) { o.Logger = logger })
		log.Reset()
		beside := unlogged(t, func() {
			d.mount(d.engine)
			d.do("admin", "PUT", "/groups/Finance/members/ben", "", "Rightful-Reason", "a"+forged).problem(422, "invalid")
			d.do("admin", "PUT", "/groups/x"+forged+"/members/ben", "").problem(404, "not-found")
			d.do("admin", "PUT", "/groups/Finance/members/ben"+forged, "").problem(422, "invalid")
			d.do("admin", "GET", "/groups?"+forged, "").problem(400, "malformed-request")
			r := gin.New()
			api.Mount(r.Group("/api/v1"), d.engine, func(c *gin.Context) authz.UserID {
				panic(fmt.Sprint("no session for ", c.Request.URL.Path, c.GetHeader("X-Request-ID")))
			})
			d.handler = r
			d.do("admin", "GET", "/groups/x"+forged, "", "X-Request-ID", "1\n2").problem(500, "internal")
		})

		if beside != "" {
			t.Errorf("%s: something goes past the log: %q", name, beside)
		}
		lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
		if len(lines) != 1 || !strings.Contains(lines[0], "no session") {
			t.Errorf("%s: one event has %d lines: %s", name, len(lines), &log)
		}
		if strings.ContainsAny(log.String(), "\x00\x1b\r\u2028") {
			t.Errorf("%s: the log has what steers terminals: %q", name, &log)
		}
	}
}

// unlogged returns what is written past every logger meanwhile, where nothing quotes it.
func unlogged(t *testing.T, do func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "beside"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out, errors, ginOut, ginErrors := os.Stdout, os.Stderr, gin.DefaultWriter, gin.DefaultErrorWriter
	os.Stdout, os.Stderr, gin.DefaultWriter, gin.DefaultErrorWriter = file, file, file, file
	defer func() {
		os.Stdout, os.Stderr, gin.DefaultWriter, gin.DefaultErrorWriter = out, errors, ginOut, ginErrors
	}()
	do()
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
