package client

import (
	"context"

	"github.com/rightful-go/rightful/api/openapi"
)

// Group is what can be asked about a group, and done to it.
type Group struct {
	client *Client
	name   openapi.GroupName
}

// Group returns the group of a name. It sends nothing.
func (c *Client) Group(name openapi.GroupName) Group { return Group{c, name} }

// CreateGroup makes a group, with all that it is to have, in one change.
func (c *Client) CreateGroup(ctx context.Context, group openapi.GroupCreate) (openapi.Group, Version, error) {
	return write[openapi.Group](c)(c.api.CreateGroup(ctx, &openapi.CreateGroupParams{}, group, c.writing))
}

// Get reads the group.
func (g Group) Get(ctx context.Context) (openapi.Group, Version, error) {
	return read[openapi.Group](g.client.api.GetGroup(ctx, g.name))
}

// Update renames the group, describes it, or changes what it inherits. What the patch leaves out
// stays. After a change of name, [Client.Group] finds it under the new one.
func (g Group) Update(ctx context.Context, version Version, patch openapi.GroupPatch) (openapi.Group, Version, error) {
	p := openapi.UpdateGroupParams{IfMatch: string(version)}
	return write[openapi.Group](g.client)(g.client.api.UpdateGroup(ctx, g.name, &p, patch, g.client.writing))
}

// Delete removes a group that has no members.
func (g Group) Delete(ctx context.Context, version Version) error {
	p := openapi.DeleteGroupParams{IfMatch: string(version)}
	return g.client.done(g.client.api.DeleteGroup(ctx, g.name, &p, g.client.writing))
}

// DeleteWithMembers takes all members out of the group and removes it, in one change.
func (g Group) DeleteWithMembers(ctx context.Context, version Version) error {
	release := openapi.ReleaseMembersRelease
	p := openapi.DeleteGroupParams{IfMatch: string(version), Members: &release}
	return g.client.done(g.client.api.DeleteGroup(ctx, g.name, &p, g.client.writing))
}

// Rules reads the group's own grants and restrictions.
func (g Group) Rules(ctx context.Context) (openapi.Rules, Version, error) {
	return read[openapi.Rules](g.client.api.GetGroupPermissions(ctx, g.name))
}

// SetRules makes the group's own rules exactly these.
func (g Group) SetRules(ctx context.Context, version Version, rules openapi.Rules) (openapi.Rules, Version, error) {
	p := openapi.SetGroupPermissionsParams{IfMatch: string(version)}
	return write[openapi.Rules](g.client)(g.client.api.SetGroupPermissions(ctx, g.name, &p, inputOf(rules), g.client.writing))
}

// ChangeRules adds and removes single rules, whatever else has changed meanwhile.
func (g Group) ChangeRules(ctx context.Context, delta openapi.RulesDelta) (openapi.Rules, Version, error) {
	p := openapi.ChangeGroupPermissionsParams{}
	return write[openapi.Rules](g.client)(g.client.api.ChangeGroupPermissions(ctx, g.name, &p, delta, g.client.writing))
}

// Add puts a user into the group; no error if they are in it.
func (g Group) Add(ctx context.Context, user openapi.UserID) error {
	return g.client.done(g.client.api.AddGroupMember(ctx, g.name, user, &openapi.AddGroupMemberParams{}, g.client.writing))
}

// Remove takes a user out of the group; no error if they aren't in it.
func (g Group) Remove(ctx context.Context, user openapi.UserID) error {
	return g.client.done(g.client.api.RemoveGroupMember(ctx, g.name, user, &openapi.RemoveGroupMemberParams{}, g.client.writing))
}

// ChangeMembers puts many users in and takes many out, at most 1,000, in one change. It returns the
// first 100 members after it, and how many there are.
func (g Group) ChangeMembers(ctx context.Context, delta openapi.MembersDelta) (openapi.Members, error) {
	p := openapi.ChangeGroupMembersParams{}
	members, _, err := write[openapi.Members](g.client)(g.client.api.ChangeGroupMembers(ctx, g.name, &p, delta, g.client.writing))
	return members, err
}

func inputOf(rules openapi.Rules) openapi.RulesInput {
	return openapi.RulesInput{Grants: orEmpty(rules.Grants), Restrictions: orEmpty(rules.Restrictions)}
}
