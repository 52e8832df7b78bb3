package authz

import "slices"

// joins lists the groups of [Decision.Groups] for permissions that are all needed.
func (v *View) joins(user UserID, permissions []Permission) [][]GroupName {
	f := fixer{was: v, user: user, asked: distinct(permissions)}
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
		f.plan(at, joins, "", nil)
	}
	slices.SortFunc(f.plans, func(a, b *plan) int { return a.compare(b) })
	var list [][]GroupName
	for _, p := range f.plans {
		list = append(list, p.joins)
	}
	return list
}

// Groups lists the fewest groups that would let the user do what was asked, in every way with so
// few, at most ten: the groups of the fixes that [Admin.Fixes] lists as [FixAssign], in that order
// and without Administrators. It asks nobody's rights and looks at no other user, so that it is quick
// enough to answer a denial with. It is empty where a restriction is in the way.
func (d Decision) Groups() [][]GroupName {
	if d.view.s == nil {
		return nil
	}
	if !d.OneIsEnough {
		return d.view.joins(d.User, d.Permissions)
	}
	var list [][]GroupName
	for i := range d.Permissions {
		for _, joins := range d.view.joins(d.User, d.Permissions[i:i+1]) {
			known := slices.ContainsFunc(list, func(have []GroupName) bool { return slices.Equal(have, joins) })
			if !known && len(list) < maxFixes {
				list = append(list, joins)
			}
		}
	}
	return list
}
