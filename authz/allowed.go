package authz

import "slices"

// Rights are what a user may do in Rightful itself.
type Rights struct {
	Administrator bool         // the user is in [Administrators]
	Permissions   []Permission // Rightful's own that the user holds, without [AssignMembers], sorted
	// Assigns are the groups whose members the user may change, by [UpdateUsers] or by the group's
	// [AssignMembers], sorted by folded name, then code point. There are none without both view permissions.
	Assigns []GroupName
}

// Rights returns what a user may do in Rightful itself. It returns nothing if the policy is too old (see
// [Options.MaxAge]).
func (v *View) Rights(user UserID) Rights {
	var r Rights
	if v.expired {
		return r
	}
	r.Administrator = v.s.isAdministrator(user)
	for _, e := range ownEntries {
		if v.s.can(user, e.Permission) {
			r.Permissions = append(r.Permissions, e.Permission)
		}
	}
	slices.Sort(r.Permissions)
	if !v.Can(user, ViewGroups, ViewUsers) {
		return r
	}
	// What [View.MayAssign] says of each group, from one look at all of them.
	held := v.s.holdingsOf(user)
	all := held.has(UpdateUsers)
	var reserved map[groupID]bool
	if !all {
		reserved = v.s.reserved()
	}
	for _, g := range v.s.sortedGroups() {
		name := g.info.Name
		if name == Administrators && !r.Administrator {
			continue
		}
		if all || !reserved[g.id] && held.has(AssignMembers(name)) {
			r.Assigns = append(r.Assigns, name)
		}
	}
	return r
}

// MayAssign reports whether a user has the permissions to change which other users are in a group. A change is
// refused all the same if it gives what the user doesn't hold.
func (v *View) MayAssign(user UserID, group GroupName) bool {
	if group == Administrators && !v.s.isAdministrator(user) {
		return false
	}
	return v.May(user, Operation{Action: ActionGroupMembersChange, Group: group})
}

// May is [Admin.Authorize] for the view's revision: whether a user has the permissions to try an operation. It
// always returns false for [ActionChangeRevert], which depends on the change.
func (v *View) May(user UserID, o Operation) bool {
	return o.Action != ActionChangeRevert && v.lacks(user, o.requirement(user)) == nil
}
