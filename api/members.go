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
	c.ok(membersOf(page, c.view, g))
}

func membersOf(p page, view *authz.View, g authz.Group) openapi.Members {
	users, next := p.users(view, authz.UserQuery{Group: g.Name})
	return openapi.Members{MemberCount: g.MemberCount, NextCursor: next, Items: each(users, func(u authz.UserID) openapi.Member {
		return openapi.Member{User: string(u)}
	})}
}

func changeMembers(c *call) {
	var add, remove []authz.UserID
	c.read(object(map[string]reader{"add": texts(&add), "remove": texts(&remove)}))
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.ChangeMembers(c.http.Request.Context(), c.group(), add, remove)
	}, func(authz.Change) {
		g, _ := c.after.Group(c.group())
		c.ok(membersOf(page{limit: defaultLimit, list: c.list()}, c.after, g))
	})
}

func addMember(c *call) {
	c.change(func(a authz.Admin) (authz.Change, error) {
		change, err := a.Assign(c.http.Request.Context(), c.group(), c.userInPath())
		return change, withoutPointers(err)
	}, c.done)
}

func removeMember(c *call) {
	c.change(func(a authz.Admin) (authz.Change, error) {
		change, err := a.Unassign(c.http.Request.Context(), c.group(), c.userInPath())
		return change, withoutPointers(err)
	}, c.done)
}

// withoutPointers removes the pointers from an error about names in the path: there is no body
// that they could point into.
func withoutPointers(err error) error {
	return withPointers(err, func(string) string { return "" })
}
