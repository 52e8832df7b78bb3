package api

import (
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// assign is what a caller may do who may change which users are in a group.
const assign = "assign"

// allowedOnGroup says what the caller has the rights to try with a group.
func (c *call) allowedOnGroup(view *authz.View, name authz.GroupName) []string {
	allowed := []string{}
	for _, action := range []authz.Action{authz.ActionGroupUpdate, authz.ActionGroupDelete} {
		if name != authz.Administrators && c.may(view, authz.Operation{Action: action, Group: name}) {
			allowed = append(allowed, strings.TrimPrefix(string(action), "group."))
		}
	}
	if c.operator != nil || view.MayAssign(c.user, name) {
		allowed = append(allowed, assign)
	}
	return allowed
}

// allowedOnUser says what the caller has the rights to try with a user.
func (c *call) allowedOnUser(view *authz.View, user authz.UserID) []string {
	if c.may(view, authz.Operation{Action: authz.ActionUserPermissionsSet, User: user}) {
		return []string{"update", "delete", assign}
	}
	if user != c.user && len(view.Rights(c.user).Assigns) > 0 { // the right to assign is about others
		return []string{assign}
	}
	return []string{}
}
