package authz

import (
	"reflect"
	"testing"
)

// A list of origins ends early when its steps are spent. What it has is what the whole list has, and the rest can be asked
// for.
func TestOriginsEndWithTheirSteps(t *testing.T) {
	t.Parallel()
	v := &View{s: hub(t, 50), catalog: &catalog{}}
	held := v.PermissionsOf("eve")
	whole := v.Origins("eve", held...)
	if len(held) != 50 || len(whole) != 50 {
		t.Fatalf("%d of %d permissions", len(whole), len(held))
	}
	var parts []PermissionExplanation
	for asked := 0; len(parts) < len(held); asked++ {
		budget := newOriginBudget(originsListed)
		budget.steps = 1000
		part := v.explain("eve", held[len(parts):], budget, true)
		if len(part) == 0 || len(part) > 10 || budget.steps < -1000 {
			t.Fatalf("1000 steps explain %d permissions, and %d steps are left", len(part), budget.steps)
		}
		parts = append(parts, part...)
	}
	if !reflect.DeepEqual(parts, whole) {
		t.Error("the parts aren't the whole")
	}
	spent := newOriginBudget(originsExplained)
	spent.steps = 0
	if n := len(v.explain("eve", held, spent, false)); n != len(held) {
		t.Errorf("an explanation has %d of %d permissions", n, len(held))
	}
}
