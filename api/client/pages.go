package client

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
)

// pages iterates over the items of all pages. It requests a page when the previous one is exhausted.
// An error ends the iteration.
func pages[T any](next func(*openapi.Cursor) (items []T, cursor string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var at *openapi.Cursor
		for {
			items, cursor, err := next(at)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if cursor == "" {
				return
			}
			at = &cursor
		}
	}
}

// maxRestarts is how often a resource with several pages is read anew because it changed in between.
const maxRestarts = 5

// whole reads all pages of one resource. If the resource changes between two pages, it starts over. The version
// is that of the last page: only with it the whole can be replaced.
func whole(next func(*openapi.Cursor) (cursor string, version Version, err error)) (Version, error) {
	for range maxRestarts {
		cursor, version, err := next(nil)
		now := version
		for err == nil && now.same(version) && cursor != "" {
			at := cursor
			cursor, now, err = next(&at)
		}
		if err != nil || now.same(version) {
			return now, err
		}
	}
	return "", errors.New("rightful: the resource has several pages and changed each time before all of them were read")
}

// wholeRules reads all pages of the rules of a group or user.
func wholeRules(next func(*openapi.Cursor) (openapi.Rules, Version, error)) (rules openapi.Rules, _ Version, _ error) {
	version, err := whole(func(cursor *openapi.Cursor) (string, Version, error) {
		page, version, err := next(cursor)
		if cursor == nil {
			rules = page
		} else {
			rules.Grants = append(rules.Grants, page.Grants...)
			rules.Restrictions = append(rules.Restrictions, page.Restrictions...)
		}
		return page.NextCursor, version, err
	})
	rules.GrantCount, rules.RestrictionCount, rules.NextCursor = 0, 0, "" // all are listed
	return rules, version, err
}

// Permissions lists the permissions of the catalog that are in a category (its labels joined by
// " > ") and contain a text. An empty category or text matches all.
func (c *Client) Permissions(ctx context.Context, category, text string) iter.Seq2[openapi.Permission, error] {
	p := openapi.ListPermissionsParams{Category: optional(category), Q: optional(text)}
	return pages(func(cursor *openapi.Cursor) ([]openapi.Permission, string, error) {
		p := p
		p.Cursor = cursor
		page, _, err := read[openapi.PermissionList](c.api.ListPermissions(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}

// PermissionHolders lists the groups and then the users that hold a permission, with its origins.
func (c *Client) PermissionHolders(ctx context.Context, permission openapi.PermissionName) iter.Seq2[openapi.PermissionHolder, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.PermissionHolder, string, error) {
		p := openapi.ListPermissionHoldersParams{Permission: permission, Cursor: cursor}
		page, _, err := read[openapi.PermissionHolderList](c.api.ListPermissionHolders(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}

// Groups lists the groups that contain a text; an empty text matches all.
func (c *Client) Groups(ctx context.Context, text string) iter.Seq2[openapi.Group, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.Group, string, error) {
		p := openapi.ListGroupsParams{Q: optional(text), Cursor: cursor}
		page, _, err := read[openapi.GroupList](c.api.ListGroups(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}

// Users lists the users that contain a text; an empty text matches all.
func (c *Client) Users(ctx context.Context, text string) iter.Seq2[openapi.UserItem, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.UserItem, string, error) {
		p := openapi.ListUsersParams{Q: optional(text), Cursor: cursor}
		page, _, err := read[openapi.UserList](c.api.ListUsers(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}

// Members lists the users who are directly in the group.
func (g Group) Members(ctx context.Context) iter.Seq2[openapi.Member, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.Member, string, error) {
		p := openapi.ListGroupMembersParams{Cursor: cursor}
		page, _, err := read[openapi.Members](g.client.api.ListGroupMembers(ctx, g.name, &p))
		return page.Items, page.NextCursor, err
	})
}

// Endings lists the memberships that end, the first to end at the beginning.
func (c *Client) Endings(ctx context.Context) iter.Seq2[openapi.Ending, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.Ending, string, error) {
		p := openapi.ListEndingsParams{Cursor: cursor}
		page, _, err := read[openapi.Endings](c.api.ListEndings(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}

// ChangeFilter selects changes. A change must match every field that is set; the zero filter selects
// all changes.
type ChangeFilter struct {
	Actor string            // the id of the actor
	Group openapi.GroupName // the group itself, its rules, members or inheritance
	User  openapi.UserID    // the user's own rules or groups
	Since time.Time         // at this time or later
	Until time.Time         // before this time
	After openapi.Revision  // of a higher revision
}

// Changes lists the changes that the filter selects, newest first.
func (c *Client) Changes(ctx context.Context, filter ChangeFilter) iter.Seq2[openapi.Change, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.Change, string, error) {
		p := openapi.ListChangesParams{
			Actor: optional(filter.Actor), Group: optional(filter.Group), User: optional(filter.User),
			Since: optional(filter.Since), Until: optional(filter.Until), After: optional(filter.After), Cursor: cursor,
		}
		page, _, err := read[openapi.ChangeList](c.api.ListChanges(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}

// Denials lists the requests of a user that the application refused, newest first; those of all users
// if user is empty.
func (c *Client) Denials(ctx context.Context, user openapi.UserID) iter.Seq2[openapi.Denial, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.Denial, string, error) {
		p := openapi.ListDenialsParams{User: optional(user), Cursor: cursor}
		page, _, err := read[openapi.DenialList](c.api.ListDenials(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}
