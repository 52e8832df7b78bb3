package api_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api"
)

func TestMetadata(t *testing.T) {
	for _, c := range []struct{ identifier, at, endpoints string }{
		{"https://pdp.example.com", "/.well-known/authzen-configuration", "/access/v1"},
		{"https://pdp.example.com/tenants/a.b~1", "/.well-known/authzen-configuration/tenants/a.b~1", "/tenants/a.b~1/access/v1"},
		{"http://127.0.0.1:8080", "/.well-known/authzen-configuration", "/access/v1"},
		{"http://[::1]:8080", "/.well-known/authzen-configuration", "/access/v1"},
		{"http://localhost", "/.well-known/authzen-configuration", "/access/v1"},
	} {
		d := newPoint(t, func(o *api.AuthZENOptions) { o.PolicyDecisionPoint = c.identifier })
		request := httptest.NewRequest("GET", c.at, nil)
		request.Host = "evil.example.com"
		r := d.sendAs("", request, "X-Forwarded-Host", "evil.example.com", "Forwarded", "host=evil.example.com", "X-Request-ID", "7").want(200)
		want := map[string]any{"policy_decision_point": c.identifier}
		for name, path := range map[string]string{
			"access_evaluation_endpoint": "/evaluation", "access_evaluations_endpoint": "/evaluations", "search_subject_endpoint": "/search/subject",
			"search_action_endpoint": "/search/action", "search_resource_endpoint": "/search/resource",
		} {
			want[name] = strings.TrimSuffix(c.identifier, strings.TrimSuffix(c.endpoints, "/access/v1")) + c.endpoints + path
			if !d.ask("service", c.endpoints+path, question("alice", "read", "record", "record-1")).answered() {
				t.Errorf("%s: nothing answers at %s", c.identifier, c.endpoints+path)
			}
		}
		if got := r.json(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v", c.identifier, got)
		}
		if r.header.Get("X-Request-ID") != "7" || r.header.Get("Content-Type") != "application/json" || r.header.Get("Cache-Control") != "max-age=3600" {
			t.Errorf("the header is %v", r.header)
		}
	}
	d := newPoint(t)
	d.sendAs("", httptest.NewRequest("GET", "/.well-known/authzen-configuration?x=1", nil)).problem(400, "malformed-request")
}

func (r reply) answered() bool { return r.status == 200 }

// Without an identifier there is no metadata, and without a lister no resource search.
func TestAuthZENWithoutOptions(t *testing.T) {
	d := newPoint(t, func(o *api.AuthZENOptions) { *o = api.AuthZENOptions{} })
	if w := send(d.handler, "", "GET", "/.well-known/authzen-configuration"); w.Code != 404 {
		t.Errorf("the metadata answers %d", w.Code)
	}
	if !d.ask("service", "/access/v1/evaluation", question("alice", "read", "record", "1")).decision() {
		t.Error("it doesn't evaluate")
	}
	d.ask("service", "/access/v1/search/resource", question("alice", "read", "record", "1")).problem(404, "not-found")
	d.ask("service", "/access/v1/search/resource", "{").problem(400, "malformed-request")
	d.ask("alice", "/access/v1/search/resource", question("alice", "read", "record", "1")).problem(403, "forbidden")

	d = newPoint(t, func(o *api.AuthZENOptions) { o.Resources = nil })
	if got := d.sendAs("", httptest.NewRequest("GET", "/.well-known/authzen-configuration", nil)).json(); got["search_resource_endpoint"] != nil {
		t.Errorf("the metadata is %v", got)
	}
}
