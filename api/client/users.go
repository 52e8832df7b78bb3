package client

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
)

// User reads and changes one user.
type User struct {
	client *Client
	id     openapi.UserID
}

// User returns the user with an id. It sends no request.
func (c *Client) User(id openapi.UserID) User { return User{c, id} }

// People looks up what the host's directory knows of users, in the order asked. Users that it doesn't know are left out.
// Each hundred users is one request.
func (c *Client) People(ctx context.Context, users ...openapi.UserID) ([]openapi.Person, error) {
	var list []openapi.Person
	for some := range slices.Chunk(users, 100) {
		found, _, err := read[openapi.People](c.api.ListPeople(ctx, &openapi.ListPeopleParams{User: some}))
		if err != nil {
			return nil, err
		}
		list = append(list, found.Items...)
	}
	return list, nil
}

// Get reads the user's groups, own rules, and effective permissions with their origins.
func (u User) Get(ctx context.Context) (openapi.User, Version, error) {
	return read[openapi.User](u.client.api.GetUser(ctx, u.id, &openapi.GetUserParams{}))
}

// Explain explains which of 1 to 64 permissions the user holds, and lists fixes for the rest. A revision
// other than 0 explains that past policy, without fixes, and needs rightful.changes:view as well.
func (u User) Explain(ctx context.Context, revision openapi.Revision, permissions ...openapi.PermissionName) (openapi.Explanation, error) {
	p := openapi.ExplainUserParams{Permission: permissions}
	if revision != 0 {
		p.Revision = &revision
	}
	x, _, err := read[openapi.Explanation](u.client.api.ExplainUser(ctx, u.id, &p))
	return x, err
}

// Decide is [User.Explain] without fixes and without when permissions were lost, which can take long.
func (u User) Decide(ctx context.Context, revision openapi.Revision, permissions ...openapi.PermissionName) (openapi.Explanation, error) {
	only := true
	p := openapi.ExplainUserParams{Permission: permissions, DecisionOnly: &only}
	if revision != 0 {
		p.Revision = &revision
	}
	x, _, err := read[openapi.Explanation](u.client.api.ExplainUser(ctx, u.id, &p))
	return x, err
}

// ExplainUntil is [User.Explain] of the present, with fixes whose memberships end at a time, to the microsecond. The zero
// time makes memberships that don't end.
func (u User) ExplainUntil(ctx context.Context, end time.Time, permissions ...openapi.PermissionName) (openapi.Explanation, error) {
	p := openapi.ExplainUserParams{Permission: permissions, Until: untilText(end)}
	x, _, err := read[openapi.Explanation](u.client.api.ExplainUser(ctx, u.id, &p))
	return x, err
}

// Usage reads when the user last used each permission that they hold. With unusedFor, at least 1, it lists only those
// that are known to be unused for so many days, and operations that take them away, for
// [Client.ApplyOperations].
func (u User) Usage(ctx context.Context, unusedFor int) (openapi.Usage, error) {
	usage, _, err := read[openapi.Usage](u.client.api.GetUserUsage(ctx, u.id, &openapi.GetUserUsageParams{UnusedFor: days(unusedFor)}))
	return usage, err
}

// days is the parameter of that many days, absent for 0.
func days(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// Delete removes the user from all groups and removes all their own rules, in one change.
func (u User) Delete(ctx context.Context) error {
	return u.client.done(u.client.api.DeleteUser(ctx, u.id, &openapi.DeleteUserParams{}, u.client.writing))
}

// Effective lists what the user may do, each permission with its origins.
func (u User) Effective(ctx context.Context) iter.Seq2[openapi.EffectivePermission, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.EffectivePermission, string, error) {
		p := openapi.ListUserEffectiveParams{Cursor: cursor}
		page, _, err := read[openapi.EffectiveList](u.client.api.ListUserEffective(ctx, u.id, &p))
		return page.Items, page.NextCursor, err
	})
}

// Groups reads the groups that the user is directly in, all pages of them.
func (u User) Groups(ctx context.Context) ([]openapi.Membership, Version, error) {
	var groups []openapi.Membership
	version, err := whole(func(cursor *openapi.Cursor) (string, Version, error) {
		p := openapi.GetUserGroupsParams{Cursor: cursor}
		page, version, err := read[openapi.UserGroups](u.client.api.GetUserGroups(ctx, u.id, &p))
		if cursor == nil {
			groups = nil
		}
		groups = append(groups, page.Groups...)
		return page.NextCursor, version, err
	})
	return groups, version, err
}

// SetGroups makes the user a member of exactly these groups. A membership without an end keeps the one that it has; use
// [Group.AddUntil] to remove it.
func (u User) SetGroups(ctx context.Context, version Version, groups []openapi.Membership) ([]openapi.Membership, Version, error) {
	p := openapi.SetUserGroupsParams{IfMatch: string(version)}
	input := openapi.UserGroupsInput{Groups: orEmpty(groups)}
	now, version, err := write[openapi.UserGroups](u.client)(u.client.api.SetUserGroups(ctx, u.id, &p, input, u.client.writing))
	return now.Groups, version, err
}

// Rules reads the user's own grants and restrictions, all pages of them.
func (u User) Rules(ctx context.Context) (openapi.Rules, Version, error) {
	return wholeRules(func(cursor *openapi.Cursor) (openapi.Rules, Version, error) {
		p := openapi.GetUserPermissionsParams{Cursor: cursor}
		return read[openapi.Rules](u.client.api.GetUserPermissions(ctx, u.id, &p))
	})
}

// SetRules replaces the user's own rules.
func (u User) SetRules(ctx context.Context, version Version, rules openapi.Rules) (openapi.Rules, Version, error) {
	p := openapi.SetUserPermissionsParams{IfMatch: string(version)}
	return write[openapi.Rules](u.client)(u.client.api.SetUserPermissions(ctx, u.id, &p, inputOf(rules), u.client.writing))
}

// ChangeRules adds and removes single rules, even if others have changed in the meantime.
func (u User) ChangeRules(ctx context.Context, delta openapi.RulesDelta) (openapi.Rules, Version, error) {
	p := openapi.ChangeUserPermissionsParams{}
	return write[openapi.Rules](u.client)(u.client.api.ChangeUserPermissions(ctx, u.id, &p, delta, u.client.writing))
}
