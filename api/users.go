package api

import (
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listUsers(c *call) {
	page := c.page()
	q := authz.UserQuery{Text: c.searchText(), Group: authz.GroupName(c.filter("group"))}
	if c.refused() {
		return
	}
	users, next := page.users(c.view, q)
	c.ok(openapi.UserList{NextCursor: next, Items: each(users, func(u authz.UserID) openapi.UserItem {
		return openapi.UserItem{ID: string(u), Groups: membershipsOf(c.view.User(u).Groups)}
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
		ID: string(p.ID), Known: p.Known, Groups: membershipsOf(p.Groups), Permissions: rulesOf(p.Permissions),
		Version: int64(p.version), Effective: effectiveOf(p.view.Explain(p.ID, p.view.PermissionsOf(p.ID)...)),
	}
}

func (p person) showGroups() any { return openapi.UserGroups{Groups: membershipsOf(p.Groups)} }
func (p person) showRules() any  { return rulesOf(p.Permissions) }

func getUser(c *call)            { c.showUser(person.show) }
func getUserGroups(c *call)      { c.showUser(person.showGroups) }
func getUserPermissions(c *call) { c.showUser(person.showRules) }

// showUser answers with the user in the path, or part of it, and its ETag. A user that the policy
// doesn't name is no error; an invalid id is.
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

// checkUser returns an error for an invalid id in the path.
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

// showChangedUser answers with a user after a change. A change that was made is answered as such even
// if the store is away by now.
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
	c.read(object(map[string]reader{"groups": memberships(&groups)}, "groups"))
	c.change(func(a authz.Admin) (authz.Change, error) {
		change, err := a.SetUserGroups(c.http.Request.Context(), c.userInPath(), groups)
		return change, pointingAt(err, "/group")
	}, func(change authz.Change) { c.showChangedUser(change, person.showGroups) })
}

// memberships reads a list of memberships.
func memberships(into *[]authz.GroupName) reader {
	return items(into, func(group *authz.GroupName) reader {
		return object(map[string]reader{"group": text(group)}, "group")
	})
}

// pointingAt completes the pointers of an error about items of a list: it is about one member of
// each item.
func pointingAt(err error, member string) error {
	return withPointers(err, func(pointer string) string {
		if strings.Count(pointer, "/") < 2 { // about the list, or not about the body
			return pointer
		}
		return pointer + member
	})
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
