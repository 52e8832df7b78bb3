package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listGroups(c *call) {
	page, text, nested := c.page(), c.searchText(), c.nestedLimit(maxRules)
	if c.refused() {
		return
	}
	names := c.view.GroupNames(text)
	items, next := fill(page, rest(page, names, itself[authz.GroupName]), itself[authz.GroupName], func(name authz.GroupName) openapi.Group {
		g, _ := c.view.Group(name)
		return groupUpTo(g, nested)
	})
	total := c.countHeld(items)
	c.revalidated(openapi.GroupList{NextCursor: next, Items: items, Total: len(names), PermissionTotal: total})
}

// countTimeout bounds how long a list waits for counts, which people can do without.
const countTimeout = time.Second

// countHeld adds to groups how many permissions of the catalog they give, and returns how many it has: 0 if the counts
// aren't to be had.
func (c *call) countHeld(groups []openapi.Group) int {
	ctx, done := context.WithTimeout(c.http.Request.Context(), countTimeout)
	defer done()
	names := each(groups, func(g openapi.Group) authz.GroupName { return authz.GroupName(g.Name) })
	counts, err := c.engine.CountHeld(ctx, c.view, names...)
	if err != nil {
		return 0
	}
	for i := range counts.Held {
		groups[i].HeldCount = &counts.Held[i]
	}
	return counts.Total
}

// groupUpTo shows a group with at most so many rules and so many groups that it inherits.
func groupUpTo(g authz.Group, most int) openapi.Group {
	inherits := upTo(g.Inherits, most)
	return openapi.Group{
		Name: string(g.Name), Description: g.Description, Protected: g.Protected,
		Inherits: plain(inherits), Permissions: rulesOf(g.Permissions, most), Version: int64(g.Version.Revision),
		InheritedCount: countUnlessAll(len(g.Inherits), len(inherits)),
		UpdatedAt:      g.UpdatedAt.UTC(), UpdatedBy: actorOf(g.UpdatedBy), MemberCount: g.MemberCount,
	}
}

func getGroup(c *call) { c.showGroup(c.oneGroup(c.view, c.nestedLimit(maxRules))) }

// oneGroup shows a group with what the caller may do with it.
func (c *call) oneGroup(view *authz.View, nested int) func(authz.Group) part {
	return func(g authz.Group) part {
		shown := groupUpTo(g, nested)
		shown.Allowed = c.allowedOnGroup(view, g.Name)
		return part{shown, isWhole(shown.Permissions)}
	}
}

// rulesOfGroup shows a page of a group's rules.
func rulesOfGroup(p page) func(authz.Group) part {
	return func(g authz.Group) part { return p.of(g.Version).rulesPart(g.Permissions, g.Version) }
}

func getGroupPermissions(c *call) {
	c.showGroup(rulesOfGroup(c.rulesPage()))
}

// showGroup answers with the group in the path, or part of it, and its ETag.
func (c *call) showGroup(show func(authz.Group) part) {
	if c.refused() {
		return
	}
	g, ok := c.view.Group(c.group())
	if !ok {
		c.fail(authz.ErrNotFound)
		return
	}
	c.answerPart(http.StatusOK, g.Version, show(g))
}

// showChanged answers with a group after a change.
func (c *call) showChanged(status int, name authz.GroupName, show func(authz.Group) part) {
	g, _ := c.after.Group(name)
	c.answerPart(status, g.Version, show(g))
}

func createGroup(c *call) {
	o := readNewGroup(c)
	c.apply(o, func(authz.Change) {
		c.http.Header("Location", c.prefix+"/groups/"+url.PathEscape(string(o.Group)))
		c.showChanged(http.StatusCreated, o.Group, c.oneGroup(c.after, maxRules))
	})
}

func readNewGroup(c *call) authz.Operation {
	o := authz.Operation{Action: authz.ActionGroupCreate}
	c.read(object(map[string]reader{
		"name":        text(&o.Group),
		"description": text(&o.Description),
		"inherits":    texts(&o.Inherits),
		"permissions": rules(&o.Permissions),
	}, "name"))
	return o
}

func updateGroup(c *call) {
	o := readGroupPatch(c)
	c.apply(o, func(authz.Change) {
		now := o.Group
		if o.Patch.Name != nil {
			now = *o.Patch.Name
		}
		c.showChanged(http.StatusOK, now, c.oneGroup(c.after, maxRules))
	})
}

// readGroupPatch reads a JSON merge patch (RFC 7396). Null resets a member: no description, no
// inheritance. A name can't be null.
func readGroupPatch(c *call) authz.Operation {
	var patch authz.GroupPatch
	var (
		name        authz.GroupName
		description string
		inherits    []authz.GroupName
	)
	c.read(object(map[string]reader{
		"name":        noted(&patch.Name, &name, text(&name)),
		"description": noted(&patch.Description, &description, orNull(text(&description))),
		"inherits":    noted(&patch.Inherits, &inherits, orNull(texts(&inherits))),
	}))
	if patch.Inherits != nil {
		c.needsWholeInheritance()
	}
	return authz.Operation{Action: authz.ActionGroupUpdate, Group: c.group(), Patch: patch}
}

func deleteGroup(c *call) { c.apply(readGroupDeletion(c), c.done) }

func readGroupDeletion(c *call) authz.Operation {
	release := c.choice("members", "release") == "release"
	return authz.Operation{Action: authz.ActionGroupDelete, Group: c.group(), Release: release}
}

func setGroupPermissions(c *call) { c.apply(readGroupRules(c), c.showGroupRules) }

func readGroupRules(c *call) authz.Operation {
	o := authz.Operation{Action: authz.ActionGroupPermissionsSet, Group: c.group()}
	c.read(rules(&o.Permissions, "grants", "restrictions"))
	rules, _ := c.view.SizeOf(o.Group.Subject())
	c.needsWholeRead(rules, "/permissions")
	return o
}

func changeGroupPermissions(c *call) { c.apply(readGroupRulesDelta(c), c.showGroupRules) }

func readGroupRulesDelta(c *call) authz.Operation {
	o := authz.Operation{Action: authz.ActionGroupPermissionsChange, Group: c.group()}
	c.read(rulesDelta(&o.Rules))
	return o
}

func (c *call) showGroupRules(authz.Change) {
	c.showChanged(http.StatusOK, c.group(), rulesOfGroup(c.firstRulesPage()))
}

// rules reads grants and restrictions.
func rules(into *authz.Rules, required ...string) reader {
	return object(map[string]reader{
		"grants":       texts(&into.Grants),
		"restrictions": texts(&into.Restrictions),
	}, required...)
}

func rulesDelta(into *authz.RulesDelta) reader {
	return object(map[string]reader{
		"grant":    texts(&into.Grant),
		"revoke":   texts(&into.Revoke),
		"restrict": texts(&into.Restrict),
		"lift":     texts(&into.Lift),
	})
}
