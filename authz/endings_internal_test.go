package authz

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// However often ends change and memberships come back, the ends to come are those in the policy.
func TestChangedEndsAreForgotten(t *testing.T) {
	t.Parallel()
	const users = 1000
	s := applied(t, emptySnapshot(nil), Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}}})
	n, err := (&endings{}).reset(nil, s, 1)
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
		s = applied(t, s, d)
		if n, err = n.follow(nil, s, []Change{{Revision: s.revision, Delta: d}}, 1); err != nil {
			t.Fatal(err)
		}
		if want := s.ends.Len(); n.pending.size != want || n.ended.size > 0 {
			t.Fatalf("%d ends are to come and %d have come for %d memberships", n.pending.size, n.ended.size, want)
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
		if n, err = n.end(n.pending.due(at.now, users)); err != nil {
			t.Fatal(err)
		}
		if got := n.counted.group("Desk").members.Len(); got != at.members || n.ended.size != users-at.members {
			t.Errorf("at %d, %d are members and %d have ended", at.now, got, n.ended.size)
		}
	}
}

// Endings that are carried on over random changes leave out what a look at every end leaves out, whether they follow one
// change, several at once, or a policy that was read as a whole.
func TestEndingsAgreeWithALookAtEveryEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		h := &endsHistory{r: r, now: 100, s: emptySnapshot(nil)}
		n, err := (&endings{}).reset(nil, h.s, h.now)
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		for range 150 {
			var changes []Change
			for range 1 + r.IntN(3) {
				changes = append(changes, h.change(t))
			}
			if h.now += Until(r.IntN(4)); r.IntN(2) == 0 {
				h.pass(t, &n)
			}
			to := h.s
			if r.IntN(10) == 0 { // it is read from the tables, and its groups get other ids
				to = applied(t, emptySnapshot(nil), differences(emptySnapshot(nil), h.s))
				to.revision, h.s = h.s.revision, to
				if r.IntN(2) == 0 {
					changes = nil
				}
			}
			if n.canFollow(to, changes) {
				if _, err := n.follow(nil, to, changes, h.now); err != nil {
					t.Fatalf("seed %d, revision %d: %v", seed, h.s.revision, err)
				}
			}
			if n, err = n.next(nil, to, changes, h.now); err != nil {
				t.Fatal(err)
			}
			h.pass(t, &n)
			if err := n.check(h.now); err != nil {
				t.Fatalf("seed %d, revision %d: %v", seed, h.s.revision, err)
			}
			ended = max(ended, n.ended.size)
		}
		if ended < 5 {
			t.Errorf("seed %d: only %d have ended at a time", seed, ended)
		}
	}
}

// endsHistory is a random history of memberships that end, also of such that another program removes and restores.
type endsHistory struct {
	r      *rand.Rand
	now    Until
	s      *snapshot
	groups int // that were made
}

func (h *endsHistory) pass(t *testing.T, n **endings) {
	t.Helper()
	next, err := (*n).end((*n).pending.due(h.now, 1000))
	if err != nil {
		t.Fatal(err)
	}
	*n = next
}

// change makes a random change.
func (h *endsHistory) change(t *testing.T) Change {
	t.Helper()
	var d Delta
	if h.r.IntN(8) == 0 || len(h.s.byName) < 3 {
		d = h.groupChange()
	} else {
		used := map[Rule]bool{}
		for range 1 + h.r.IntN(4) {
			rule := Rule{Kind: KindMember, Subject: Subject(fmt.Sprint("u", h.r.IntN(8))), Group: h.someGroup()}
			if !used[rule] {
				used[rule] = true
				h.member(&d, rule)
			}
		}
	}
	h.s = applied(t, h.s, d)
	return Change{Revision: h.s.revision, Delta: d}
}

func (h *endsHistory) someGroup() GroupName {
	all := h.s.sortedGroups()
	return all[h.r.IntN(len(all))].info.Name
}

// groupChange makes, renames or deletes a group.
func (h *endsHistory) groupChange() (d Delta) {
	h.groups++
	other := &GroupInfo{Name: GroupName(fmt.Sprint("g", (h.groups*7)%100, "x", h.groups))}
	switch n := h.r.IntN(3); {
	case n == 0 || len(h.s.byName) < 3:
		d.Groups = []GroupChange{{After: other}}
	case n == 1:
		d = h.rename(h.someGroup(), other)
	default:
		g := h.s.group(h.someGroup())
		d.Groups = []GroupChange{{Before: &g.info}}
		for id := range h.s.membersOf(g) {
			d.Removed = append(d.Removed, Rule{Kind: KindMember, Subject: id.subject(), Group: g.info.Name})
		}
		for id, end := range h.s.allEnds {
			if end.group == g.id {
				d.Ends = append(d.Ends, EndChange{id, g.info.Name, end.until, 0})
			}
		}
	}
	return d
}

// rename renames a group and changes some of its memberships, which then have its new name.
func (h *endsHistory) rename(was GroupName, is *GroupInfo) (d Delta) {
	for i := range h.r.IntN(8) {
		h.member(&d, Rule{Kind: KindMember, Subject: Subject(fmt.Sprint("u", i)), Group: was})
	}
	for _, rules := range [][]Rule{d.Added, d.Removed} {
		for i := range rules {
			rules[i].Group = is.Name
		}
	}
	for i := range d.Ends {
		d.Ends[i].Group = is.Name
	}
	d.Groups = []GroupChange{{Before: &GroupInfo{Name: was}, After: is}}
	return d
}

