package rest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rightful-go/rightful/api/client/internal/rest"
	"github.com/rightful-go/rightful/api/openapi"
)

func TestNamesAreEscapedInPaths(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.RequestURI
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	client, err := rest.NewClient(server.URL + "/api/v1")
	if err != nil {
		t.Fatal(err)
	}
	limit := 5
	response, err := client.ListGroupMembers(t.Context(), "A, B & 50%", &openapi.ListGroupMembersParams{Limit: &limit})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if want := "/api/v1/groups/A%2C%20B%20&%2050%25/members?limit=5"; asked != want {
		t.Errorf("asked for %s, not %s", asked, want)
	}
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("answered %s", response.Status)
	}
}
