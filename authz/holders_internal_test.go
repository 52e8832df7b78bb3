package authz

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Holders and HoldingGroups agree with Can.
func TestHoldersMatchCan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	patterns := []Pattern{"a:v", "a:*", "a.b:v", "a.*:v", "*:v", "*:*", "a.b.*:*", Pattern("/" + strings.Repeat("a.", 49) + "*:v")}
	asked := []Permission{"a:v", "a.b:v", "a.b.c:v", "a.b.c:w", "z:z", Permission("/" + strings.Repeat("a.", 49) + "b:v"), "a.*:v", "a:*", "*:*", ""}
	for round := range 300 {
		d := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: Administrators}}}}
		names := []GroupName{Administrators}
		for i := range 5 {
			names = append(names, GroupName(fmt.Sprint("G", i)))
			d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: names[i+1]}})
		}
		seen := map[Rule]bool{}
		for range 25 {
			h := names[r.IntN(6)].Subject()
			if r.IntN(2) == 0 {
				h = Subject(fmt.Sprint("u", r.IntN(6)))
			}
			rule := Rule{Kind: []RuleKind{KindGrant, KindRestriction, KindMember}[min(2, r.IntN(6))], Subject: h, Pattern: patterns[r.IntN(len(patterns))]}
			if _, isUser := h.User(); isUser && rule.Kind == KindMember {
				rule.Pattern, rule.Group = "", names[r.IntN(6)]
			} else if rule.Kind == KindMember {
				continue
			}
			if !seen[rule] {
				seen[rule] = true
				d.Added = append(d.Added, rule)
			}
		}
		s, err := emptySnapshot(nil).apply(update{revision: 1, delta: d})
		if err != nil {
			t.Fatal(err)
		}
		if round%4 == 0 {
			s.setBadRows([]badRow{{Row{ID: 1, Type: "p", V: [6]string{"u1", "x*y", "z", "deny"}}, "x"}})
		}
		v := &View{s: s, catalog: &catalog{}}
		for _, p := range asked {
			held := map[UserID]bool{}
			if a, ok := v.ask(p); ok {
				for u := range v.usersHolding(&a.symbol) {
					if held[u] {
						t.Errorf("%q twice", u)
					}
					held[u] = true
				}
			}
			for i := range 7 {
				u := UserID(fmt.Sprint("u", i))
				if x := v.Explain(u, p); v.Can(u, p) != held[u] || x.Allowed != held[u] {
					t.Errorf("round %d: %q %q: holders %v, Can %v, Explain %v", round, u, p, held[u], v.Can(u, p), x.Allowed)
				} else if granting := len(x.Permissions[0].Origins); held[u] && granting == 0 {
					t.Errorf("round %d: %q %q: held for no reason", round, u, p)
				}
			}
		}
	}
}
