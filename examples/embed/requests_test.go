package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// officeWithRequests takes requests for access on the page of a 403, and tells administrators of them.
func officeWithRequests(ctx context.Context, store authz.Store, mailAdministrators func(context.Context, authz.AccessRequest)) (*authz.Engine, *guard.Guard, error) {
	catalog := permissions.Catalog()
	currentUser := func(*http.Request) (authz.UserID, error) { return "cleo", nil }
	engine, err := authz.Open(ctx, store, authz.Options{
		Catalog:  catalog,
		Requests: authz.RequestOptions{Notify: mailAdministrators},
	})
	if err != nil {
		return nil, nil, err
	}
	return engine, guard.New(engine, currentUser, guard.Options{
		API:        "/api/v1",
		FormFields: func(r *http.Request) map[string]string { return map[string]string{"csrf_token": tokenOf(r)} },
	}), nil
}

// tokenOf stands for the token of a host's protection from forged requests.
func tokenOf(*http.Request) string { return "a-token" }

// The guide's form carries the host's token, and the host is told of a request.
func TestGuideRequests(t *testing.T) {
	told := make(chan authz.AccessRequest, 1)
	store := memstore.New()
	engine, g, err := officeWithRequests(t.Context(), store, func(_ context.Context, r authz.AccessRequest) { told <- r })
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	request := httptest.NewRequest("GET", "/reports", nil)
	request.Header.Set("Accept", "text/html")
	page := httptest.NewRecorder()
	g.Require(viewReports)(http.NotFoundHandler()).ServeHTTP(page, request)
	for _, want := range []string{`action="/api/v1/access-requests"`, `name="csrf_token" value="a-token"`, `name="return" value="/reports"`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("%s is not on the page:\n%s", want, page.Body)
		}
	}
	if _, _, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Permissions: []authz.Permission{viewReports}}); err != nil {
		t.Fatal(err)
	}
	if r := <-told; r.User != "cleo" || r.State != authz.RequestOpen {
		t.Errorf("told of %+v", r)
	}
}