// member changes one membership.
func (h *endsHistory) member(d *Delta, rule Rule) {
	user, before := UserID(rule.Subject), h.s.endOf(rule)
	end := func(after Until) {
		if after != before {
			d.Ends = append(d.Ends, EndChange{user, rule.Group, before, after})
		}
	}
	until := h.now - 3 + Until(h.r.IntN(12)) // an instance can follow late
	if h.r.IntN(5) == 0 {
		until = 0
	}
	switch n := h.r.IntN(4); {
	case !h.s.hasRule(rule):
		d.Added = append(d.Added, rule)
		if n > 0 || before == 0 { // otherwise the end that was left applies again
			end(until)
		}
	case n == 0: // another program deletes the row
		d.Removed = append(d.Removed, rule)
	case n == 1:
		d.Removed = append(d.Removed, rule)
		end(0)
	default:
		end(until)
	}
}

// check compares endings with a look at every end, at a time to which they have passed.
func (n *endings) check(now Until) error {
	want, err := n.present.at(now)
	if err != nil {
		return err
	}
	var pending, ended []ending
	for id, end := range n.present.allEnds {
		e := ending{end.until, id, end.group}
		if e.until > now {
			pending = append(pending, e)
		} else if e.holds(n.present) {
			ended = append(ended, e)
		}
	}
	slices.SortFunc(pending, ending.compare)
	slices.SortFunc(ended, ending.compare)
	d := differences(want, n.counted)
	switch {
	case !d.isEmpty():
		return fmt.Errorf("at %d, the policy that decides differs: %+v", now, d)
	case !slices.Equal(slices.Collect(n.pending.all), pending):
		return fmt.Errorf("at %d, the ends to come are %v, not %v", now, slices.Collect(n.pending.all), pending)
	case !slices.Equal(slices.Collect(n.ended.all), ended):
		return fmt.Errorf("at %d, the ends that have come are %v, not %v", now, slices.Collect(n.ended.all), ended)
	case n.counted.inRecords() != n.present || n.counted.revision != n.present.revision:
		return errors.New("the policy that decides belongs to another one")
	case n.broken:
		return errors.New("they are broken")
	}
	return nil
}

// deskOf returns the endings of a policy in which users are in a group until 100.
func deskOf(t *testing.T, users ...UserID) *endings {
	t.Helper()
	d := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "Other"}}, {After: &GroupInfo{Name: "Desk"}}}}
	for _, id := range users {
		d.Added = append(d.Added, Rule{Kind: KindMember, Subject: id.subject(), Group: "Desk"})
		d.Ends = append(d.Ends, EndChange{id, "Desk", 0, 100})
	}
	n, err := (&endings{}).reset(nil, applied(t, emptySnapshot(nil), d), 50)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// followed returns endings after changes, at a time.
func followed(t *testing.T, n *endings, now Until, deltas ...Delta) *endings {
	t.Helper()
	s, changes := n.present, []Change(nil)
	for _, d := range deltas {
		s = applied(t, s, d)
		changes = append(changes, Change{Revision: s.revision, Delta: d})
	}
	next, err := n.next(nil, s, changes, now)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// What has ended stays ended when the clock goes back, until a change gives the membership another end.
func TestWhatHasEndedStaysEnded(t *testing.T) {
	t.Parallel()
	n := deskOf(t, "ana", "ben", "cleo")
	n, err := n.end(n.pending.due(100, 10))
	if err != nil {
		t.Fatal(err)
	}
	member := func(id UserID) Rule { return Rule{Kind: KindMember, Subject: id.subject(), Group: "Desk"} }
	expect := func(what string, n *endings, want ...UserID) {
		t.Helper()
		got := slices.Sorted(n.counted.membersOf(n.counted.group("Desk")))
		if !slices.Equal(got, want) {
			t.Errorf("%s: members are %v, not %v", what, got, want)
		}
	}
	expect("an unrelated change", followed(t, n, 60, Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "New"}}}}))
	expect("another end", followed(t, n, 60, Delta{Ends: []EndChange{{"ana", "Desk", 100, 90}}}), "ana")
	expect("no end", followed(t, n, 60, Delta{Ends: []EndChange{{"ana", "Desk", 100, 0}}}), "ana")
	back := []Delta{{Removed: []Rule{member("ben")}}, {Added: []Rule{member("ben")}}}
	expect("another program deletes and restores the row", followed(t, n, 60, back...))
	expect("the same, one after the other", followed(t, followed(t, n, 110, back[0]), 110, back[1]))

	renumbered := applied(t, emptySnapshot(nil), differences(emptySnapshot(nil), n.present))
	if renumbered.group("Desk").id == n.present.group("Desk").id {
		t.Fatal("the groups have the same ids")
	}
	again, err := n.next(nil, renumbered, nil, 60)
	if err != nil {
		t.Fatal(err)
	}
	expect("the policy is read again", again)
	d := Delta{Ends: []EndChange{{"ana", "Desk", 100, 0}}}
	s := applied(t, renumbered, d)
	if again, err = n.next(nil, s, []Change{{Revision: s.revision, Delta: d}}, 60); err != nil {
		t.Fatal(err)
	}
	expect("a change to a policy that was read again", again, "ana")
}

// Several changes that are followed at once are judged by what they lead to: an end that has passed between two that have
// not, and the reverse.
func TestEndsThatChangeTwiceAreJudgedOnce(t *testing.T) {
	t.Parallel()
	n := deskOf(t, "ana")
	n, err := n.end(n.pending.due(100, 10))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ first, second, now Until }{{110, 120, 130}, {110, 120, 115}, {120, 110, 115}, {0, 110, 115}, {110, 0, 115}} {
		next := followed(t, n, c.now, Delta{Ends: []EndChange{{"ana", "Desk", 100, c.first}}}, Delta{Ends: []EndChange{{"ana", "Desk", c.first, c.second}}})
		if err := next.check(c.now); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
