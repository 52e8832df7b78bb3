package api

import (
	"net/http"
	"net/url"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listGroups(c *call) {
	page, text := c.page(), c.searchText()
	if c.refused() {
		return
	}
	groups, next := cut(page, c.view.Groups(text), func(g authz.Group) string { return string(g.Name) })
	c.ok(openapi.GroupList{NextCursor: next, Items: each(groups, groupItemOf)})
}

func groupOf(g authz.Group) openapi.Group {
	return openapi.Group{
		Name: string(g.Name), Description: g.Description, Protected: g.Protected,
		Inherits: plain(g.Inherits), Permissions: rulesOf(g.Permissions), Version: int64(g.Version),
		UpdatedAt: g.UpdatedAt.UTC(), UpdatedBy: actorOf(g.UpdatedBy),
	}
}

func groupItemOf(g authz.Group) openapi.GroupItem {
	own := groupOf(g)
	return openapi.GroupItem{
		Name: own.Name, Description: own.Description, Protected: own.Protected,
		Inherits: own.Inherits, Permissions: own.Permissions, Version: own.Version,
		UpdatedAt: own.UpdatedAt, UpdatedBy: own.UpdatedBy, MemberCount: g.MemberCount,
	}
}

func getGroup(c *call) { c.showGroup(func(g authz.Group) any { return groupOf(g) }) }
func getGroupPermissions(c *call) {
	c.showGroup(func(g authz.Group) any { return rulesOf(g.Permissions) })
}

// showGroup answers with the group in the path, or part of it, and its ETag.
func (c *call) showGroup(show func(authz.Group) any) {
	if c.refused() {
		return
	}
	g, ok := c.view.Group(c.group())
	if !ok {
		c.fail(authz.ErrNotFound)
		return
	}
	c.http.Header("ETag", etag(g.Version))
	c.ok(show(g))
}

// showChanged answers with a group after a change.
func (c *call) showChanged(status int, name authz.GroupName, show func(authz.Group) any) {
	g, _ := c.after.Group(name)
	c.http.Header("ETag", etag(g.Version))
	c.answer(status, show(g))
}

func createGroup(c *call) {
	var spec authz.GroupSpec
	c.read(object(map[string]reader{
		"name":        text(&spec.Name),
		"description": text(&spec.Description),
		"inherits":    texts(&spec.Inherits),
		"permissions": rules(&spec.Permissions),
	}, "name"))
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.CreateGroup(c.http.Request.Context(), spec)
	}, func(authz.Change) {
		c.http.Header("Location", c.prefix+"/groups/"+url.PathEscape(string(spec.Name)))
		c.showChanged(http.StatusCreated, spec.Name, func(g authz.Group) any { return groupOf(g) })
	})
}

// updateGroup applies a JSON merge patch (RFC 7396). Null resets a member: no description, no
// inheritance. A name can't be null.
func updateGroup(c *call) {
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
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(c.http.Request.Context(), c.group(), patch)
	}, func(authz.Change) {
		now := c.group()
		if patch.Name != nil {
			now = *patch.Name
		}
		c.showChanged(http.StatusOK, now, func(g authz.Group) any { return groupOf(g) })
	})
}

func deleteGroup(c *call) {
	release := c.choice("members", "release") == "release"
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.DeleteGroup(c.http.Request.Context(), c.group(), release)
	}, c.done)
}

func setGroupPermissions(c *call) {
	var want authz.Rules
	c.read(rules(&want, "grants", "restrictions"))
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.SetGroupPermissions(c.http.Request.Context(), c.group(), want)
	}, c.showGroupRules)
}

func changeGroupPermissions(c *call) {
	var delta authz.RulesDelta
	c.read(rulesDelta(&delta))
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.ChangeGroupPermissions(c.http.Request.Context(), c.group(), delta)
	}, c.showGroupRules)
}

func (c *call) showGroupRules(authz.Change) {
	c.showChanged(http.StatusOK, c.group(), func(g authz.Group) any { return rulesOf(g.Permissions) })
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
