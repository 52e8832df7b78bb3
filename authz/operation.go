package authz

import (
	"slices"
	"strconv"
)

// Operation describes one administrative operation. [Admin.Authorize] says whether an actor may carry it
// out, and a [Fix] consists of one. The Action determines which of the other fields are used.
type Operation struct {
	Action Action

	// Group is the group that an action "group.…" changes.
	Group GroupName
	// User is the user that an action "user.…" changes.
	User UserID

	// Add and Remove are the users that [ActionGroupMembersChange] adds to the group and removes from
	// it.
	Add, Remove []UserID
	// Rules are the changes of [ActionGroupPermissionsChange] and [ActionUserPermissionsChange].
	Rules RulesDelta
	// Release makes [ActionGroupDelete] remove the members from the group first.
	Release bool
	// Mode is the mode of [ActionPolicyImport].
	Mode ImportMode
	// Revision is the revision that [ActionChangeRevert] reverts.
	Revision Revision
}

// target returns the Target of the change that the operation makes.
func (o Operation) target() string {
	switch {
	case o.User != "":
		return string(o.User)
	case o.Revision != 0:
		return strconv.FormatInt(int64(o.Revision), 10)
	}
	return string(o.Group)
}

// requirement is what a user must hold to carry out an operation.
type requirement struct {
	permissions []Permission // all of them
	// groups whose members change: each needs [UpdateUsers] or its [AssignMembers].
	groups         []GroupName
	administrators bool // only administrators may carry it out
	nobody         bool // no user may carry it out
}

// permissionsFor lists the permissions that each operation needs, view permissions first.
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
	ActionChangeRevert:           {ViewChanges}, // and what the inverse change needs
}

// requirement returns the rights that an operation needs. Nothing else defines them: the engine checks
// them on the revision that the change is committed onto, and [Admin.Authorize] checks them beforehand.
func (o Operation) requirement(actor UserID) requirement {
	permissions, listed := permissionsFor[o.Action]
	r := requirement{permissions: slices.Clone(permissions), nobody: !listed}
	switch o.Action {
	case ActionGroupMembersChange:
		r.groups = []GroupName{o.Group}
		if slices.Contains(o.Add, actor) || slices.Contains(o.Remove, actor) {
			r.permissions = append(r.permissions, UpdateUsers) // AssignMembers is only for other users
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
