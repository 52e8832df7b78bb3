package authz

// impactUser answers many questions about a user in one policy, who needn't be one of the policy.
type impactUser struct {
	view *View
	*user
	held *holdings // nil if the rules of each group are asked
}

// holdingsCost is how much more it costs to collect a rule than to ask a group about a permission.
const holdingsCost = 4

// impactUser prepares for so many questions about a user. To ask each group about each permission takes the square of what
// someone has who is in thousands of groups, so their rules are collected then.
func (v *View) impactUser(work *pace, u *user, questions int) (impactUser, error) {
	asked := impactUser{view: v, user: u}
	if u == nil {
		return asked, nil
	}
	groups, rules := 0, u.rules().size()
	for id := range v.s.inheritance().from(u.groupIDs(nil)...) {
		groups, rules = groups+1, rules+v.s.groups[id].rules.size()
	}
	if questions*groups <= rules*holdingsCost {
		return asked, work.canceled()
	}
	asked.held = &holdings{newReach(), u.in(v.s.administrators)}
	for id := range v.s.inheritance().from(u.groupIDs(nil)...) {
		if err := v.s.ownReachInto(asked.held.reach, work, v.s.groups[id], forever); err != nil {
			return asked, err
		}
	}
	return asked, asked.held.add(work, u.rules(), forever)
}

// effect returns the effect of the user's rules on a permission.
func (a impactUser) effect(p Permission) effect {
	if a.held == nil {
		return a.view.s.effectFor(a.user, p)
	}
	var found effect
	if covered(p, a.held.grants) {
		found |= granted
	}
	if covered(p, a.held.restrictions) {
		found |= restricted
	}
	return found
}

// allows reports whether the user holds a permission.
func (a impactUser) allows(p Permission) bool {
	return a.user != nil && a.view.s.verdict(a.user, a.effect(p))
}

// names reports whether [View.PermissionsOf] would list a permission that the user holds.
func (a impactUser) names(p Permission) bool {
	if a.held == nil {
		return a.view.names(a.user, p)
	}
	return a.view.lists(p) || a.held.grants[Pattern(p)] != 0
}

func (a impactUser) isAdministrator() bool { return a.in(a.view.s.administrators) }

// collected is how many rules were collected.
func (a impactUser) collected() int {
	if a.held == nil {
		return 0
	}
	return len(a.held.grants) + len(a.held.restrictions)
}
