package authz_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The sources of a group's rules are listed once each, with a shortest path, however many paths there are.
func TestRuleSources(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	var below []authz.GroupName
	for layer := range 8 { // 4^7 paths lead from the first to the last
		var names []authz.GroupName
		for i := range 4 {
			names = append(names, authz.GroupName(fmt.Sprint("Layer ", layer, " ", i)))
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: names[i], Inherits: below}))
		}
		below = names
	}
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "alone"}))
	sources := engine.View().RuleSources("Layer 7 2")
	if len(sources) != 7*4+1 {
		t.Fatalf("there are %d sources", len(sources))
	}
	for i, s := range sources {
		var layer, number int
		if _, err := fmt.Sscanf(string(s.Group), "Layer %d %d", &layer, &number); err != nil {
			t.Fatal(err)
		}
		if s.Path[0] != "Layer 7 2" || s.Path[len(s.Path)-1] != s.Group || len(s.Path) != 8-layer || i > 0 && sources[i-1].Group >= s.Group {
			t.Errorf("source %d is %v", i, s)
		}
	}
	if list := engine.View().RuleSources("alone"); len(list) != 1 || len(list[0].Path) != 1 {
		t.Errorf("a group that inherits nothing has %v", list)
	}
	for _, spec := range []authz.GroupSpec{{Name: "a way"}, {Name: "end"}, {Name: "start", Inherits: []authz.GroupName{"a way", "end"}}} {
		must(t)(ana.CreateGroup(ctx, spec))
	}
	must(t)(ana.UpdateGroup(ctx, "a way", authz.GroupPatch{Inherits: &[]authz.GroupName{"end"}}))
	if first := engine.View().RuleSources("start")[1]; fmt.Sprint(first.Path) != "[start end]" {
		t.Errorf("the path is %v, which isn't the shortest", first.Path)
	}
	if list := engine.View().RuleSources("Nobody"); list != nil {
		t.Errorf("no group has %v", list)
	}
}
