package authz

// Undeclared returns the grants and restrictions that name nothing in the catalog, such as those of a
// permission that the application no longer declares: they go on allowing and denying. It returns the first
// of them, at most so many, in the order of [View.Export], and the number of all. There are none unless the
// application has a catalog. It takes some tens of nanoseconds for each grant and restriction.
//
// [Admin.RenamePermission] carries the rules of a permission to its new name.
func (v *View) Undeclared(most int) (first []Rule, count int) {
	if !v.catalog.declared {
		return nil, 0
	}
	known, d, found := map[Pattern]bool{}, draft{s: v.s, catalog: v.catalog}, firstRules{most: most}
	for r := range v.s.patternRules {
		is, seen := known[r.Pattern]
		if !seen {
			is = d.isKnown(r.Pattern)
			known[r.Pattern] = is
		}
		if !is {
			found.add(r)
		}
	}
	return found.sorted()
}
