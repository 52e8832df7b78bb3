package authz

import (
	"context"
	"slices"
	"time"
)

// groupsTime is how long an answer to a refused request looks for groups, which people can do without.
const groupsTime = 500 * time.Millisecond

// fewestGroups returns the sets of [Decision.Groups] for permissions that are all needed.
func (v *View) fewestGroups(work *pace, user UserID, permissions []Permission) [][]GroupName {
	f := fixer{pace: work, present: v, user: user, asked: distinct(permissions)}
	if !f.fixable() {
		return nil
	}
	at := f.baselineOf(nil, nil)
	if at == nil || len(at.missing) > maxMissing {
		return nil
	}
	c := f.newCovering(at)
	if c.given != c.all {
		return nil
	}
	for _, joins := range f.cheapest(at, c.covers(c.all)) {
		f.addPlan(at, joins, "", nil)
	}
	if f.err != nil {
		return nil
	}
	slices.SortFunc(f.plans, func(a, b *plan) int { return a.compare(b) })
	var list [][]GroupName
	for _, p := range f.plans {
		list = append(list, p.joins)
	}
	return list
}

// Groups returns the smallest sets of groups that would give the user what was asked for, at most ten,
// the best first: those of the fixes of kind [FixAssign] that [Admin.Fixes] lists, without
// Administrators. It is empty if a restriction is in the way, or if no groups give everything.
//
// It looks at nobody's rights and at no other user, so it is fast enough to be part of the answer to a
// refused request. After half a second, which only thousands of groups or alternatives take, it returns what it has found.
func (d Decision) Groups() [][]GroupName {
	if d.view.s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), groupsTime)
	defer cancel()
	work := newPace(ctx)
	if !d.OneIsEnough {
		return d.view.fewestGroups(work, d.User, d.Permissions)
	}
	var list [][]GroupName
	for i := range d.Permissions {
		if len(list) == maxFixes || work.now() != nil {
			break // the rest of the alternatives would be dropped, and each takes a look at all groups
		}
		for _, joins := range d.view.fewestGroups(work, d.User, d.Permissions[i:i+1]) {
			known := slices.ContainsFunc(list, func(have []GroupName) bool { return slices.Equal(have, joins) })
			if !known && len(list) < maxFixes {
				list = append(list, joins)
			}
		}
	}
	return list
}
