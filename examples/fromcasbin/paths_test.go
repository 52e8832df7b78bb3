package fromcasbin

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
)

const pathModel = `
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.sub == p.sub && keyMatch2(r.obj, p.obj) && r.act == p.act
`

// The same requests are let through as before: the middleware asked plain Casbin about the path of the request, the
// guard asks about the path of the route. The list of differences has only paths, which nobody asks about any more.
func TestPaths(t *testing.T) {
	db, before := filledByCasbin(t, pathModel, `
		p, 888, /user/list, POST
		p, 888, /user/:id, GET
		p, 777, /user/:id, GET
	`)
	store, err := sqlite.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := authz.CheckAdoption(t.Context(), store, authz.AdoptOptions{Model: pathModel, SubjectsAsGroups: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range report.Comparison.Differences {
		if d.Cause != authz.CausePattern || !d.Before || slices.Contains(d.Values, "/user/:id") {
			t.Errorf("%v differs, by %s", d.Values, d.Cause)
		}
	}
	if report.Comparison.DifferenceCount == 0 || report.Count[authz.RowBad] != 0 {
		t.Errorf("there are %d differences and %d bad rows", report.Comparison.DifferenceCount, report.Count[authz.RowBad])
	}

	engine, err := takeOverPaths(t.Context(), store, pathModel)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	roles := map[authz.UserID]string{"ben": "888", "cleo": "777", "dana": ""}
	for user, role := range roles {
		if role == "" {
			continue
		}
		if _, err := engine.AsCommand("operator").Assign(t.Context(), authz.GroupName(role), user); err != nil {
			t.Fatal(err)
		}
	}
	r := gin.New()
	r.Use(func(c *gin.Context) { c.Set("user", c.GetHeader("User")) })
	ok := func(c *gin.Context) { c.Status(http.StatusOK) }
	if err := guardRoutes(r, engine, func(c *gin.Context) authz.UserID { return authz.UserID(c.GetString("user")) }, ok, ok); err != nil {
		t.Fatal(err)
	}
	for user, role := range roles {
		for _, request := range []struct{ method, path string }{{"GET", "/user/17"}, {"GET", "/user/18"}, {"POST", "/user/list"}} {
			want := http.StatusForbidden
			if enforce(t, before, role, request.path, request.method) {
				want = http.StatusOK
			}
			q := httptest.NewRequestWithContext(t.Context(), request.method, request.path, nil)
			q.Header.Set("User", string(user))
			w := httptest.NewRecorder()
			r.ServeHTTP(w, q)
			if w.Code != want {
				t.Errorf("%s %s as %s answers %d, not %d as with Casbin", request.method, request.path, user, w.Code, want)
			}
		}
	}
}

// While Casbin decides, what Rightful would decide otherwise is logged, and nothing else: a rule that was written to the old
// table after the copy, here.
func TestCompareBeforeTheSwitch(t *testing.T) {
	db, before := filledByCasbin(t, pathModel, "p, 888, /user/:id, GET")
	store, err := sqlite.New(t.Context(), db, gormstore.Options{Prefix: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	old, err := sqlite.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := authz.Open(t.Context(), store, authz.Options{
		Adopt: &authz.AdoptOptions{From: old, Model: pathModel, SubjectsAsGroups: true}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	if _, err := engine.AsCommand("operator").Assign(t.Context(), "888", "ben"); err != nil {
		t.Fatal(err)
	}
	if _, err := before.AddPolicy("888", "/user/:id", "DELETE"); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	was := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(was)
	r := gin.New()
	r.Use(func(c *gin.Context) {
		compare(c, engine, "ben", enforce(t, before, "888", c.Request.URL.Path, c.Request.Method))
	})
	r.Any("/user/:id", func(c *gin.Context) { c.Status(http.StatusOK) })
	for _, request := range []string{"GET /user/17", "PUT /user/17", "DELETE /user/17", "DELETE /user/17/nowhere"} {
		method, path, _ := strings.Cut(request, " ")
		log.Reset()
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), method, path, nil))
		logged := strings.Contains(log.String(), "casbin=true rightful=false method=DELETE route=/user/:id")
		if differs := request == "DELETE /user/17"; logged != differs || !differs && log.Len() > 0 {
			t.Errorf("%s logs %q", request, log.String())
		}
	}
}
