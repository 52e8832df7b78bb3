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
	whole := explained(t, v, held, newOriginBudget(originsListed), true)
	if len(held) != 50 || len(whole) != 50 {
		t.Fatalf("%d of %d permissions", len(whole), len(held))
	}
	var parts []PermissionExplanation
	for asked := 0; len(parts) < len(held); asked++ {
		budget := newOriginBudget(originsListed)
		budget.steps = 1000
		part := explained(t, v, held[len(parts):], budget, true)
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
	if n := len(explained(t, v, held, spent, false)); n != len(held) {
		t.Errorf("an explanation has %d of %d permissions", n, len(held))
	}
}

func explained(t *testing.T, v *View, permissions []Permission, budget *originBudget, partial bool) []PermissionExplanation {
	t.Helper()
	list, err := v.explain(newPace(t.Context()), "eve", permissions, budget, partial)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
