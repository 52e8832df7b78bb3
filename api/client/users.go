package client

import (
	"context"

	"github.com/rightful-go/rightful/api/openapi"
)

// User is what can be asked about a user, and done to them.
type User struct {
	client *Client
	id     openapi.UserID
}

// User returns the user of an id. It sends nothing.
func (c *Client) User(id openapi.UserID) User { return User{c, id} }

// Get reads the user's groups, own rules, and all that they may do with where it comes from.
func (u User) Get(ctx context.Context) (openapi.User, Version, error) {
	return read[openapi.User](u.client.api.GetUser(ctx, u.id))
}

// Explain says what the user holds of 1 to 64 permissions, what is missing, and what would give it.
// A revision other than 0 asks the policy as it was then, without what would give it now.
func (u User) Explain(ctx context.Context, revision openapi.Revision, permissions ...openapi.PermissionName) (openapi.Explanation, error) {
	p := openapi.ExplainUserParams{Permission: permissions}
	if revision != 0 {
		p.Revision = &revision
	}
	x, _, err := read[openapi.Explanation](u.client.api.ExplainUser(ctx, u.id, &p))
	return x, err
}

// Delete takes the user out of all groups and removes all their own rules, in one change.
func (u User) Delete(ctx context.Context) error {
	return u.client.done(u.client.api.DeleteUser(ctx, u.id, &openapi.DeleteUserParams{}, u.client.writing))
}

// Groups reads the groups that the user is directly in.
func (u User) Groups(ctx context.Context) ([]openapi.Membership, Version, error) {
	groups, version, err := read[openapi.UserGroups](u.client.api.GetUserGroups(ctx, u.id))
	return groups.Groups, version, err
}

// SetGroups puts the user into exactly these groups.
func (u User) SetGroups(ctx context.Context, version Version, groups []openapi.Membership) ([]openapi.Membership, Version, error) {
	p := openapi.SetUserGroupsParams{IfMatch: string(version)}
	input := openapi.UserGroupsInput{Groups: orEmpty(groups)}
	now, version, err := write[openapi.UserGroups](u.client)(u.client.api.SetUserGroups(ctx, u.id, &p, input, u.client.writing))
	return now.Groups, version, err
}

// Rules reads the user's own grants and restrictions.
func (u User) Rules(ctx context.Context) (openapi.Rules, Version, error) {
	return read[openapi.Rules](u.client.api.GetUserPermissions(ctx, u.id))
}

// SetRules makes the user's own rules exactly these.
func (u User) SetRules(ctx context.Context, version Version, rules openapi.Rules) (openapi.Rules, Version, error) {
	p := openapi.SetUserPermissionsParams{IfMatch: string(version)}
	return write[openapi.Rules](u.client)(u.client.api.SetUserPermissions(ctx, u.id, &p, inputOf(rules), u.client.writing))
}

// ChangeRules adds and removes single rules, whatever else has changed meanwhile.
func (u User) ChangeRules(ctx context.Context, delta openapi.RulesDelta) (openapi.Rules, Version, error) {
	p := openapi.ChangeUserPermissionsParams{}
	return write[openapi.Rules](u.client)(u.client.api.ChangeUserPermissions(ctx, u.id, &p, delta, u.client.writing))
}
