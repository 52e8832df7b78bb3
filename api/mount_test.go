package api_test

import (
	"bytes"
	"context"
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

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// pathTricks are paths that other routers clean, redirect or decode twice (hazard 25). Here each is a
// name, or nothing.
var pathTricks = []struct {
	path   string
	status int
}{
	{"/groups/Finance", 200},
	{"/groups/%46inance", 200}, // F
	{"/groups/50%25%20+%20a", 200},
	{"/groups/50%25%20%2B%20a", 200},
	{"/groups/50%25%20%20%20a", 404},
	{"/groups/50%2525%20+%20a", 404},

	{"/", 404},
	{"//", 404},
	{"/.", 404},
	{"/..", 404},
	{"/groups/", 404},
	{"/groups//", 404},
	{"//groups", 404},
	{"/groups/Finance/", 404},
	{"/groups//permissions", 404},
	{"/groups/Finance//permissions", 404},
	{"/users//groups", 404},
	{"/Groups", 404},
	{"/GROUPS/Finance", 404},
	{"/groups/Finance/Permissions", 404},
	{"/%67roups", 404},
	{"/groups%2FFinance", 404},
	{"/groups%2fFinance", 404},
	{"%2Fgroups", 404},
	{"/groups/Finance%2Fpermissions", 404},
	{"/groups/Finance%2F", 404},
	{"/groups/%2FFinance", 404},
	{"/./groups", 404},
	{"/groups/./Finance", 404},
	{"/groups/.", 404},
	{"/groups/..", 404},
	{"/groups/%2E", 404},
	{"/groups/%2e%2e", 404},
	{"/groups/../groups", 404},
	{"/users/../groups/Finance", 404},
	{"/x/../groups", 404},
	{"/groups/..%2Fgroups", 404},
	{"/groups/Finance%00", 404},
	{"/groups/Finance%20", 404},
	{"/groups/Finance;x=1", 404},
	{"/groups/Finance.json", 404},
	{"/groups/%FF", 404},
	{"/groups/finance", 404},
	{"/groups/Finance%E2%80%8B", 404},
	{"/users/..", 422},
	{"/users/%2E%2E", 422},
	{"/users/.", 422},
	{"/users/a%2Fb", 422},
	{"/users/%FF", 422},
	{"/users/%00", 422},
	{"/users/../groups", 422},
	{"/users/x%20", 422},
	{"/users/group:Finance", 422},
	{"/nothing", 404},
	{"/me/", 404},
	{"/me/x", 404},
	{"/openapi.json/", 404},
	{"/openapi.JSON", 404},
	{"/api/v1/groups", 404},
}

func TestPathTricks(t *testing.T) {
	d := newDesk(t)
	_, err := d.engine.As("admin").CreateGroup(t.Context(), authz.GroupSpec{Name: "50% + a"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range pathTricks {
		r := d.get("admin", c.path).want(c.status)
		if c.status >= 300 && r.header.Get("Location") != "" {
			t.Errorf("%s is sent to %s", c.path, r.header.Get("Location"))
		}
		if c.status == 404 {
			r.problem(404, "not-found")
		}
		// Without rights there is no difference between a name and another.
		if strings.HasPrefix(c.path, "/users/") && c.status == 422 {
			d.get("cleo", c.path).problem(403, "forbidden")
		}
	}
}

// A path that can't be parsed is a 404.
func TestPathOfARequestMadeByHand(t *testing.T) {
	d := newDesk(t)
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.URL.RawPath = "/api/v1/groups/%zz" },
		func(r *http.Request) { r.URL.RawPath = "/api/v1/users/admin" }, // differs from Path, which takes precedence
		func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/api/v1/groups/Nobody", "" },
	} {
		r := d.request("admin", "GET", "/groups/Nobody", nil)
		change(r)
		d.send(r).problem(404, "not-found")
	}
}

func TestUnsupportedMethods(t *testing.T) {
	d := newDesk(t)
	allowed := map[string][]string{}
	for _, o := range api.Operations() {
		allowed[o.Path] = append(allowed[o.Path], o.Method)
	}
	named := strings.NewReplacer("{group}", "Finance", "{user}", "cleo", "{revision}", "1")
	for path, methods := range allowed {
		slices.Sort(methods)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "QUERY", "UPDATEREDIRECTREF"} {
			if slices.Contains(methods, method) {
				continue
			}
			for _, user := range []string{"admin", ""} {
				r := d.do(user, method, named.Replace(path), "").want(405)
				if method != "HEAD" {
					r.problem(405, "method-not-allowed")
				}
				got := strings.Split(r.header.Get("Allow"), ", ")
				slices.Sort(got)
				if !slices.Equal(got, methods) {
					t.Errorf("%s %s: Allow is %q, not %q", method, path, got, methods)
				}
			}
		}
	}
}

