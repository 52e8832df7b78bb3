package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listUsers(c *call) {
	page, nested := c.page(), c.nestedLimit(maxRules)
	q := authz.UserQuery{Text: c.searchText(), Group: authz.GroupName(c.filter("group"))}
	if c.refused() {
		return
	}
	found := map[authz.UserID]authz.Person{}
	for _, p := range c.findPeople(q.Text) {
		found[p.ID] = p
		q.Also = append(q.Also, p.ID)
	}
	users, total := page.users(c.view, q)
	people := c.people(upTo(users, page.limit)...)
	items, next := fill(page, users, itself[authz.UserID], func(u authz.UserID) openapi.UserItem {
		who, user := people[u], c.view.User(u)
		if who.ID == "" {
			who = found[u]
		}
		item := openapi.UserItem{ID: string(u), DisplayName: who.Name, Email: who.Email, Known: user.Known}
		item.Groups, item.GroupCount = membershipsOf(user, nested)
		return item
	})
	c.revalidated(openapi.UserList{NextCursor: next, Items: items, Total: total})
}

// person is a user at one revision.
type person struct {
	authz.User
	view    *authz.View
	version authz.Version
}

// show shows a user with at most so many rules and groups, and with effective permissions, held of them in all, and none
// beyond 8 MiB.
func (p person) show(allowed []string, who authz.Person, most int, effective []authz.PermissionExplanation, held int) part {
	shown := openapi.User{
		ID: string(p.ID), DisplayName: who.Name, Email: who.Email, Known: p.Known, Permissions: rulesOf(p.Permissions, most), Version: int64(p.version.Revision),
		Allowed: allowed,
	}
	shown.Groups, shown.GroupCount = membershipsOf(p.User, most)
	shown.Effective = fitting(effective, maxPageSize-sizeOf(shown), effectiveUpTo(most))
	shown.EffectiveCount = countUnlessAll(held, len(shown.Effective))
	return part{shown, isWhole(shown.Permissions) && shown.GroupCount == 0}
}

func getUser(c *call) {
	nested := c.nestedLimit(maxRules)
	c.readUser(func(ctx context.Context, p person) {
		held := p.view.PermissionsOf(p.ID)
		effective, err := c.engine.Origins(ctx, p.view, p.ID, upTo(held, nested)...)
		if err != nil {
			c.fail(err)
			return
		}
		c.answerUser(p, func(p person) part {
			return p.show(c.allowedOnUser(p.view, p.ID), c.people(p.ID)[p.ID], nested, effective, len(held))
		})
	})
}

func getUserGroups(c *call) { c.showUser(showGroups(c.rulesPage())) }

func getUserPermissions(c *call) { c.showUser(showRules(c.rulesPage())) }

func showGroups(page page) func(person) part {
	return func(p person) part {
		page := page.of(p.version)
		shown := page.memberships(p.User)
		return part{shown, page.completes(shown.NextCursor, p.version)}
	}
}

func showRules(page page) func(person) part {
	return func(p person) part { return page.of(p.version).rulesPart(p.Permissions, p.version) }
}

func listUserEffective(c *call) {
	page, nested, id := c.page(), c.nestedLimit(maxOrigins), c.userInPath()
	if c.refused() {
		return
	}
	if err := checkUser(id); err != nil {
		c.fail(err)
		return
	}
	ctx, done := c.reading()
	defer done()
	held := rest(page, c.view.PermissionsOf(id), itself[authz.Permission])
	effective, err := c.engine.Origins(ctx, c.view, id, upTo(held, page.limit)...)
	if err != nil {
		c.fail(err)
		return
	}
	list := openapi.EffectiveList{Items: fitting(effective, maxPageSize, effectiveUpTo(nested))}
	if n := len(list.Items); n < len(held) {
		list.NextCursor = page.next(string(held[n-1]))
	}
	c.revalidated(list)
}

// showUser answers with the user in the path, or part of it, and its ETag. A user that the policy
// doesn't name is no error; an invalid id is.
func (c *call) showUser(show func(person) part) {
	c.readUser(func(_ context.Context, p person) { c.answerUser(p, show) })
}

// readUser reads the user in the path.
func (c *call) readUser(answer func(context.Context, person)) {
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
	answer(ctx, person{view.User(id), view, version})
}

// checkUser returns an error for an invalid id in the path.
func checkUser(id authz.UserID) error {
	err := id.Check()
	if err == nil {
		return nil
	}
	return &authz.Error{Kind: authz.ErrInvalid, Faults: []authz.Fault{{Detail: fmt.Sprintf("the user %s %v", clip(string(id)), err)}}, Count: 1}
}

func (c *call) answerUser(p person, show func(person) part) {
	c.answerPart(http.StatusOK, p.version, show(p))
}

// showChangedUser answers with a user after a change. A change that was made says itself what it left of the user;
// the store is asked only if there was nothing to change.
func (c *call) showChangedUser(change authz.Change, show func(person) part) {
	if change.Revision == 0 {
		c.showUser(show)
		return
	}
	user := change.View.User(c.userInPath())
	c.answerUser(person{user, change.View, change.UserVersion(c.userInPath())}, show)
}

func deleteUser(c *call) { c.apply(readUserDeletion(c), c.done) }

func readUserDeletion(c *call) authz.Operation {
	return authz.Operation{Action: authz.ActionUserDelete, User: c.userInPath()}
}

func setUserGroups(c *call) {
	c.apply(readUserGroups(c), func(change authz.Change) { c.showChangedUser(change, showGroups(c.firstRulesPage())) })
}

func readUserGroups(c *call) authz.Operation {
	o := authz.Operation{Action: authz.ActionUserGroupsSet, User: c.userInPath()}
	c.read(object(map[string]reader{"groups": memberships(&o.Memberships)}, "groups"))
	_, groups := c.view.SizeOf(authz.Subject(o.User))
	c.needsWholeRead(groups, "/groups")
	return o
}

// memberships reads a list of memberships.
func memberships(into *[]authz.Membership) reader {
	return items(into, func(m *authz.Membership) reader {
		return object(map[string]reader{"group": text(&m.Group), "until": untilText(&m.Until)}, "group")
	})
}

// ofItem completes the pointer of an error about an item of a list: it is about the group of the item.
func ofItem(pointer string) string {
	if strings.Count(pointer, "/") != 2 { // about the list, about another member, or not about the body
		return pointer
	}
	return pointer + "/group"
}

func setUserPermissions(c *call) {
	c.apply(readUserRules(c), func(change authz.Change) { c.showChangedUser(change, showRules(c.firstRulesPage())) })
}

func readUserRules(c *call) authz.Operation {
	o := authz.Operation{Action: authz.ActionUserPermissionsSet, User: c.userInPath()}
	c.read(rules(&o.Permissions, "grants", "restrictions"))
	rules, _ := c.view.SizeOf(authz.Subject(o.User))
	c.needsWholeRead(rules, "/permissions")
	return o
}

func changeUserPermissions(c *call) {
	c.apply(readUserRulesDelta(c), func(change authz.Change) { c.showChangedUser(change, showRules(c.firstRulesPage())) })
}

func readUserRulesDelta(c *call) authz.Operation {
	o := authz.Operation{Action: authz.ActionUserPermissionsChange, User: c.userInPath()}
	c.read(rulesDelta(&o.Rules))
	return o
}
