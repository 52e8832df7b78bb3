package api

import (
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// categorySeparator stands between the labels of a category's path.
const categorySeparator = " > "

func listPermissions(c *call) {
	page := c.page()
	var category []string
	if path := c.query["category"]; path != "" {
		category = strings.Split(path, categorySeparator)
	}
	if c.refused() {
		return
	}
	list := c.view.Catalogue(category, c.query["q"])
	slices.SortFunc(list, func(a, b authz.Entry) int {
		return authz.CompareFolded(a.Permission, b.Permission)
	})
	entries, next := cut(page, list, func(e authz.Entry) string { return string(e.Permission) })
	c.ok(openapi.PermissionList{NextCursor: next, Items: each(entries, func(e authz.Entry) openapi.Permission {
		return openapi.Permission{
			Permission: string(e.Permission), Label: e.Label, Category: e.Category, Description: e.Description,
		}
	})})
}
