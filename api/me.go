package api

import (
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// getMe answers with what the caller holds: nothing, if the policy doesn't or can't name the caller.
func getMe(c *call) {
	if c.refused() {
		return
	}
	c.revalidated(openapi.Me{
		User: string(c.user), Groups: membershipsOf(c.view.User(c.user).Groups),
		Effective: each(c.view.PermissionsOf(c.user), func(p authz.Permission) openapi.Held {
			return openapi.Held{Permission: string(p)}
		}),
		Revision: int64(c.view.Revision()),
	})
}
