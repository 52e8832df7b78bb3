package authz_test

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// The links of a cycle in the table are quarantined, and deny what they might restrict.
func TestCycleInTheTable(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t, row("g", "group:Juniors", "group:Trainees"), row("g", "group:Trainees", "group:Juniors"))
	for _, p := range []authz.Permission{"a.b:view", "a.c:edit"} {
		if engine.Can("jo", p) != engine.Explain("jo", p).Allowed {
			t.Errorf("Can and Explain differ on %q", p)
		}
	}
	if engine.Can("jo", "a.c:edit") || engine.Can("jo", "a.b:view") || !engine.Can("ben", "a.b:view") || len(engine.View().BadRows()) != 2 {
		t.Errorf("decisions are wrong; %+v", engine.View().BadRows())
	}
}
