package authz_test

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// With a cycle in the table, decisions and explanations still end.
func TestCycleInTheTable(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t, row("g", "group:Juniors", "group:Trainees"), row("g", "group:Trainees", "group:Juniors"))
	for _, p := range []authz.Permission{"a.b:view", "a.c:edit"} {
		if engine.Can("jo", p) != engine.Explain("jo", p).Allowed {
			t.Errorf("Can and Explain differ on %q", p)
		}
	}
	if engine.Can("jo", "a.c:edit") || !engine.Can("jo", "a.b:view") || len(engine.View().PermissionsOf("jo")) != 0 {
		t.Error("decisions are wrong")
	}
}
