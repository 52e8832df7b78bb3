package authz

import "slices"

// fewestGroups returns the sets of [Decision.Groups] for permissions that are all needed.
func (v *View) fewestGroups(user UserID, permissions []Permission) [][]GroupName {
	f := fixer{present: v, user: user, asked: distinct(permissions)}
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
// refused request.
func (d Decision) Groups() [][]GroupName {
	if d.view.s == nil {
		return nil
	}
	if !d.OneIsEnough {
		return d.view.fewestGroups(d.User, d.Permissions)
	}
	var list [][]GroupName
	for i := range d.Permissions {
		if len(list) == maxFixes {
			break // the rest of the alternatives would be dropped, and each takes a look at all groups
		}
		for _, joins := range d.view.fewestGroups(d.User, d.Permissions[i:i+1]) {
			known := slices.ContainsFunc(list, func(have []GroupName) bool { return slices.Equal(have, joins) })
			if !known && len(list) < maxFixes {
				list = append(list, joins)
			}
		}
	}
	return list
}
