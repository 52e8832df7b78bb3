package authz

// Explanation says which of the requested permissions a user holds and through which rules.
type Explanation struct {
	User        UserID
	Known       bool // the user is in a group or has rules
	Allowed     bool // the user holds all of the permissions
	Revision    Revision
	Permissions []PermissionExplanation // in the order requested, without duplicates
	// BadRows are the quarantined rows that deny the user everything, whatever is granted, until they are
	// repaired; see [Admin.RepairRows]. There are none if nothing was asked for or the user holds everything.
	BadRows []BadRow
}

// PermissionExplanation is the part of an [Explanation] about one permission.
type PermissionExplanation struct {
	Permission Permission
	Label      string   // empty unless Declared
	Category   []string // empty unless Declared
	Declared   bool     // the catalog declares the permission
	Allowed    bool
	// Until is when the last grant of the permission ends for the user, over all paths: 0 if it doesn't end or the
	// permission isn't held. Restrictions aren't looked at: one that ends sooner or later than the grants doesn't
	// show here, but in Origins.
	Until Until
	// Origins are the rules that cover the permission, each with a path by which it reaches the user, the
	// shortest first: at most 100. If there are more, restrictions get at least half of the places.
	Origins []Origin
	// OriginCount is how many origins there are, listed or not. Counting ends at 1,000,000,000.
	OriginCount int
}

// Explain is [Engine.Explain] for the view's revision.
func (v *View) Explain(user UserID, permissions ...Permission) Explanation {
	x := Explanation{User: user, Known: v.s.user(user) != nil, Allowed: len(permissions) > 0, Revision: v.s.revision}
	x.Permissions = v.explain(user, distinct(permissions), newOriginBudget(originsExplained), false)
	for _, p := range x.Permissions {
		x.Allowed = x.Allowed && p.Allowed
	}
	if !x.Allowed && len(permissions) > 0 {
		x.BadRows = v.badRowsOf(user)
	}
	return x
}

// Origins explains each of the permissions like [View.Explain], but with at most 20 origins each, for a
// list of what a user holds. Where a great many links of inheritance lead to them, it ends early, but explains at least
// the first permission: so that one answer takes tenths of a second at most. Ask again for the rest.
func (v *View) Origins(user UserID, permissions ...Permission) []PermissionExplanation {
	return v.explain(user, permissions, newOriginBudget(originsListed), true)
}

// explain explains permissions within one budget for all. If it may be partial, the list ends with the permission on
// which the last step of the budget is spent.
func (v *View) explain(id UserID, permissions []Permission, budget *originBudget, partial bool) []PermissionExplanation {
	u := v.s.user(id)
	var wild wildcards
	if u != nil {
		wild = v.s.wildcardsOf(u)
	}
	list := make([]PermissionExplanation, len(permissions))
	for i, p := range permissions {
		if partial && i > 0 && budget.steps <= 0 {
			return list[:i]
		}
		entry, declared := v.entry(p)
		one := &list[i]
		*one = PermissionExplanation{Permission: p, Label: entry.Label, Category: entry.Category, Declared: declared}
		if u == nil {
			continue
		}
		if a, ok := v.s.ask(p, wild); ok {
			one.Origins, one.OriginCount = v.s.originFinder(a, budget, u.groupIDs(nil)).ofUser(id, u)
			one.Allowed = !v.expired && v.s.verdict(u, v.s.effectOn(u, &a.symbol))
			if ends := v.s.endsOf(id); len(ends) > 0 {
				v.addEnds(one, &a.symbol, u, ends)
			}
		}
	}
	return list
}

// addEnds adds the ends of memberships to an explanation.
func (v *View) addEnds(one *PermissionExplanation, n *symbol, u *user, ends userEnds) {
	for i, o := range one.Origins {
		if len(o.Path) > 1 {
			one.Origins[i].Until = ends.of(v.s.groupOf(o.Path[1]).id)
		}
	}
	if one.Allowed {
		one.Until = v.s.lastGrant(n, u, ends)
	}
}

// lastGrant returns when the last grant of a permission ends for a user, 0 if one doesn't end.
func (s *snapshot) lastGrant(n *symbol, u *user, ends userEnds) (last Until) {
	if all := u.matcher(); all != nil && all.match(n)&granted != 0 {
		return 0
	}
	for id := range u.inGroups {
		if s.effectOfGroup(id, n)&granted == 0 {
			continue
		}
		end := ends.of(id)
		if end == 0 {
			return 0
		}
		last = max(last, end)
	}
	return last
}

// heldUntil returns when the last grant of a permission ends for a user who holds it, 0 if one doesn't end.
func (v *View) heldUntil(id UserID, p Permission) Until {
	u, ends := v.s.user(id), v.s.endsOf(id)
	if u == nil || len(ends) == 0 {
		return 0
	}
	a, ok := v.s.ask(p, v.s.wildcardsOf(u))
	if !ok {
		return 0
	}
	return v.s.lastGrant(&a.symbol, u, ends)
}
