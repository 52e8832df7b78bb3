package api

import (
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// categorySeparator separates the labels of a category's path.
const categorySeparator = " > "

func listPermissions(c *call) {
	page, text := c.page(), c.searchText()
	var category []string
	if path := c.query["category"]; path != "" {
		category = strings.Split(path, categorySeparator)
	}
	if c.refused() {
		return
	}
	list := c.view.Catalog(category, text)
	slices.SortFunc(list, func(a, b authz.Entry) int {
		return fold.Compare(a.Permission, b.Permission)
	})
	entries, next := cut(page, list, func(e authz.Entry) string { return string(e.Permission) })
	c.ok(openapi.PermissionList{NextCursor: next, Items: each(entries, func(e authz.Entry) openapi.Permission {
		return openapi.Permission{
			Permission: string(e.Permission), Label: e.Label, Category: e.Category, Description: e.Description,
		}
	})})
}

func listPermissionHolders(c *call) {
	page := c.page()
	permission := authz.Permission(c.query["permission"])
	if _, there := c.query["permission"]; !there {
		c.bad(`the query parameter "permission" is missing`)
	} else if err := permission.Check(); err != nil {
		c.bad(`the query parameter "permission" %v`, err)
	}
	if c.refused() {
		return
	}
	holders := c.view.Holders(authz.HolderQuery{
		Permission: permission, After: authz.Subject(page.after), Limit: page.limit + 1,
	})
	var next string
	if len(holders) > page.limit {
		holders = holders[:page.limit]
		next = page.next(string(holders[page.limit-1].Subject))
	}
	c.ok(openapi.PermissionHolderList{NextCursor: next, Items: each(holders, func(h authz.PermissionHolder) openapi.PermissionHolder {
		return openapi.PermissionHolder{
			Subject: string(h.Subject), Origins: originsOf(h.Origins, maxOriginsListed), OriginCount: len(h.Origins),
		}
	})})
}
