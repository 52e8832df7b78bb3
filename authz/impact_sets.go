package authz

import (
	"cmp"
	"slices"
)

// Users who gain or lose the same things are shown as one.
const (
	maxImpactSets     = 20   // listed
	maxImpactSetUsers = 20   // listed of one set
	maxDifferentSets  = 1000 // told apart, so that memory is bounded
)

// impactTally counts the users who gain something, or who lose something, and groups them.
type impactTally struct {
	users firstUsers
	count int
	sets  map[setSum]*impactSet
	other impactSet // of users beyond [maxDifferentSets]
}

// impactSet is users who gain or lose the same permissions.
type impactSet struct {
	permissions permissionSet
	users       firstUsers
	count       int
}

func newImpactTally() *impactTally {
	return &impactTally{
		users: firstUsers{limit: maxImpact}, sets: map[setSum]*impactSet{},
		other: impactSet{users: firstUsers{limit: 1}},
	}
}

// add adds a user, unless there is nothing to gain or to lose.
func (t *impactTally) add(user foldedUser, what *permissionSet) {
	if what.sum.count == 0 {
		return
	}
	t.count++
	t.users.add(user)
	set := t.setOf(what)
	set.count++
	set.users.add(user)
}

func (t *impactTally) setOf(permissions *permissionSet) *impactSet {
	set := t.sets[permissions.sum]
	if set == nil {
		if len(t.sets) == maxDifferentSets {
			return &t.other
		}
		set = &impactSet{permissions: *permissions, users: firstUsers{limit: maxImpactSetUsers}}
		t.sets[permissions.sum] = set
	}
	return set
}

// largest returns the sets with the most users, at most [maxImpactSets] of them.
func (t *impactTally) largest(lists permissionLists) []ImpactSet {
	type listed struct {
		set   *impactSet
		users []UserID
	}
	all := make([]listed, 0, len(t.sets))
	for _, set := range t.sets {
		all = append(all, listed{set, set.users.done()})
	}
	slices.SortFunc(all, func(a, b listed) int {
		return cmp.Or(cmp.Compare(b.set.count, a.set.count), folded(a.users[0]).compare(folded(b.users[0])))
	})
	all = all[:min(len(all), maxImpactSets)]
	list := make([]ImpactSet, len(all))
	for i, l := range all {
		list[i] = ImpactSet{lists.of(&l.set.permissions), l.users, l.set.count}
	}
	return list
}
