package api

import (
	"errors"

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
		return change, inNoBody(err)
	}, c.done)
}

func removeMember(c *call) {
	c.change(func(a authz.Admin) (authz.Change, error) {
		change, err := a.Unassign(c.http.Request.Context(), c.group(), c.userInPath())
		return change, inNoBody(err)
	}, c.done)
}

// inNoBody takes the pointers out of an error about what stood in the path.
func inNoBody(err error) error {
	var invalid *authz.Error
	if !errors.As(err, &invalid) {
		return err
	}
	bare := *invalid
	bare.Faults = each(invalid.Faults, func(f authz.Fault) authz.Fault { return authz.Fault{Detail: f.Detail} })
	return &bare
}
