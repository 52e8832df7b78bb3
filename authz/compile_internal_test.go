package authz

import (
	"fmt"
	"testing"
)

// Symbols that no rule names any more are dropped in time.
func TestSymbolsAreRenewed(t *testing.T) {
	t.Parallel()
	s := emptySnapshot([]Permission{"declared:view"})
	apply := func(d Delta) {
		t.Helper()
		s = applied(t, s, d)
	}
	wild := Rule{Kind: KindGrant, Subject: "group:Desk", Pattern: "kept.*:view"}
	own := Rule{Kind: KindGrant, Subject: "ben", Pattern: "own:view"}
	apply(Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}},
		Added:  []Rule{wild, own, {Kind: KindMember, Subject: "ana", Group: "Desk"}},
	})
	for i := range 5000 {
		passing := Rule{Kind: KindGrant, Subject: "group:Desk", Pattern: Pattern(fmt.Sprintf("record%d.*:view", i))}
		if i%2 == 0 {
			passing.Pattern = Pattern(fmt.Sprintf("record%d:view", i))
		}
		apply(Delta{Added: []Rule{passing}})
		if p := Permission(fmt.Sprintf("record%d.x:view", i)); s.can("ana", p) != (i%2 == 1) {
			t.Fatalf("%q is %v", p, i%2 == 0)
		}
		apply(Delta{Removed: []Rule{passing}})
		if !s.can("ana", "kept.a:view") || s.can("ana", "keptless:view") || !s.can("ben", "own:view") || s.can("ben", "kept.a:view") {
			t.Fatalf("round %d: what stayed isn't as it was", i)
		}
	}
	if n := s.symbols.texts.Len() + s.symbols.names.Len(); n > 5000 {
		t.Errorf("%d texts and names are kept for two rules", n)
	}
	if s.symbols.names.Find("declared:view") == nil {
		t.Error("what the catalog declares lost its name")
	}
}
