package fromcasbin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
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
