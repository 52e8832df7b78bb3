package api

import (
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
	list := c.entries(category, text)
	items, next := fill(page, rest(page, list, nameOfEntry), nameOfEntry, func(e authz.Entry) openapi.Permission {
		return openapi.Permission{
			Permission: string(e.Permission), Label: e.Label, Category: e.Category, Description: e.Description,
		}
	})
	c.revalidated(openapi.PermissionList{NextCursor: next, Items: items, Total: len(list)})
}

// entries returns entries of the catalog, sorted by permission.
func (c *call) entries(category []string, text string) []authz.Entry {
	list := c.view.Catalog(category, text)
	fold.SortBy(list, nameOfEntry)
	return list
}

func nameOfEntry(e authz.Entry) string { return string(e.Permission) }

// getCatalog shows the entries without descriptions, and each category once.
func getCatalog(c *call) {
	page := c.rulesPage()
	if c.refused() {
		return
	}
	list := c.entries(nil, "")
	shown := openapi.Catalog{Total: len(list)}
	room, known := maxPageSize, map[string]int{}
	category := func(path []string) int {
		key := strings.Join(path, "\x00")
		if _, ok := known[key]; !ok {
			known[key] = len(shown.Categories)
			shown.Categories = append(shown.Categories, path)
			room -= sizeOf(path)
		}
		return known[key]
	}
	list = rest(page, list, nameOfEntry)
	for _, e := range upTo(list, page.limit) {
		item := openapi.CatalogItem{Permission: string(e.Permission), Label: e.Label, Category: category(e.Category)}
		if room -= sizeOf(item); room < 0 && len(shown.Items) > 0 {
			break
		}
		shown.Items = append(shown.Items, item)
	}
	if n := len(shown.Items); n < len(list) {
		shown.NextCursor = page.next(nameOfEntry(list[n-1]))
	}
	c.revalidated(shown)
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
	key := func(h authz.PermissionHolder) string { return string(h.Subject) }
	items, next := fill(page, holders, key, func(h authz.PermissionHolder) openapi.PermissionHolder {
		return openapi.PermissionHolder{
			Subject: string(h.Subject), Origins: each(h.Origins, originOf), OriginCount: h.OriginCount,
		}
	})
	c.revalidated(openapi.PermissionHolderList{NextCursor: next, Items: items})
}
