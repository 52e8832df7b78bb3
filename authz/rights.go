package authz

import "slices"

// rightsFor lists what each operation needs of a user who acts, the view rights that go
// with what it touches first. It is the only such list: the engine checks it on the revision
// that a change is committed onto, and [View.Authorize] lets others ask beforehand.
var rightsFor = map[Action][]Permission{
	ActionGroupCreate:            {ViewGroups, CreateGroups},
	ActionGroupUpdate:            {ViewGroups, UpdateGroups},
	ActionGroupDelete:            {ViewGroups, DeleteGroups},
	ActionGroupPermissionsSet:    {ViewGroups, UpdateGroups},
	ActionGroupPermissionsChange: {ViewGroups, UpdateGroups},
	ActionGroupMembersChange:     {ViewGroups, ViewUsers, UpdateUsers},
	ActionUserGroupsSet:          {ViewGroups, ViewUsers, UpdateUsers},
	ActionUserPermissionsSet:     {ViewGroups, ViewUsers, UpdateUsers},
	ActionUserPermissionsChange:  {ViewGroups, ViewUsers, UpdateUsers},
	ActionUserDelete:             {ViewGroups, ViewUsers, UpdateUsers},
	ActionPolicyImport:           {ImportPolicy},
	ActionPolicyRepair:           {},
	ActionChangeRevert:           {ViewChanges}, // and what the inverse needs
}

// forAdministrators are the operations that no right opens to others.
var forAdministrators = map[Action]bool{ActionPolicyRepair: true}

// Authorize says whether the user may try the operation at all, and otherwise returns a
// [*ForbiddenError] with all that is missing. The target is the group of an operation on
// one; for the members of a group its [AssignMembers] does instead of [UpdateUsers].
//
// It says nothing about whether the target exists, and it doesn't reserve anything: the
// engine asks again on the revision that the change is committed onto.
func (v *View) Authorize(user UserID, action Action, target GroupName) error {
	return v.authorize(user, operation{action: action, group: target})
}

func (v *View) authorize(user UserID, o operation) error {
	var missing []Permission
	ask := func(p Permission, otherwise bool) {
		if !v.Can(user, p) && !otherwise && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	rights, listed := rightsFor[o.action]
	for _, p := range rights {
		delegated := p == UpdateUsers && o.action == ActionGroupMembersChange
		ask(p, delegated && !v.expired && v.s.mayAssign(user, o.group))
	}
	for _, p := range o.needs {
		ask(p, false)
	}
	for _, g := range o.moves {
		ask(UpdateUsers, !v.expired && v.s.mayAssign(user, g))
	}
	if o.administrators || forAdministrators[o.action] || !listed {
		if !listed || !v.s.isAdministrator(user) || v.expired {
			missing = append(missing, Permission(Everything))
		}
	}
	if len(missing) > 0 {
		return &ForbiddenError{Missing: missing}
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
			if p.overlaps(own) {
				return false
			}
		}
	}
	return true
}
