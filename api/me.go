package api

import "github.com/rightful-go/rightful/api/openapi"

// getMe answers with what the caller holds. Someone whom the policy doesn't name, or whose id
// couldn't be named by it, holds nothing.
func getMe(c *call) {
	if c.refused() {
		return
	}
	c.ok(openapi.Me{
		User: string(c.user), Groups: plain(c.view.User(c.user).Groups),
		Effective: effectiveOf(c.view.PermissionsOf(c.user)), Revision: int64(c.view.Revision()),
	})
}