// Settings of the host's router don't apply below the mount, and the path of the mount may have
// parameters and special characters.
func TestMountAnywhere(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ mount, at string }{
		{"/", ""},
		{"/api/v1", "/api/v1"},
		{"/tenants/:tenant/api", "/tenants/a%20b/api"},
		{"/tenants/:tenant/api/", "/tenants/groups/api"},
		{"/ä", "/%C3%A4"},
	} {
		for name, set := range map[string]func(*gin.Engine){
			"plain":    func(*gin.Engine) {},
			"raw":      func(r *gin.Engine) { r.UseRawPath = true },
			"raw kept": func(r *gin.Engine) { r.UseRawPath, r.UnescapePathValues = true, false },
			"lenient": func(r *gin.Engine) {
				r.RemoveExtraSlash, r.RedirectFixedPath, r.HandleMethodNotAllowed = true, true, true
			},
		} {
			r := gin.New()
			set(r)
			api.Mount(r.Group(c.mount), d.engine, signedIn)
			if w := send(r, "admin", "GET", c.at+"/groups/Requests%20desk"); w.Code != 200 {
				t.Errorf("%s, %s: answered %d", c.mount, name, w.Code)
			}
			if w := send(r, "admin", "GET", c.at+"/groups/Requests%20desk/"); w.Code != 404 {
				t.Errorf("%s, %s: a slash at the end is answered %d", c.mount, name, w.Code)
			}
			if w := send(r, "admin", "GET", c.at+"/groups/Finance%2Fpermissions"); w.Code != 404 {
				t.Errorf("%s, %s: a slash within a name is answered %d", c.mount, name, w.Code)
			}
			made := httptest.NewRequest("POST", c.at+"/groups?dry_run=false", strings.NewReader(`{"name":"new one"}`))
			made.Header.Set("Content-Type", "application/json")
			made = made.WithContext(context.WithValue(made.Context(), signedInKey{}, authz.UserID("admin")))
			w := httptest.NewRecorder()
			r.ServeHTTP(w, made)
			if got := w.Header().Get("Location"); got != c.at+"/groups/new%20one" {
				t.Errorf("%s, %s: Location is %s", c.mount, name, got)
			}
			if w := send(r, "admin", "DELETE", w.Header().Get("Location"), "If-Match", "*"); w.Code != 204 {
				t.Errorf("%s, %s: deleting answered %d", c.mount, name, w.Code)
			}
		}
	}
}

