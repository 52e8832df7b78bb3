package main

import (
	"io"
	"reflect"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// What the engine decides here is what the interface answers, bad rows and unknown users included.
func TestDecisionsAreThoseOfTheInterface(t *testing.T) {
	t.Chdir(t.TempDir())
	s := &shell{t: t, env: map[string]string{}, where: onDatabase}
	s.backoffice()
	execute(t, "policy.db", "INSERT INTO casbin_rule (id, ptype, v0) VALUES (70, 'p', 'cleo')")
	execute(t, "policy.db", "INSERT INTO casbin_rule (id, ptype, v0) VALUES (71, 'p', 'group:Trainees')")
	var from source
	p, err := from.open(t.Context(), process{stderr: io.Discard, getenv: func(name string) string { return s.env[name] }})
	check(t, err)
	defer p.close()
	var permissions []string
	for _, e := range p.engine.View().Catalog(nil, "") {
		permissions = append(permissions, string(e.Permission))
	}
	permissions = append(permissions, "not.declared:view", permissions[0])
	asked := 0
	for _, user := range append(p.engine.View().Users(authz.UserQuery{}), "nobody") {
		here, err := p.decide(t.Context(), string(user), permissions)
		check(t, err)
		there, err := p.decideAt(t.Context(), 0, string(user), permissions)
		check(t, err)
		asked += len(there.Permissions)
		if !reflect.DeepEqual(here, there) {
			t.Errorf("about %s the engine says\n%+v\nand the interface\n%+v", user, here, there)
		}
	}
	if asked < 200 {
		t.Errorf("asked %d questions", asked)
	}
}
