package authz

import (
	"strconv"
)

// Operation describes one administrative operation. [Admin.Authorize] says whether an actor may carry it
// out, and a [Fix] is a list of them. The Action determines which of the other fields are used.
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
