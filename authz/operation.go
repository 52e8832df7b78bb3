package authz

import (
	"strconv"
)

// Operation describes one administrative operation. [Admin.Batch] carries out a list of them as one change,
// [Admin.Apply] carries out one, [Admin.Authorize] says whether an actor may carry it out, and a [Fix] is a
// list of them. The Action determines which of the other fields are used.
type Operation struct {
	Action Action `json:",omitzero"`

	// Group is the group that an action "group.…" creates or changes.
	Group GroupName `json:",omitzero"`
	// User is the user that an action "user.…" changes.
	User UserID `json:",omitzero"`

	// Description and Inherits are those of the group that [ActionGroupCreate] creates.
	Description string      `json:",omitzero"`
	Inherits    []GroupName `json:",omitzero"`
	// Permissions are all rules of a group that [ActionGroupCreate] creates, and those that
	// [ActionGroupPermissionsSet] and [ActionUserPermissionsSet] leave.
	Permissions Rules `json:",omitzero"`
	// Patch is what [ActionGroupUpdate] changes.
	Patch GroupPatch `json:",omitzero"`
	// Add and Remove are the users that [ActionGroupMembersChange] adds to the group and removes from
	// it.
	Add    []UserID `json:",omitzero"`
	Remove []UserID `json:",omitzero"`
	// Until is when the memberships of Add end, and 0 for no end; see [Admin.Until]. If it is nil, a membership
	// that stands keeps its end, and a new one doesn't end.
	Until *Until `json:",omitzero"`
	// Extend makes Until shorten no membership of Add: those that last longer stay as they are.
	Extend bool `json:",omitzero"`
	// Rules are the changes of [ActionGroupPermissionsChange] and [ActionUserPermissionsChange].
	Rules RulesDelta `json:",omitzero"`
	// Memberships are all memberships that [ActionUserGroupsSet] leaves the user with.
	Memberships []Membership `json:",omitzero"`
	// Release makes [ActionGroupDelete] remove the members from the group first.
	Release bool `json:",omitzero"`
	// Versions are those that the group or user may be at, as in [Admin.IfVersion]; none allows any. An
	// operation of a batch is compared with the policy before the batch.
	Versions []Version `json:",omitzero"`

	// Operations are those of [ActionBatch] and [ActionRequestApprove].
	Operations []Operation `json:",omitzero"`
	// Mode is the mode of [ActionPolicyImport].
	Mode ImportMode `json:",omitzero"`
	// Permission is the permission that [ActionPermissionRename] renames.
	Permission Permission `json:",omitzero"`
	// Request is the access request that [ActionRequestApprove] and [ActionRequestDecline] decide.
	Request RequestID `json:",omitzero"`
	// Revision is the revision that [ActionChangeRevert] reverts.
	Revision Revision `json:",omitzero"`
}

// target returns the Target of the change that the operation makes.
func (o Operation) target() string {
	switch {
	case o.User != "":
		return string(o.User)
	case o.Permission != "":
		return string(o.Permission)
	case o.Request != "":
		return string(o.Request)
	case o.Revision != 0:
		return strconv.FormatInt(int64(o.Revision), 10)
	}
	return string(o.Group)
}

// listed returns how many rules, members and groups the operation lists.
func (o Operation) listed() int {
	n := len(o.Inherits) + o.Permissions.count() + o.Patch.count() + len(o.Add) + len(o.Remove) + o.Rules.count() + len(o.Memberships)
	for _, one := range o.Operations {
		n += one.listed()
	}
	return n
}

// names yields the group and the users that the operation names outside of rules, and those of the operations
// of a batch.
func (o Operation) names(add func(Subject)) {
	if o.Group != "" {
		add(o.Group.Subject())
	}
	add(o.User.subject())
	for _, users := range [][]UserID{o.Add, o.Remove} {
		for _, u := range users {
			add(u.subject())
		}
	}
	for _, one := range o.Operations {
		one.names(add)
	}
}
