package authz

import (
	"context"
	"fmt"
)

// SetUserGroups makes the user a direct member of exactly the groups named. The actor needs
// [ViewGroups], [ViewUsers] and [UpdateUsers], and must hold what the new groups give and what the
// old ones restricted. A group that doesn't exist is [ErrInvalid]. [Admin.Until] sets the ends of all of them.
func (a Admin) SetUserGroups(ctx context.Context, user UserID, groups []GroupName) (Change, error) {
	list := make([]Membership, len(groups))
	for i, name := range groups {
		list[i].Group = name
	}
	return a.SetUserMemberships(ctx, user, list)
}

// SetUserMemberships is [Admin.SetUserGroups] with an end for each group. A group that is named twice, with different
// ends, is [ErrInvalid].
func (a Admin) SetUserMemberships(ctx context.Context, user UserID, list []Membership) (Change, error) {
	return a.do(ctx, setUserMemberships(user, list))
}

func setUserMemberships(user UserID, list []Membership) write {
	return write{Operation: Operation{Action: ActionUserGroupsSet, User: user, Memberships: list}, draft: func(d *draft) error {
		d.checkUser(user)
		want := d.terms(list)
		for _, g := range d.s.groups {
			if g == nil {
				continue
			}
			if t, wanted := want[g.id]; wanted {
				d.addMember(user, g, t)
			} else {
				d.removeMember(user, g)
			}
		}
		return nil
	}}
}

// terms checks the memberships of a list, and returns how long each group's lasts.
func (d *draft) terms(list []Membership) map[groupID]term {
	terms := map[groupID]term{}
	for i, m := range list {
		at := fmt.Sprintf("/groups/%d", i)
		g, t := d.lookUpGroup(at, m.Group), d.term
		if m.Until != nil {
			t = term{given: true, until: *m.Until}
			d.checkTerm(at+"/until", t)
		}
		if g == nil {
			continue
		}
		if other, twice := terms[g.id]; twice && other != t {
			d.invalid(at, fmt.Errorf("the group %q is named twice, with different ends", m.Group))
		}
		terms[g.id] = t
	}
	return terms
}

// SetUserPermissions replaces all of the user's own grants and restrictions, otherwise like
// [Admin.ChangeUserPermissions].
func (a Admin) SetUserPermissions(ctx context.Context, user UserID, rules Rules) (Change, error) {
	return a.do(ctx, setUserPermissions(user, rules))
}

func setUserPermissions(user UserID, rules Rules) write {
	return write{Operation: Operation{Action: ActionUserPermissionsSet, User: user, Permissions: rules}, draft: func(d *draft) error {
		d.checkUser(user)
		have := d.userRules(user)
		d.checkPatterns("/grants", rules.Grants, KindGrant, have)
		d.checkPatterns("/restrictions", rules.Restrictions, KindRestriction, have)
		d.replaceRules(user.subject(), have, rules)
		return nil
	}}
}

// ChangeUserPermissions adds and removes the user's own grants and restrictions. Adding a rule that
// the user has, or removing one that they don't have, is no error. The actor needs [ViewGroups],
// [ViewUsers] and [UpdateUsers], and must hold what is granted or lifted, otherwise it is
// [ErrEscalation].
func (a Admin) ChangeUserPermissions(ctx context.Context, user UserID, delta RulesDelta) (Change, error) {
	return a.do(ctx, changeUserPermissions(user, delta))
}

func changeUserPermissions(user UserID, delta RulesDelta) write {
	return write{Operation: Operation{Action: ActionUserPermissionsChange, User: user, Rules: delta}, draft: func(d *draft) error {
		d.checkUser(user)
		d.changeRules(user.subject(), d.userRules(user), delta)
		return nil
	}}
}

// DeleteUser takes the user out of every group and removes their own rules, in one change. The actor
// needs [ViewGroups], [ViewUsers] and [UpdateUsers], and must hold what the user's restrictions
// denied. The records of the user's changes stay.
func (a Admin) DeleteUser(ctx context.Context, user UserID) (Change, error) {
	return a.do(ctx, deleteUser(user))
}

func deleteUser(user UserID) write {
	return write{Operation: Operation{Action: ActionUserDelete, User: user}, draft: func(d *draft) error {
		d.checkUser(user)
		u := d.s.user(user)
		d.replaceRules(user.subject(), u.rules(), Rules{})
		for _, id := range u.groupIDs(nil) {
			d.removeMember(user, d.s.groups[id])
		}
		for _, end := range d.s.endsOf(user) {
			if !u.in(end.group) {
				d.setEnd(user, d.s.groups[end.group], end.until, 0)
			}
		}
		return nil
	}}
}
