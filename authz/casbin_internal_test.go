package authz

import (
	"fmt"
	"testing"
)

// The enforcer stops where plain Casbin does, so that a comparison finds what the engine would follow too far
// (finding C6).
func TestEnforcerStopsWhereCasbinStops(t *testing.T) {
	t.Parallel()
	const last = 12
	var d Delta
	name := func(i int) GroupName { return GroupName(fmt.Sprintf("G%d", i)) }
	for i := 1; i <= last; i++ {
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: name(i)}})
		d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: name(i).Subject(), Pattern: Pattern(fmt.Sprintf("g%d:view", i))})
		if i > 1 {
			d.Added = append(d.Added, Rule{Kind: KindInherit, Subject: name(i - 1).Subject(), Group: name(i)})
		}
	}
	d.Added = append(d.Added, Rule{Kind: KindMember, Subject: "ben", Group: name(1)})
	s := applied(t, emptySnapshot(nil), d) // as no operation and no load would leave it
	enforce, err := (&View{s: s, catalog: &catalog{}}).Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	v := &verifier{report: func(Discrepancy) { found++ }}
	for i := 1; i <= last; i++ {
		allowed, err := enforce("ben", fmt.Sprintf("g%d", i), "view")
		if want := i <= maxCasbinSteps; allowed != want || err != nil {
			t.Errorf("after %d steps: %v, %v", i, allowed, err)
		}
		p := Permission(fmt.Sprintf("g%d:view", i))
		v.check(decision{s, "ben", []Permission{p}, s.can("ben", p)}, enforce, nil)
	}
	if found != last-maxCasbinSteps {
		t.Errorf("Verify finds %d differences", found)
	}
}
