package authz

import "slices"

// lacks returns [ErrForbidden] with everything that the user lacks of a requirement, nil if nothing.
func (v *View) lacks(user UserID, r requirement) error {
	var missing []Permission
	need := func(p Permission, delegated bool) {
		if !v.Can(user, p) && !delegated && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	for _, p := range r.permissions {
		need(p, false)
	}
	for _, g := range r.groups {
		need(UpdateUsers, !v.expired && v.s.mayAssign(user, g))
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
