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

// Explain is [Engine.Explain] for the view's revision. Where the user reaches thousands of groups, it takes tenths of a
// second for dozens of permissions; [Engine.ExplainView] does the same in turn.
func (v *View) Explain(user UserID, permissions ...Permission) Explanation {
	x, _ := v.explainAll(nil, user, permissions) // without a pace, it never fails
	return x
}

func (v *View) explainAll(work *pace, user UserID, permissions []Permission) (Explanation, error) {
	x := Explanation{User: user, Known: v.s.user(user) != nil, Allowed: len(permissions) > 0, Revision: v.s.revision}
	var err error
	x.Permissions, err = v.explain(work, user, distinct(permissions), newOriginBudget(originsExplained), false)
	for _, p := range x.Permissions {
		x.Allowed = x.Allowed && p.Allowed
	}
	if !x.Allowed && len(permissions) > 0 {
		x.BadRows = v.badRowsOf(user)
	}
	return x, err
}

// explain explains permissions within one budget for all. If it may be partial, the list ends with the permission on
// which the last step of the budget is spent.
func (v *View) explain(work *pace, id UserID, permissions []Permission, budget *originBudget, partial bool) ([]PermissionExplanation, error) {
	x := explainer{View: v, pace: work, id: id, user: v.s.user(id), budget: budget}
	if err := x.look(); err != nil {
		return nil, err
	}
	list := make([]PermissionExplanation, len(permissions))
	for i, p := range permissions {
		if partial && i > 0 && budget.steps <= 0 {
			return list[:i], nil
		}
		var err error
		if list[i], err = x.explain(p); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// explainer explains the permissions of one user.
type explainer struct {
	*View
	pace   *pace
	id     UserID
	user   *user // nil if the policy doesn't name the user
	ends   userEnds
	wild   wildcards
	groups []groupID
	scope  *scope // of the groups
	budget *originBudget
}

// look finds what is the same for all permissions.
func (x *explainer) look() (err error) {
	if x.user == nil {
		return nil
	}
	x.ends, x.wild, x.groups = x.s.endsOf(x.id), x.s.wildcardsOf(x.user), x.user.groupIDs(nil)
	x.scope, err = x.s.newScope(x.pace, x.groups)
	return err
}

func (x *explainer) explain(p Permission) (PermissionExplanation, error) {
	entry, declared := x.entry(p)
	one := PermissionExplanation{Permission: p, Label: entry.Label, Category: entry.Category, Declared: declared}
	if x.user == nil {
		return one, nil
	}
	a, ok := x.s.ask(p, x.wild)
	if !ok {
		return one, nil
	}
	finder, err := x.scope.originFinder(x.pace, a, x.budget)
	if err != nil {
		return one, err
	}
	one.Origins, one.OriginCount = finder.ofUser(x.id, x.user)
	one.Allowed = !x.expired && x.s.verdict(x.user, x.s.effectOn(x.user, &a.symbol))
	if len(x.ends) > 0 {
		x.addEnds(&one, finder)
	}
	return one, nil
}

// addEnds adds the ends of memberships to an explanation.
func (x *explainer) addEnds(one *PermissionExplanation, f *originFinder) {
	for i, o := range one.Origins {
		if len(o.Path) > 1 {
			one.Origins[i].Until = x.ends.of(x.s.groupOf(o.Path[1]).id)
		}
	}
	if one.Allowed {
		one.Until = x.lastGrant(&f.asked.symbol, f.effects)
	}
}

// lastGrant returns when the last grant of a permission ends for the user, 0 if one doesn't end. The effects are those of
// the scope on the permission.
func (x *explainer) lastGrant(n *symbol, effects []effect) (last Until) {
	if all := x.user.matcher(); all != nil && all.match(n)&granted != 0 {
		return 0
	}
	for _, id := range x.groups {
		if effects[x.scope.places[id]]&granted == 0 {
			continue
		}
		end := x.ends.of(id)
		if end == 0 {
			return 0
		}
		last = max(last, end)
	}
	return last
}

// heldUntil returns when the last grant of a permission ends for a user who holds it, 0 if one doesn't end.
func (v *View) heldUntil(id UserID, p Permission) Until {
	x := explainer{View: v, id: id, user: v.s.user(id)}
	_ = x.look() // without a pace, it never fails
	if len(x.ends) == 0 {
		return 0
	}
	a, ok := v.s.ask(p, x.wild)
	if !ok {
		return 0
	}
	return x.lastGrant(&a.symbol, x.scope.effects(&a.symbol))
}
