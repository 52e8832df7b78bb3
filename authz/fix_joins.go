package authz

import "slices"

// joins lists the groups of [Decision.Groups] for permissions that are all needed.
func (v *View) joins(user UserID, permissions []Permission) [][]GroupName {
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
