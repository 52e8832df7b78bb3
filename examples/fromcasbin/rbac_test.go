package fromcasbin

import (
	"context"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
)

const rbacModel = `
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
`

// Roles become groups, and every decision stays: those of the old enforcer are asked again after the move.
func TestRBAC(t *testing.T) {
	db, before := filledByCasbin(t, rbacModel, `
		p, clerk, orders, view
		p, manager, orders, approve
		p, dana, reports, export
		g, ben, clerk
		g, ana, manager
		g, manager, clerk
	`)
	store, err := sqlite.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := takeOver(t.Context(), store, rbacModel)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	allowed := 0
	for _, user := range []string{"ana", "ben", "dana", "emil"} {
		for _, object := range []string{"orders", "reports"} {
			for _, action := range []string{"view", "approve", "export"} {
				want := enforce(t, before, user, object, action)
				if engine.Can(authz.UserID(user), authz.Permission(object+":"+action)) != want {
					t.Errorf("%s, %s, %s: Casbin says %v, Rightful doesn't", user, object, action, want)
				}
				if want {
					allowed++
				}
			}
		}
	}
	if allowed != 4 {
		t.Errorf("%d questions are allowed, not 4", allowed)
	}
	again, err := takeOver(t.Context(), store, rbacModel)
	if err != nil || again.View().Revision() != engine.View().Revision() {
		t.Fatalf("a second start: %v", err)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A row that would decide otherwise stops the move, and the error names a question.
func TestRBACThatDiffers(t *testing.T) {
	db, _ := filledByCasbin(t, rbacModel, `
		p, clerk, *, view
		g, ben, clerk
	`)
	store, err := sqlite.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := takeOver(t.Context(), store, rbacModel); err == nil || store.Unadopted() != true {
		t.Errorf("the table was taken over: %v", err)
	} else {
		t.Log(err)
	}
}
