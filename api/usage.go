package api

import (
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// maxUnusedFor is the most days that a request can ask about.
const maxUnusedFor = 3650

func getUserUsage(c *call) {
	days := c.number("unused_for", 1, maxUnusedFor, 0)
	if c.refused() {
		return
	}
	user := c.userInPath()
	if err := checkUser(user); err != nil {
		c.fail(err)
		return
	}
	ctx, done := c.reading()
	defer done()
	u, err := c.engine.UsageOfUser(ctx, c.view, user, days)
	c.showUsage(u, err)
}

func getGroupUsage(c *call) {
	days := c.number("unused_for", 1, maxUnusedFor, 0)
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	u, err := c.engine.UsageOfGroup(ctx, c.view, c.group(), days)
	c.showUsage(u, err)
}

func (c *call) showUsage(u authz.Usage, err error) {
	if err != nil {
		c.fail(err)
		return
	}
	shown := openapi.Usage{
		Today: u.Today.String(), MemberCount: u.MemberCount, NewMemberCount: u.NewMemberCount,
		Permissions:     each(upTo(u.Permissions, maxRules), useOf),
		PermissionCount: len(u.Permissions), UnknownCount: u.UnknownCount,
		Operations: each(u.Removal, fixOperationOf),
	}
	if r := u.Recorded; r.Since > 0 {
		shown.Recorded = openapi.UsagePeriod{Since: r.Since.String(), Until: r.Until.String()}
	}
	c.ok(shown)
}

func useOf(p authz.PermissionUse) openapi.PermissionUse {
	shown := openapi.PermissionUse{Permission: string(p.Permission), Label: p.Label, Category: p.Category}
	if p.LastUsed > 0 {
		shown.LastUsed = p.LastUsed.String()
	}
	return shown
}
