package authz

import "slices"

// Joins lists the fewest groups that would let the user do all that is asked, in every way with
// so few, at most ten: the groups of the fixes that [Admin.Fixes] lists as [FixAssign], in that
// order and without Administrators. It asks nobody's rights and looks at nobody else, so that it
// is quick enough to answer a denial with. There is none for whoever is restricted.
func (v *View) Joins(user UserID, permissions ...Permission) [][]GroupName {
	f := fixer{was: v, user: user, asked: withoutDoubles(permissions)}
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
