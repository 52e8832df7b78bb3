package authz

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz/internal/table"
)

// Users whose hashes collide are still separate members.
func TestMembersWithTheSameHash(t *testing.T) {
	t.Parallel()
	seen := map[table.Hash]UserID{}
	var pair [2]UserID
	for i := 0; pair[0] == ""; i++ {
		id := UserID(fmt.Sprint("user", i))
		if other, there := seen[table.HashOf(string(id))]; there {
			pair = [2]UserID{other, id}
		}
		seen[table.HashOf(string(id))] = id
	}
	member := func(id UserID, group GroupName) Rule {
		return Rule{Kind: KindMember, Subject: id.subject(), Group: group}
	}
	s := emptySnapshot(nil)
	apply := func(d Delta, want ...UserID) {
		t.Helper()
		s = applied(t, s, d)
		g := s.group("Desk")
		if got := slices.Sorted(s.membersOf(g)); !slices.Equal(got, want) || g.members.Len() != len(want) {
			t.Errorf("the members are %q, %d by number; want %q", got, g.members.Len(), want)
		}
	}
	first, second := min(pair[0], pair[1]), max(pair[0], pair[1])
	apply(Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}, {After: &GroupInfo{Name: "Else"}}},
		Added:  []Rule{member(first, "Desk"), member(second, "Else")},
	}, first)
	apply(Delta{Added: []Rule{member(second, "Desk")}}, first, second)
	apply(Delta{Removed: []Rule{member(first, "Desk")}}, second)
	apply(Delta{Added: []Rule{member(first, "Desk")}, Removed: []Rule{member(second, "Desk"), member(second, "Else")}}, first)
}
