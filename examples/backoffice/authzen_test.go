package main

import (
	"net/http"
	"testing"
)

// Another service can find the AuthZEN endpoints and ask about clients' requests.
func TestAuthZEN(t *testing.T) {
	c := testConfig(t)
	c.identifier = identifierOf("127.0.0.1:8080")
	o, _ := openOffice(t, c)
	var metadata map[string]string
	o.want(http.StatusOK, "GET", "/.well-known/authzen-configuration", "").decode(t, &metadata)
	if metadata["policy_decision_point"] != "http://127.0.0.1:8080" ||
		metadata["access_evaluation_endpoint"] != "http://127.0.0.1:8080/access/v1/evaluation" || metadata["search_resource_endpoint"] == "" {
		t.Errorf("the metadata is %v", metadata)
	}

	ana, cleo := o.signIn("ana"), o.signIn("cleo")
	for action, want := range map[string]bool{"view": true, "update": false} {
		body := `{"subject":{"type":"user","id":"cleo"},"action":{"name":"` + action + `"},"resource":{"type":"clients.requests.deposit","id":"1"}}`
		var answer struct{ Decision *bool }
		o.want(http.StatusOK, "POST", "/access/v1/evaluation", body, ana, asJSON).decode(t, &answer)
		if answer.Decision == nil || *answer.Decision != want {
			t.Errorf("cleo may %s: %v", action, answer.Decision)
		}
		o.want(http.StatusForbidden, "POST", "/access/v1/evaluation", body, cleo, asJSON)
		o.want(http.StatusUnauthorized, "POST", "/access/v1/evaluation", body, asJSON)
	}

	for kind, want := range map[string][]string{"clients.requests.deposit": {"1"}, "clients.requests.transfer": {}, "clients.requests": {}, "nothing": {}} {
		body := `{"subject":{"type":"user","id":"cleo"},"action":{"name":"view"},"resource":{"type":"` + kind + `"}}`
		var found struct{ Results []struct{ Type, ID string } }
		o.want(http.StatusOK, "POST", "/access/v1/search/resource", body, ana, asJSON).decode(t, &found)
		if len(found.Results) < len(want) || len(want) == 0 && len(found.Results) > 0 {
			t.Errorf("of %s cleo may see %v", kind, found.Results)
		}
		for i, id := range want {
			if r := found.Results[i]; r.ID != id || r.Type != kind {
				t.Errorf("result %d is %v", i, r)
			}
		}
	}
}

// Metadata is published only if the address is known before the start.
func TestNoMetadataWithoutAddress(t *testing.T) {
	for address, want := range map[string]string{"127.0.0.1:0": "", "127.0.0.1:80": "http://127.0.0.1:80", "[::1]:8080": "http://[::1]:8080"} {
		if got := identifierOf(address); got != want {
			t.Errorf("%s is %q", address, got)
		}
	}
	newOffice(t).want(http.StatusNotFound, "GET", "/.well-known/authzen-configuration", "")
}
