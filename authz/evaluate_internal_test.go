package authz

import (
	"fmt"
	"strings"
	"testing"
)

// Decisions that consult every rule allocate nothing.
func TestDeepDecisionsAllocateNothing(t *testing.T) {
	s := emptySnapshot(nil)
	d := Delta{}
	for i := range 5 {
		g := GroupName(fmt.Sprint("G", i))
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: g}})
		d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: g.Subject(), Pattern: Pattern(strings.Repeat("a.", 10*i) + "*:*")}, Rule{Kind: KindMember, Subject: "ben", Group: g})
	}
	d.Added = append(d.Added, Rule{Kind: KindRestriction, Subject: "ben", Pattern: "z.*:y"}, Rule{Kind: KindGrant, Subject: "ben", Pattern: Pattern("/" + strings.Repeat("a.", 49) + "*:v")})
	s, err := s.apply(update{revision: 1, delta: d})
	if err != nil {
		t.Fatal(err)
	}
	deep := []Permission{Permission(strings.Repeat("a.", 300) + "x:view"), Permission("/" + strings.Repeat("a.", 49) + "b.c:v")}
	if n := testing.AllocsPerRun(100, func() {
		if !s.canAll("ben", deep) {
			t.Error("denied")
		}
	}); n != 0 {
		t.Error(n)
	}
}