// The host's middlewares run first, and CurrentUser sees their results.
func TestHostMiddlewaresRunBefore(t *testing.T) {
	d := newDesk(t)
	r := gin.New()
	r.Use(func(c *gin.Context) {
		c.Set("user", c.GetHeader("Token"))
		c.Header("X-Host", "was here")
	})
	api.Mount(r.Group("/api"), d.engine, func(c *gin.Context) authz.UserID { return authz.UserID(c.GetString("user")) })
	w := send(r, "", "GET", "/api/me", "Token", "cleo")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"user":"cleo"`) || w.Header().Get("X-Host") == "" {
		t.Errorf("answered %d %s %v", w.Code, w.Body, w.Header())
	}
	// The host's log and metrics read what was answered.
	seen := 0
	r = gin.New()
	r.Use(func(c *gin.Context) {
		c.Next()
		seen = c.Writer.Status()
	})
	api.Mount(r.Group("/api"), d.engine, signedIn)
	for path, want := range map[string]int{"/api/me": 200, "/api/nothing": 404, "/api/groups": 403} {
		if send(r, "cleo", "GET", path); seen != want {
			t.Errorf("for %s the host sees %d", path, seen)
		}
	}
	if send(r, "admin", "PUT", "/api/groups/Finance/members/ben"); seen != 204 {
		t.Errorf("for a 204 the host sees %d", seen)
	}
}

// A host may answer anonymous requests itself.
func TestSignInIsTheHosts(t *testing.T) {
	d := newDesk(t)
	for want, currentUser := range map[string]api.CurrentUser{
		`Bearer`:              func(*gin.Context) authz.UserID { return "" },
		`Bearer realm="desk"`: func(c *gin.Context) authz.UserID { c.Header("WWW-Authenticate", `Bearer realm="desk"`); return "" },
	} {
		r := gin.New()
		api.Mount(r.Group("/api"), d.engine, currentUser)
		w := send(r, "", "GET", "/api/me")
		if w.Code != 401 || w.Header().Get("WWW-Authenticate") != want {
			t.Errorf("answered %d with %v", w.Code, w.Header())
		}
	}
	r := gin.New()
	api.Mount(r.Group("/api"), d.engine, func(c *gin.Context) authz.UserID {
		c.Redirect(http.StatusSeeOther, "/login")
		c.Abort()
		return ""
	})
	if w := send(r, "", "GET", "/api/me"); w.Code != 303 || w.Header().Get("Location") != "/login" || strings.Contains(w.Body.String(), "urn:") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

// A panic is answered with a 500 without details, and no secrets of the request are logged.
func TestPanicIsAnswered(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	d := newDesk(t)
	r := gin.New()
	api.Mount(r.Group("/api"), d.engine, func(*gin.Context) authz.UserID { panic(errors.New("the session store broke")) })
	w := send(r, "", "GET", "/api/groups/Finance?q=s3cret", "Authorization", "Bearer s3cret", "Cookie", "s3cret")
	if got := decode(t, w); w.Code != 500 || got["type"] != "urn:rightful:problem:internal" || strings.Contains(w.Body.String(), "session") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if text := log.String(); !strings.Contains(text, "the session store broke") || !strings.Contains(text, "/groups/:group") || strings.Contains(text, "s3cret") {
		t.Errorf("logged %s", text)
	}
	// What net/http uses to break a connection off goes on to it.
	r = gin.New()
	api.Mount(r.Group("/api"), d.engine, func(*gin.Context) authz.UserID { panic(http.ErrAbortHandler) })
	defer func() {
		if fault := recover(); fault != http.ErrAbortHandler {
			t.Errorf("it became %v", fault)
		}
	}()
	send(r, "", "GET", "/api/me")
	t.Error("it was swallowed")
}

func TestMountPanicsOnNil(t *testing.T) {
	d := newDesk(t)
	for name, mount := range map[string]func(){
		"engine":      func() { api.Mount(gin.New(), nil, signedIn) },
		"currentUser": func() { api.Mount(gin.New(), d.engine, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic without %s", name)
				}
			}()
			mount()
		}()
	}
}

// Reads of the store are bounded, and end if the client is gone.
func TestReadingEndsWithTheRequest(t *testing.T) {
	d := newDesk(t)
	bounded := 0
	d.store.OnCall(func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); ok {
			bounded++
		}
		return nil
	}, authztest.CallBefore)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := d.request("auditor", "GET", "/changes", nil)
	r = r.WithContext(context.WithValue(ctx, signedInKey{}, authz.UserID("auditor")))
	d.send(r).problem(503, "store-unavailable")
	if bounded == 0 {
		if d.get("auditor", "/changes").want(200); bounded == 0 {
			t.Error("the store is read without a deadline")
		}
	}
}

// One event is one line of the log: no input can begin another.
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

// unlogged returns what was written past the loggers, where nothing is quoted.
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
