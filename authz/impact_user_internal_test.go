package authz

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Rules that were collected answer as each group does.
func TestCollectedRulesAnswerAsGroupsDo(t *testing.T) {
	t.Parallel()
	patterns, permissions := patternUniverse()
	c, err := newCatalog(Catalog{{Permission: permissions[0], Label: "First"}})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		d := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: Administrators}}}, Added: []Rule{administratorsRule}}
		for i := range 12 {
			name := GroupName(fmt.Sprint("G", i))
			d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: name}})
			for at := r.IntN(20); at < len(patterns); at += 1 + r.IntN(60) {
				kind := KindGrant
				if r.IntN(4) == 0 {
					kind = KindRestriction
				}
				d.Added = append(d.Added, Rule{Kind: kind, Subject: name.Subject(), Pattern: patterns[at]})
			}
			if i > 0 {
				d.Added = append(d.Added, Rule{Kind: KindInherit, Subject: name.Subject(), Group: GroupName(fmt.Sprint("G", r.IntN(i)))})
			}
			if r.IntN(3) == 0 {
				d.Added = append(d.Added, Rule{Kind: KindMember, Subject: "ben", Group: name})
			}
		}
		d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: "ben", Pattern: patterns[r.IntN(len(patterns))]})
		if seed%4 == 0 {
			d.Added = append(d.Added, Rule{Kind: KindMember, Subject: "ben", Group: Administrators})
		}
		v := &View{s: applied(t, emptySnapshot(nil), d), catalog: c}
		asking, err := v.impactUser(nil, v.s.user("ben"), 0)
		collected, other := v.impactUser(nil, v.s.user("ben"), 1<<40)
		if err != nil || other != nil || asking.held != nil || collected.held == nil {
			t.Fatal(err, other)
		}
		for _, p := range append(permissions, "rightful.members/G1:assign", "none") {
			if asking.effect(p) != collected.effect(p) || asking.allows(p) != collected.allows(p) || asking.names(p) != collected.names(p) {
				t.Fatalf("seed %d: %s: %v and %v", seed, p, asking.effect(p), collected.effect(p))
			}
		}
	}
}
