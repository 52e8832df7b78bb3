package api

import (
	"fmt"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listUsers(c *call) {
	page := c.page()
	group := c.filter("group")
	if c.refused() {
		return
	}
	users, next := page.users(c.view, authz.UserQuery{Text: c.query["q"], Group: authz.GroupName(group)})
	c.ok(openapi.UserList{NextCursor: next, Items: each(users, func(u authz.UserID) openapi.UserItem {
		return openapi.UserItem{ID: string(u), Groups: plain(c.view.User(u).Groups)}
	})})
}

// person is a user at one revision.
type person struct {
	authz.User
	view    *authz.View
	version authz.Revision
}

func (p person) show() any {
	return openapi.User{
		ID: string(p.ID), Known: p.Known, Groups: plain(p.Groups), Permissions: rulesOf(p.Permissions),
		Version: int64(p.version), Effective: effectiveOf(p.view.Explain(p.ID, p.view.PermissionsOf(p.ID)...)),
	}
}

func (p person) showGroups() any { return openapi.UserGroups{Groups: plain(p.Groups)} }
func (p person) showRules() any  { return rulesOf(p.Permissions) }

func getUser(c *call)            { c.showUser(person.show) }
func getUserGroups(c *call)      { c.showUser(person.showGroups) }
func getUserPermissions(c *call) { c.showUser(person.showRules) }

// showUser answers with the user in the path, or a part of them, and their ETag. A user whom
// the policy doesn't name has nothing, and is no error; an id that can't be one is.
func (c *call) showUser(show func(person) any) {
	if c.refused() {
		return
	}
	id := c.userInPath()
	if err := checkUser(id); err != nil {
		c.fail(err)
		return
	}
	ctx, done := c.reading()
	defer done()
	view, version, err := c.engine.ViewUser(ctx, id)
	if err != nil {
		c.fail(err)
		return
	}
	c.answerUser(person{view.User(id), view, version}, show)
}

// checkUser returns the error of an id in the path that can't be one.
func checkUser(id authz.UserID) error {
	err := id.Check()
	if err == nil {
		return nil
	}
	return &authz.Error{Kind: authz.ErrInvalid, Faults: []authz.Fault{{Detail: fmt.Sprintf("the user %s %v", clip(string(id)), err)}}, Count: 1}
}

func (c *call) answerUser(p person, show func(person) any) {
	c.http.Header("ETag", etag(p.version))
	c.ok(show(p))
}

// showChangedUser answers with a user after a change to them. That it was made is answered
// even if the store is away by now.
func (c *call) showChangedUser(change authz.Change, show func(person) any) {
	ctx, done := c.reading()
	defer done()
	id := c.userInPath()
	view, version, err := c.engine.ViewUser(ctx, id)
	if err != nil && change.Revision == 0 {
		c.fail(err)
		return
	}
	if err != nil {
		view, version = c.engine.View(), change.Revision
	}
	c.answerUser(person{view.User(id), view, version}, show)
}

func deleteUser(c *call) {
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.DeleteUser(c.http.Request.Context(), c.userInPath())
	}, c.done)
}

func setUserGroups(c *call) {
	var groups []authz.GroupName
	c.read(object(map[string]reader{"groups": texts(&groups)}, "groups"))
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.SetUserGroups(c.http.Request.Context(), c.userInPath(), groups)
	}, func(change authz.Change) { c.showChangedUser(change, person.showGroups) })
}

func setUserPermissions(c *call) {
	var want authz.Rules
	c.read(rules(&want, "grants", "restrictions"))
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.SetUserPermissions(c.http.Request.Context(), c.userInPath(), want)
	}, func(change authz.Change) { c.showChangedUser(change, person.showRules) })
}

func changeUserPermissions(c *call) {
	var delta authz.RulesDelta
	c.read(rulesDelta(&delta))
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.ChangeUserPermissions(c.http.Request.Context(), c.userInPath(), delta)
	}, func(change authz.Change) { c.showChangedUser(change, person.showRules) })
}
