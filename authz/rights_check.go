package authz

import "slices"

// lacks returns [ErrForbidden] with everything that the user lacks of a requirement, nil if nothing.
//
// Whether a group exists and what it gives may not show in the answer to a user who may not view it. So as long as
// another permission is missing, a right to assign its members counts for every group that the right names.
func (v *View) lacks(user UserID, r requirement) error {
	var missing []Permission
	need := func(p Permission) {
		if !v.Can(user, p) && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	for _, p := range r.permissions {
		need(p)
	}
	blind := len(missing) > 0
	for _, g := range r.groups {
		if v.expired || !v.s.can(user, AssignMembers(g)) || !blind && !v.s.mayAssign(user, g) {
			need(UpdateUsers)
		}
	}
	if r.moves && (v.expired || !v.s.mayAssignSome(user)) {
		need(UpdateUsers)
	}
	if r.nobody || r.administrators && (v.expired || !v.s.isAdministrator(user)) {
		missing = append(missing, Permission(Everything))
	}
	if len(missing) > 0 {
		return forbidden(missing)
	}
	return nil
}

// mayAssign reports whether the actor may put other users into the group by delegation, that is with
// its [AssignMembers] alone. Delegation never extends to Administrators, nor to a group that grants
// or restricts any of Rightful's own permissions.
func (s *snapshot) mayAssign(actor UserID, name GroupName) bool {
	g := s.group(name)
	if g == nil || name == Administrators || !s.can(actor, AssignMembers(name)) {
		return false
	}
	for id := range s.inheritance().from(g.id) {
		if s.isReserved(s.groups[id]) {
			return false
		}
	}
	return true
}

// mayAssignSome reports whether the actor may put other users into any group by delegation.
func (s *snapshot) mayAssignSome(actor UserID) bool {
	return slices.ContainsFunc(s.groups, func(g *group) bool { return g != nil && s.mayAssign(actor, g.info.Name) })
}

// isReserved reports whether a group itself is one to which delegation doesn't extend.
func (s *snapshot) isReserved(g *group) bool { return s.blocked[g.subject] || g.rules.touchesOwn() }

// reserved returns the groups to which delegation doesn't extend, for many questions: those of
// [snapshot.isReserved] and all that inherit one.
func (s *snapshot) reserved() map[groupID]bool {
	var ids []groupID
	for _, g := range s.groups {
		if g != nil && s.isReserved(g) {
			ids = append(ids, g.id)
		}
	}
	return setOf(s.heirsOf(ids))
}
