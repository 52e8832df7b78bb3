package authz

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
}

// Authorize says whether the user may try the operation at all, and otherwise returns a
// [*ForbiddenError] with all that is missing. The target is the group of an operation on
// one; for the members of a group its [AssignMembers] does instead of [UpdateUsers].
//
// It says nothing about whether the target exists, and it doesn't reserve anything: the
// engine asks again on the revision that the change is committed onto.
func (v *View) Authorize(user UserID, action Action, target GroupName) error {
	var missing []Permission
	for _, p := range rightsFor[action] {
		if v.Can(user, p) {
			continue
		}
		if p == UpdateUsers && action == ActionGroupMembersChange && v.s.mayAssign(user, target) && !v.expired {
			continue
		}
		missing = append(missing, p)
	}
	if len(missing) > 0 {
		return &ForbiddenError{Missing: missing}
	}
	return nil
}

// mayAssign reports whether delegation lets the actor put other users into the group. It
// never does for Administrators, nor for a group that reaches any of Rightful's own rights.
func (s *snapshot) mayAssign(actor UserID, name GroupName) bool {
	g := s.group(name)
	if g == nil || name == Administrators || !s.can(actor, AssignMembers(name)) {
		return false
	}
	for p := range s.reachOfGroup(g).grants {
		if p.overlaps(own) {
			return false
		}
	}
	return true
}
