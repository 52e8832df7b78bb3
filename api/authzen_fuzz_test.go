package api_test

import (
	"slices"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// FuzzAuthZENBodies sends arbitrary bodies to AuthZEN's operations. Each gets an answer that the
// document describes (see hold), and each decision is the engine's decision about the question as
// another JSON parser reads it.
func FuzzAuthZENBodies(f *testing.F) {
	var paths []string
	for _, o := range api.AuthZENOperations() {
		if o.Method == "POST" {
			paths = append(paths, o.Path)
		}
	}
	seeds := []string{
		``, `{}`, `[]`, `null`, `"x"`, `{"subject":`, "\xff", `{"a":1,"a":2}`, `{"subject":{"type":"user","id":"\ud800"}}`,
		question("dave", "read", "record", "record-2"),
		`{` + about("dave", "read", "record", "1") + `,"evaluations":[{},{"resource":{"type":"record","id":"record-2"}},{"action":1}],"options":{"evaluations_semantic":"deny_on_first_deny"}}`,
		withPage(question("alice", "read", "record", "1"), `{"limit":1e0,"token":"eyJvZiI6IiIsImFmdGVyIjoiIiwibGltaXQiOjB9"}`),
		`{` + about("alice", "read", "record", "1") + `,"context":{"n":[1e999,-0,{"\u0000":[]}]},"page":{"limit":1}}`,
	}
	for i := range paths {
		for _, body := range seeds {
			f.Add(byte(i), body)
		}
	}
	d := newPoint(f)
	f.Fuzz(func(t *testing.T, which byte, body string) {
		d.t = t
		path := paths[int(which)%len(paths)]
		r := d.ask("service", path, body)
		switch {
		case slices.Contains([]int{400, 413}, r.status):
			if r.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d comes as %v", r.status, r.header)
			}
		case r.status != 200:
			t.Errorf("answered %d: %s", r.status, r.body)
		case path == "/access/v1/evaluation":
			if want := d.decide(body); r.decision() != want {
				t.Errorf("%s: %v, the engine says %v", body, !want, want)
			}
		}
	})
}

// decide answers a question that another reader understands.
func (d *desk) decide(body string) bool {
	d.t.Helper()
	type entity struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	var q struct {
		Subject  entity `json:"subject"`
		Resource entity `json:"resource"`
		Action   struct {
			Name string `json:"name"`
		} `json:"action"`
	}
	if err := json.Unmarshal([]byte(body), &q); err != nil {
		d.t.Fatalf("%s was answered, but is no question: %v", body, err)
	}
	return q.Subject.Type == "user" &&
		d.engine.View().Permits(authz.UserID(q.Subject.ID), q.Action.Name, authz.Resource{Type: q.Resource.Type, ID: q.Resource.ID})
}
