package authz

import (
	"testing"
)

// A user or a group that a bad row denies everything is still denied when it is created again.
func TestBlockedSubjectsStayBlocked(t *testing.T) {
	t.Parallel()
	s := emptySnapshot(nil)
	apply := func(d Delta) {
		t.Helper()
		s = applied(t, s, d)
	}
	apply(Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "A"}}}, Added: []Rule{{Kind: KindGrant, Subject: "group:A", Pattern: "a:*"}}})
	c := *s
	c.setBadRows([]badRow{{Row{ID: 1, Type: "p", V: [6]string{"ben", "x*y", "z", "deny"}}, "x"}, {Row{ID: 2, Type: "p", V: [6]string{"group:B", "x*y", "z", "deny"}}, "x"}})
	s = &c
	ben := Rule{Kind: KindMember, Subject: "ben", Group: "A"}
	for range 2 {
		apply(Delta{Added: []Rule{ben}})
		if s.can("ben", "a:b") {
			t.Error("ben")
		}
		apply(Delta{Removed: []Rule{ben}})
	}
	apply(Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "B"}}}, Added: []Rule{{Kind: KindGrant, Subject: "group:B", Pattern: "a:*"}, {Kind: KindMember, Subject: "cleo", Group: "B"}}})
	if s.can("cleo", "a:b") {
		t.Error("cleo")
	}
	v := &View{s: s, catalog: &catalog{}}
	a, _ := v.ask("a:b")
	if got := v.groupsHolding(&a.symbol); len(got) != 1 {
		t.Error(got)
	}
}
