package main

import (
	"testing"

	"github.com/rightful-go/rightful/api/openapi"
)

func TestFixesAreCommands(t *testing.T) {
	for _, c := range []struct {
		method openapi.FixOperationMethod
		path   string
		body   *openapi.RulesDelta
		want   string
	}{
		{"PUT", "/groups/Requests%20desk/members/cleo", nil, "rightful group members 'Requests desk' add cleo"},
		{"PUT", "/groups/Desk/members/cleo?until=never", nil, "rightful group members Desk add cleo"},
		{"PUT", "/groups/Desk/members/cleo?until=2030-12-01T00:00:00Z", nil, "PUT /groups/Desk/members/cleo?until=2030-12-01T00:00:00Z"},
		{"PUT", "/groups/Desk/members/-x", nil, "rightful group members Desk add -- -x"},
		{"DELETE", "/groups/Desk/members/o%27neill", nil, `rightful group members Desk remove 'o'\''neill'`},
		{"PATCH", "/groups/50%25/permissions", &openapi.RulesDelta{Grant: []string{"a:b", "finance.*:*"}}, "rightful group grant '50%' a:b 'finance.*:*'"},
		{"PATCH", "/groups/Desk/permissions", &openapi.RulesDelta{Lift: []string{"a:b"}}, "rightful group lift Desk a:b"},
		{"PATCH", "/users/cleo/permissions", &openapi.RulesDelta{Grant: []string{"a.b:c", "/x/:id:GET"}}, "rightful user grant cleo a.b:c /x/:id:GET"},
		{"PATCH", "/users/cleo/permissions", &openapi.RulesDelta{Revoke: []string{"a:b", "c:*"}}, "rightful user revoke cleo a:b 'c:*'"},
		{"PATCH", "/groups/Desk/permissions", &openapi.RulesDelta{Grant: []string{"a:b"}, Revoke: []string{"c:d"}}, `PATCH /groups/Desk/permissions {"grant":["a:b"],"revoke":["c:d"]}`},
		{"PATCH", "/users/a%2Cb/permissions", &openapi.RulesDelta{Grant: []string{"a:b"}}, "rightful user grant 'a,b' a:b"},
		{"PATCH", "/users/-x/permissions", &openapi.RulesDelta{Lift: []string{"a:b"}}, "rightful user lift -- -x a:b"},
		{"PATCH", "/users/cleo/later", &openapi.RulesDelta{Lift: []string{"a:b"}}, `PATCH /users/cleo/later {"lift":["a:b"]}`},
		{"PATCH", "/groups/Desk/permissions", &openapi.RulesDelta{Grant: []string{"a:b"}, Lift: []string{"c:d"}}, `PATCH /groups/Desk/permissions {"grant":["a:b"],"lift":["c:d"]}`},
		{"PUT", "/later", nil, "PUT /later"},
	} {
		if got := operationText(openapi.FixOperation{Method: c.method, Path: c.path, Body: c.body}); got != c.want {
			t.Errorf("%s %s: %s, not %s", c.method, c.path, got, c.want)
		}
	}
}
