package authz

import (
	"fmt"
	"testing"
)

// Deleting groups looks once at each end in the policy, however many groups one change deletes.
func TestDeletedGroupsLookOnceAtEachEnd(t *testing.T) {
	t.Parallel()
	const n = 500
	var made Delta
	for i := range n {
		name := GroupName(fmt.Sprint("G", i))
		made.Groups = append(made.Groups, GroupChange{After: &GroupInfo{Name: name}})
		made.Added = append(made.Added, Rule{Kind: KindMember, Subject: Subject(fmt.Sprint("u", i)), Group: name})
		made.Ends = append(made.Ends, EndChange{User: UserID(fmt.Sprint("u", i)), Group: name, After: 5})
	}
	made.Ends = append(made.Ends, EndChange{User: "gone", Group: "G7", After: 6})
	d := &draft{pace: newPace(t.Context()), s: applied(t, emptySnapshot(nil), made)}
	for i := range n {
		d.dropEnds(d.s.group(GroupName(fmt.Sprint("G", i))))
	}
	if d.steps < n || d.steps > 2*n {
		t.Errorf("deleting %d groups with %d ends takes %d steps", n, n+1, d.steps)
	}
	if len(d.delta.Ends) != 1 || d.delta.Ends[0] != (EndChange{User: "gone", Group: "G7", Before: 6}) {
		t.Errorf("it drops %v", d.delta.Ends)
	}
}
