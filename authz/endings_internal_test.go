package authz

import (
	"fmt"
	"testing"
)

// However often ends change and memberships come back, the list of ends to come follows those in the policy.
func TestChangedEndsAreForgotten(t *testing.T) {
	t.Parallel()
	const users, most = 1000, 2*1000 + 2*fewPending
	var n endings
	s := applied(t, emptySnapshot(nil), Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}}})
	counted, err := n.reset(nil, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	// change gives all users another end, from 0 if they come and to 0 if they go.
	change := func(before, after Until) {
		t.Helper()
		var d Delta
		for i := range users {
			id := UserID(fmt.Sprint("u", i))
			member := Rule{Kind: KindMember, Subject: id.subject(), Group: "Desk"}
			d.Ends = append(d.Ends, EndChange{id, "Desk", before, after})
			switch {
			case before == 0:
				d.Added = append(d.Added, member)
			case after == 0:
				d.Removed = append(d.Removed, member)
			}
		}
		next := applied(t, s, d)
		if counted, err = n.follow(counted, next, []Change{{Revision: next.revision, Delta: d}}, 1); err != nil {
			t.Fatal(err)
		}
		if s = next; len(n.pending) > most {
			t.Fatalf("%d ends are to come for %d memberships", len(n.pending), users)
		}
	}
	change(0, 100)
	for i := range Until(30) {
		change(100+i, 101+i)
	}
	for range 15 {
		change(130, 0)
		change(0, 130)
	}
	for _, at := range []struct {
		now     Until
		members int
	}{{129, users}, {130, 0}} {
		for all := false; !all; {
			if counted, all, err = n.pass(at.now, s, counted); err != nil {
				t.Fatal(err)
			}
		}
		if got := counted.group("Desk").members.Len(); got != at.members || len(n.ended) != users-at.members {
			t.Errorf("at %d, %d are members and %d have ended", at.now, got, len(n.ended))
		}
	}
}
