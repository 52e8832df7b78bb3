package authz

import (
	"slices"
)

// requirement is what a user must hold to carry out an operation.
type requirement struct {
	permissions []Permission // all of them
	// groups whose members change: each needs [UpdateUsers] or its [AssignMembers].
	groups         []GroupName
	moves          bool // [UpdateUsers], or the [AssignMembers] of any group
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
	ActionPermissionRename:       {},
	ActionChangeRevert:           {ViewChanges},           // and what the inverse change needs
	ActionBatch:                  {},                      // what its operations need
	ActionRequestApprove:         {ViewGroups, ViewUsers}, // and what its operations need
	ActionRequestDecline:         {ViewGroups, ViewUsers}, // and one right to move people
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
	case ActionPolicyRepair, ActionPermissionRename:
		r.administrators = true
	case ActionRequestDecline:
		r.moves = true
	case ActionBatch, ActionRequestApprove:
		r.requireEach(o.Operations, actor)
	}
	return r
}

// requireEach adds the requirements of the operations of a batch. Delegation doesn't cover groups that the batch
// renames: it would be unclear whether the right names the group by its old name or its new one.
func (r *requirement) requireEach(operations []Operation, actor UserID) {
	renamed := map[GroupName]bool{}
	for _, o := range operations {
		if o.Action == ActionGroupUpdate && o.Patch.Name != nil && *o.Patch.Name != o.Group {
			renamed[o.Group], renamed[*o.Patch.Name] = true, true
		}
	}
	for _, o := range operations {
		one := o.requirement(actor)
		r.permissions = append(r.permissions, one.permissions...)
		r.administrators, r.nobody = r.administrators || one.administrators, r.nobody || one.nobody
		for _, g := range one.groups {
			if renamed[g] {
				r.permissions = append(r.permissions, UpdateUsers)
			} else {
				r.groups = append(r.groups, g)
			}
		}
	}
	r.permissions, r.groups = distinct(r.permissions), distinct(r.groups)
}
