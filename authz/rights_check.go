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
	if !v.Can(user, UpdateUsers) && !v.delegates(user, r, blind) {
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

// delegates reports whether rights to assign members are enough for what a requirement says of groups.
func (v *View) delegates(user UserID, r requirement, blind bool) bool {
	if v.expired {
		return len(r.groups) == 0 && !r.moves
	}
	d := delegation{s: v.s, actor: user}
	for _, name := range r.groups {
		if !v.s.can(user, AssignMembers(name)) || !blind && !d.extendsTo(v.s.group(name)) {
			return false
		}
	}
	return !r.moves || slices.ContainsFunc(v.s.groups, d.extendsTo)
}

// delegation is what an actor may do with rights to assign members alone: put other users into groups. It never extends to
// Administrators, nor to a group that grants or restricts any of Rightful's own permissions.
type delegation struct {
	s        *snapshot
	actor    UserID
	reserved map[groupID]bool // see [snapshot.reserved]; nil before that matters
}

// extendsTo looks at all groups once, whatever number of groups it is asked about. There may be none by a name.
func (d *delegation) extendsTo(g *group) bool {
	if g == nil || g.info.Name == Administrators || !d.s.can(d.actor, AssignMembers(g.info.Name)) {
		return false
	}
	if d.reserved == nil {
		d.reserved = d.s.reserved()
	}
	return !d.reserved[g.id]
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
