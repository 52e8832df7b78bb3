package client

import (
	"context"
	"fmt"
	"iter"

	"github.com/rightful-go/rightful/api/openapi"
)

// GroupRules are the own rules of a group.
type GroupRules struct {
	Group    openapi.GroupName
	Path     []openapi.GroupName // from the group that was asked for to this one; only of effective rules
	Inherits []openapi.GroupName // directly; the first 5,000
	Rules    openapi.Rules       // at most 5,000, with the numbers of all unless these are all
	BadRow   bool                // a bad row denies everything to the members of the group
}

// GroupRules lists the own rules of all groups that contain a text; an empty text matches all.
func (c *Client) GroupRules(ctx context.Context, text string) iter.Seq2[GroupRules, error] {
	return ruleTables(func(cursor *openapi.Cursor) (openapi.RuleTable, Version, error) {
		p := openapi.ListGroupRulesParams{Q: optional(text), Cursor: cursor}
		return read[openapi.RuleTable](c.api.ListGroupRules(ctx, &p))
	})
}

// EffectiveRules lists the rules that apply to the members of the group: its own and those of all groups that
// it inherits.
func (g Group) EffectiveRules(ctx context.Context) iter.Seq2[GroupRules, error] {
	return ruleTables(func(cursor *openapi.Cursor) (openapi.RuleTable, Version, error) {
		p := openapi.ListGroupEffectiveRulesParams{Cursor: cursor}
		return read[openapi.RuleTable](g.client.api.ListGroupEffectiveRules(ctx, g.name, &p))
	})
}

func ruleTables(next func(*openapi.Cursor) (openapi.RuleTable, Version, error)) iter.Seq2[GroupRules, error] {
	return pages(func(cursor *openapi.Cursor) (items []GroupRules, _ string, _ error) {
		table, _, err := next(cursor)
		for _, item := range table.Items {
			rules := openapi.Rules{GrantCount: item.GrantCount, RestrictionCount: item.RestrictionCount}
			if err == nil {
				rules.Grants, err = resolved(table.Patterns, item.Grants)
			}
			if err == nil {
				rules.Restrictions, err = resolved(table.Patterns, item.Restrictions)
			}
			items = append(items, GroupRules{item.Group, item.Path, item.Inherits, rules, item.BadRow})
		}
		return items, table.NextCursor, err
	})
}

// Catalog lists the whole catalog without descriptions, in fewer and smaller answers than [Client.Permissions].
func (c *Client) Catalog(ctx context.Context) iter.Seq2[openapi.Permission, error] {
	return pages(func(cursor *openapi.Cursor) (items []openapi.Permission, _ string, _ error) {
		page, _, err := read[openapi.Catalog](c.api.GetCatalog(ctx, &openapi.GetCatalogParams{Cursor: cursor}))
		for _, item := range page.Items {
			var category []openapi.CategoryPath
			if err == nil {
				category, err = resolved(page.Categories, []int{item.Category})
			}
			if err == nil {
				items = append(items, openapi.Permission{Permission: item.Permission, Label: item.Label, Category: category[0]})
			}
		}
		return items, page.NextCursor, err
	})
}

// resolved returns the items of a table that the indexes name.
func resolved[T any](table []T, indexes []int) ([]T, error) {
	list := make([]T, len(indexes))
	for i, at := range indexes {
		if at < 0 || at >= len(table) {
			return nil, fmt.Errorf("rightful: the answer has the index %d in a table of %d items", at, len(table))
		}
		list[i] = table[at]
	}
	return list, nil
}

// Rights reads what the caller may do in this interface.
func (c *Client) Rights(ctx context.Context) (openapi.Rights, error) {
	rights, _, err := read[openapi.Rights](c.api.GetMyRights(ctx, &openapi.GetMyRightsParams{}))
	return rights, err
}
