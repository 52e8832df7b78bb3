package api

import (
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// assign is what a caller may do who may change which users are in a group.
const assign = "assign"

// allowedOnGroup says what a user has the rights to try with a group.
func allowedOnGroup(view *authz.View, user authz.UserID, name authz.GroupName) []string {
	allowed := []string{}
	for _, action := range []authz.Action{authz.ActionGroupUpdate, authz.ActionGroupDelete} {
		if name != authz.Administrators && view.May(user, authz.Operation{Action: action, Group: name}) {
			allowed = append(allowed, strings.TrimPrefix(string(action), "group."))
		}
	}
	if view.MayAssign(user, name) {
		allowed = append(allowed, assign)
	}
	return allowed
}

// allowedOnUser says what the caller has the rights to try with a user.
func allowedOnUser(view *authz.View, caller, user authz.UserID) []string {
	if view.May(caller, authz.Operation{Action: authz.ActionUserPermissionsSet, User: user}) {
		return []string{"update", "delete", assign}
	}
	if user != caller && len(view.Rights(caller).Assigns) > 0 { // the right to assign is about others
		return []string{assign}
	}
	return []string{}
}
