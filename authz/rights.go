package authz

import "slices"

// lacks returns a [*ForbiddenError] with all that the user lacks of a requirement, nil if nothing.
func (v *View) lacks(user UserID, r requirement) error {
	var missing []Permission
	ask := func(p Permission, otherwise bool) {
		if !v.Can(user, p) && !otherwise && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	for _, p := range r.permissions {
		ask(p, false)
	}
	for _, g := range r.groups {
		ask(UpdateUsers, !v.expired && v.s.mayAssign(user, g))
	}
	if r.nobody || r.administrators && (v.expired || !v.s.isAdministrator(user)) {
		missing = append(missing, Permission(Everything))
	}
	if len(missing) > 0 {
		return forbidden(missing)
	}
	return nil
}

// mayAssign reports whether delegation lets the actor put other users into the group. It
// never does for Administrators, nor for a group that grants or restricts any of Rightful's
// own rights.
func (s *snapshot) mayAssign(actor UserID, name GroupName) bool {
	g := s.group(name)
	if g == nil || name == Administrators || !s.can(actor, AssignMembers(name)) {
		return false
	}
	all := s.reachOfGroup(g)
	for _, set := range []map[Pattern]bool{all.grants, all.restrictions} {
		for p := range set {
			if p.overlaps(ownPattern) {
				return false
			}
		}
	}
	return true
}
