package client

import (
	"context"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
)

// Group reads and changes one group.
type Group struct {
	client *Client
	name   openapi.GroupName
}

// Group returns the group with a name. It sends no request.
func (c *Client) Group(name openapi.GroupName) Group { return Group{c, name} }

// CreateGroup creates a group with its rules and inheritance in one change.
func (c *Client) CreateGroup(ctx context.Context, group openapi.GroupCreate) (openapi.Group, Version, error) {
	return write[openapi.Group](c)(c.api.CreateGroup(ctx, &openapi.CreateGroupParams{}, group, c.writing))
}

// Get reads the group.
func (g Group) Get(ctx context.Context) (openapi.Group, Version, error) {
	return read[openapi.Group](g.client.api.GetGroup(ctx, g.name, &openapi.GetGroupParams{}))
}

// Usage reads when a member last used each permission that the group gives, like [User.Usage].
func (g Group) Usage(ctx context.Context, unusedFor int) (openapi.Usage, error) {
	usage, _, err := read[openapi.Usage](g.client.api.GetGroupUsage(ctx, g.name, &openapi.GetGroupUsageParams{UnusedFor: days(unusedFor)}))
	return usage, err
}

// Update renames or describes the group, or changes what it inherits. Absent members of the patch
// leave things as they are. After renaming, use [Client.Group] with the new name.
func (g Group) Update(ctx context.Context, version Version, patch openapi.GroupPatch) (openapi.Group, Version, error) {
	p := openapi.UpdateGroupParams{IfMatch: string(version)}
	return write[openapi.Group](g.client)(g.client.api.UpdateGroup(ctx, g.name, &p, patch, g.client.writing))
}

// Delete deletes a group without members.
func (g Group) Delete(ctx context.Context, version Version) error {
	p := openapi.DeleteGroupParams{IfMatch: string(version)}
	return g.client.done(g.client.api.DeleteGroup(ctx, g.name, &p, g.client.writing))
}

// DeleteWithMembers removes all members from the group and deletes it, in one change.
func (g Group) DeleteWithMembers(ctx context.Context, version Version) error {
	release := openapi.ReleaseMembersRelease
	p := openapi.DeleteGroupParams{IfMatch: string(version), Members: &release}
	return g.client.done(g.client.api.DeleteGroup(ctx, g.name, &p, g.client.writing))
}

// Rules reads the group's own grants and restrictions, all pages of them.
func (g Group) Rules(ctx context.Context) (openapi.Rules, Version, error) {
	return wholeRules(func(cursor *openapi.Cursor) (openapi.Rules, Version, error) {
		p := openapi.GetGroupPermissionsParams{Cursor: cursor}
		return read[openapi.Rules](g.client.api.GetGroupPermissions(ctx, g.name, &p))
	})
}

// SetRules replaces the group's own rules.
func (g Group) SetRules(ctx context.Context, version Version, rules openapi.Rules) (openapi.Rules, Version, error) {
	p := openapi.SetGroupPermissionsParams{IfMatch: string(version)}
	return write[openapi.Rules](g.client)(g.client.api.SetGroupPermissions(ctx, g.name, &p, inputOf(rules), g.client.writing))
}

// ChangeRules adds and removes single rules, even if others have changed in the meantime.
func (g Group) ChangeRules(ctx context.Context, delta openapi.RulesDelta) (openapi.Rules, Version, error) {
	p := openapi.ChangeGroupPermissionsParams{}
	return write[openapi.Rules](g.client)(g.client.api.ChangeGroupPermissions(ctx, g.name, &p, delta, g.client.writing))
}

// Add adds a user to the group. Adding a member again is no error, and the membership keeps its end.
func (g Group) Add(ctx context.Context, user openapi.UserID) error {
	return g.client.done(g.client.api.AddGroupMember(ctx, g.name, user, &openapi.AddGroupMemberParams{}, g.client.writing))
}

// AddUntil adds a user to the group until a time, to the microsecond, or changes the end of the membership. The zero time
// makes a membership that doesn't end.
func (g Group) AddUntil(ctx context.Context, user openapi.UserID, end time.Time) error {
	p := openapi.AddGroupMemberParams{Until: untilText(end)}
	return g.client.done(g.client.api.AddGroupMember(ctx, g.name, user, &p, g.client.writing))
}

// untilText is the end of a membership in a query.
func untilText(end time.Time) *openapi.UntilInput {
	if end.IsZero() {
		return new("never")
	}
	return new(end.UTC().Format(time.RFC3339Nano))
}

// Remove removes a user from the group. Removing a user who isn't a member is no error.
func (g Group) Remove(ctx context.Context, user openapi.UserID) error {
	return g.client.done(g.client.api.RemoveGroupMember(ctx, g.name, user, &openapi.RemoveGroupMemberParams{}, g.client.writing))
}

// ChangeMembers adds and removes at most 1,000 users in one change. It returns the first 100 members
// after the change, and their number. The end in the delta is a time (RFC 3339) or "never"; it never shortens a
// membership that stands.
func (g Group) ChangeMembers(ctx context.Context, delta openapi.MembersDelta) (openapi.Members, error) {
	p := openapi.ChangeGroupMembersParams{}
	members, _, err := write[openapi.Members](g.client)(g.client.api.ChangeGroupMembers(ctx, g.name, &p, delta, g.client.writing))
	return members, err
}

func inputOf(rules openapi.Rules) openapi.RulesInput {
	return openapi.RulesInput{Grants: orEmpty(rules.Grants), Restrictions: orEmpty(rules.Restrictions)}
}
