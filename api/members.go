package api

import (
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listMembers(c *call) {
	page := c.page()
	if c.refused() {
		return
	}
	g, ok := c.view.Group(c.group())
	if !ok {
		c.fail(authz.ErrNotFound)
		return
	}
	c.revalidated(c.membersOf(page, c.view, g))
}

func (c *call) membersOf(p page, view *authz.View, g authz.Group) openapi.Members {
	users, _ := p.users(view, authz.UserQuery{Group: g.Name})
	people := c.people(upTo(users, p.limit)...)
	items, next := fill(p, users, itself[authz.UserID], func(u authz.UserID) openapi.Member {
		return openapi.Member{User: string(u), DisplayName: people[u].Name, Until: view.End(u, g.Name).Time()}
	})
	return openapi.Members{MemberCount: g.MemberCount, NextCursor: next, Items: items}
}

func changeMembers(c *call) {
	c.apply(readMembersDelta(c), func(authz.Change) {
		g, _ := c.after.Group(c.group())
		c.ok(c.membersOf(page{limit: defaultLimit, list: c.list()}, c.after, g))
	})
}

func readMembersDelta(c *call) authz.Operation {
	o := authz.Operation{Action: authz.ActionGroupMembersChange, Group: c.group(), Extend: true}
	c.read(object(map[string]reader{"add": texts(&o.Add), "until": untilText(&o.Until), "remove": texts(&o.Remove)}))
	return o
}

func addMember(c *call) { c.apply(readMember(c), c.done) }

func readMember(c *call) authz.Operation {
	return authz.Operation{
		Action: authz.ActionGroupMembersChange, Group: c.group(), Add: []authz.UserID{c.userInPath()}, Until: c.untilIn(),
	}
}

func removeMember(c *call) { c.apply(readFormerMember(c), c.done) }

func readFormerMember(c *call) authz.Operation {
	return authz.Operation{Action: authz.ActionGroupMembersChange, Group: c.group(), Remove: []authz.UserID{c.userInPath()}}
}

// noPointer is for an error about names in the path: there is no body that it could point into.
func noPointer(string) string { return "" }
