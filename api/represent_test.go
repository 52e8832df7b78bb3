package api_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// Lists of origins are bounded, the counts are totals, and grants never crowd out a restriction.
func TestOriginsAreBounded(t *testing.T) {
	d := newDesk(t)
	for i := range 120 {
		name := authz.GroupName(fmt.Sprintf("Team %d", i))
		_, err := d.engine.As("admin").CreateGroup(t.Context(), authz.GroupSpec{
			Name: name, Permissions: authz.Rules{Grants: []authz.Pattern{"system.settings:view"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.engine.As("admin").Assign(t.Context(), name, "ben"); err != nil {
			t.Fatal(err)
		}
	}
	held := d.get("viewer", "/users/ben").want(200).json()["effective"].([]any)[0].(map[string]any)
	if len(held["origins"].([]any)) != 20 || held["origin_count"] != 120.0 {
		t.Errorf("%d of %v origins are listed of a user", len(held["origins"].([]any)), held["origin_count"])
	}
	d.do("admin", "POST", "/groups", `{"name":"Zero","permissions":{"restrictions":["system.*:view"]}}`).want(201)
	d.do("admin", "PUT", "/groups/Zero/members/ben", "").want(204)
	asked := d.explain("viewer", "ben", []string{"system.settings:view"}).Permissions[0]
	last := asked.Origins[len(asked.Origins)-1]
	if len(asked.Origins) != 100 || asked.OriginCount != 121 || last.Rule != "restriction" || asked.Allowed {
		t.Errorf("%d of %d origins are explained, the last is %v", len(asked.Origins), asked.OriginCount, last)
	}
}
