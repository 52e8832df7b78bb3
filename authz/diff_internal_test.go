package authz

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// The differences between two policies, applied to the one, give the other; a policy doesn't
// differ from itself, in whatever order it was read.
func TestDifferencesTurnOnePolicyIntoTheOther(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(40, 2))
	for i := range 300 {
		one, other := randomStored(t, r), randomStored(t, r)
		d := differences(one, other)
		after, err := one.apply(update{revision: 2, delta: d})
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if got, want := contentsOf(after), contentsOf(other); !reflect.DeepEqual(got, want) {
			t.Fatalf("%d: the differences %+v make\n%v, not\n%v", i, d, got, want)
		}
		if d := differences(after, other); !d.isEmpty() {
			t.Fatalf("%d: left: %+v", i, d)
		}
	}
}

// randomStored reads a policy of few groups and users from rows in any order.
func randomStored(t *testing.T, r *rand.Rand) *snapshot {
	t.Helper()
	state := State{Position: Position{Head: Head{Revision: 1}}}
	names := []GroupName{Administrators, "A", "B", "C", "D"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:1+r.IntN(5)] {
		state.Groups = append(state.Groups, GroupRow{GroupInfo: GroupInfo{Name: name, Description: fmt.Sprint(r.IntN(2))}})
	}
	var l loader
	if err := l.begin(state); err != nil {
		t.Fatal(err)
	}
	holder := func() string {
		if r.IntN(2) == 0 {
			return fmt.Sprintf("u%d", r.IntN(4))
		}
		return "group:" + string(names[r.IntN(len(names))])
	}
	for id := range int64(r.IntN(25)) {
		row := Row{ID: id + 1, Type: "p", V: [6]string{holder(), "a", fmt.Sprint(r.IntN(3)), []string{allow, "deny", "no"}[r.IntN(3)]}}
		if r.IntN(2) == 0 {
			row = Row{ID: id + 1, Type: "g", V: [6]string{holder(), "group:" + string(names[r.IntN(len(names))])}}
		}
		if err := l.read(row); err != nil && row.Type != "g" { // the same link twice
			t.Fatal(err)
		}
	}
	s, err := l.done()
	if err != nil {
		t.Fatal(err)
	}
	return s.snapshot
}

// contentsOf is a policy without its order, its versions and the ids of rows.
func contentsOf(s *snapshot) []string {
	var list []string
	for rule := range s.rules {
		list = append(list, fmt.Sprintf("%+v", rule))
	}
	for _, g := range s.sortedGroups() {
		list = append(list, fmt.Sprintf("%+v %d", g.info, g.members.Len()))
	}
	for _, b := range s.badRows {
		list = append(list, fmt.Sprintf("%q %q", b.Values, b.Denies))
	}
	slices.Sort(list)
	return list
}
