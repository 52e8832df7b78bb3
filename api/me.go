package api

import (
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// getMe answers with what the caller holds: nothing, if the policy doesn't or can't name the caller.
func getMe(c *call) {
	if c.refused() {
		return
	}
	me := openapi.Me{User: shownUser(c.user), Revision: int64(c.view.Revision())}
	me.Groups, me.GroupCount = membershipsOf(c.view.User(c.user), maxRules)
	held := c.view.PermissionsOf(c.user)
	me.Effective = fitting(held, maxPageSize-sizeOf(me), func(p authz.Permission) openapi.Held {
		return openapi.Held{Permission: string(p)}
	})
	me.EffectiveCount = countUnlessAll(len(held), len(me.Effective))
	c.revalidated(me)
}

// getRights answers with what the caller may do in this interface.
func getRights(c *call) {
	if c.refused() {
		return
	}
	rights := c.view.Rights(c.user)
	if c.operator != nil {
		rights = authz.Rights{Administrator: true}
	}
	assigns := upTo(rights.Assigns, maxRules)
	c.revalidated(openapi.Rights{
		User: shownUser(c.user), Administrator: rights.Administrator, Permissions: plain(rights.Permissions),
		Assigns: plain(assigns), AssignCount: countUnlessAll(len(rights.Assigns), len(assigns)),
		Revision: int64(c.view.Revision()),
	})
}

// shownUser is the caller's id, which the host chose: JSON has only UTF-8.
func shownUser(u authz.UserID) string { return strings.ToValidUTF8(string(u), "\ufffd") }
