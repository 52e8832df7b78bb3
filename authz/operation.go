package authz

import (
	"slices"
	"strconv"
)

// Operation is one administrative operation as data: to ask whether someone may carry it out
// ([Admin.Authorize]), and to say what a [Fix] does. Which fields matter is up to the Action.
type Operation struct {
	Action Action

	// Group is the group that a group.… action is about.
	Group GroupName
	// User is the user that a user.… action is about.
	User UserID

	// Add and Remove are the users that [ActionGroupMembersChange] puts into the group and takes
	// out of it.
	Add, Remove []UserID
	// Rules are the changes of [ActionGroupPermissionsChange] and [ActionUserPermissionsChange].
	Rules RulesDelta
	// Release is set where [ActionGroupDelete] takes the members out of the group first.
	Release bool
	// Mode is that of [ActionPolicyImport].
	Mode ImportMode
	// Revision is that of the change that [ActionChangeRevert] reverts.
	Revision Revision
}

// target is what a record of the operation names.
func (o Operation) target() string {
	switch {
	case o.User != "":
		return string(o.User)
	case o.Revision != 0:
		return strconv.FormatInt(int64(o.Revision), 10)
	}
	return string(o.Group)
}

// requirement is what a user needs to carry out an operation.
type requirement struct {
	permissions []Permission // each of them
	// groups are those for whose members [UpdateUsers] is needed, or the group's [AssignMembers].
	groups         []GroupName
	administrators bool // only administrators may
	nobody         bool // no user may
}

// permissionsFor lists the permissions that each operation needs, the view rights of what it
// touches first.
var permissionsFor = map[Action][]Permission{
	ActionGroupCreate:            {ViewGroups, CreateGroups},
	ActionGroupUpdate:            {ViewGroups, UpdateGroups},
	ActionGroupDelete:            {ViewGroups, DeleteGroups},
	ActionGroupPermissionsSet:    {ViewGroups, UpdateGroups},
	ActionGroupPermissionsChange: {ViewGroups, UpdateGroups},
	ActionGroupMembersChange:     {ViewGroups, ViewUsers},
	ActionUserGroupsSet:          {ViewGroups, ViewUsers, UpdateUsers},
	ActionUserPermissionsSet:     {ViewGroups, ViewUsers, UpdateUsers},
	ActionUserPermissionsChange:  {ViewGroups, ViewUsers, UpdateUsers},
	ActionUserDelete:             {ViewGroups, ViewUsers, UpdateUsers},
	ActionPolicyImport:           {ImportPolicy},
	ActionPolicyRepair:           {},
	ActionChangeRevert:           {ViewChanges}, // and what the inverse needs, see [reversal.requirement]
}

// requirement is the only statement of the rights that an operation needs. The engine checks it on
// the revision that the change is committed onto; others ask beforehand by [Admin.Authorize].
func (o Operation) requirement(actor UserID) requirement {
	permissions, listed := permissionsFor[o.Action]
	r := requirement{permissions: slices.Clone(permissions), nobody: !listed}
	switch o.Action {
	case ActionGroupMembersChange:
		r.groups = []GroupName{o.Group}
		if slices.Contains(o.Add, actor) || slices.Contains(o.Remove, actor) {
			r.permissions = append(r.permissions, UpdateUsers) // delegation is for other users
		}
	case ActionGroupDelete:
		if o.Release {
			r.permissions = append(r.permissions, ViewUsers, UpdateUsers)
		}
	case ActionPolicyImport:
		r.administrators = o.Mode == ImportReplace
	case ActionPolicyRepair:
		r.administrators = true
	}
	return r
}
