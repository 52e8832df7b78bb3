package fromcasbin

import (
	"context"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

const domainModel = `
[request_definition]
r = sub, dom, obj, act

[policy_definition]
p = sub, dom, obj, act

[role_definition]
g = _, _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act
`

// Each domain has a policy of its own, which decides as the old one did in this domain. A second start copies nothing.
func TestDomains(t *testing.T) {
	db, before := filledByCasbin(t, domainModel, `
		p, clerk, north, orders, view
		p, manager, north, orders, approve
		p, clerk, south, orders, approve
		p, dana, south, reports, export
		g, ben, clerk, north
		g, ana, manager, north
		g, ana, clerk, south
	`)
	allowed := 0
	for range 2 {
		for _, domain := range []string{"north", "south"} {
			engine, err := policyOf(t.Context(), db, domain)
			if err != nil {
				t.Fatal(err)
			}
			for _, user := range []string{"ana", "ben", "dana", "emil"} {
				for _, object := range []string{"orders", "reports"} {
					for _, action := range []string{"view", "approve", "export"} {
						want := enforce(t, before, user, domain, object, action)
						if engine.Can(authz.UserID(user), authz.Permission(object+":"+action)) != want {
							t.Errorf("in %s: %s, %s, %s: Casbin says %v, Rightful doesn't", domain, user, object, action, want)
						}
						if want {
							allowed++
						}
					}
				}
			}
			if revision := engine.View().Revision(); revision > 2 {
				t.Errorf("%s is at revision %d", domain, revision)
			}
			if err := engine.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
	if allowed != 2*4 {
		t.Errorf("%d questions are allowed, not 8", allowed)
	}
	if _, err := policyOf(t.Context(), db, "a; DROP TABLE casbin_rule"); err == nil {
		t.Error("a domain that can't be a prefix was accepted")
	}
}
