package authz

import (
	"context"
	"fmt"
)

// SetUserGroups makes the user a direct member of exactly the groups named. The actor needs
// [ViewGroups], [ViewUsers] and [UpdateUsers], and must hold what the new groups give and what the
// old ones restricted. A group that doesn't exist is [ErrInvalid].
func (a Admin) SetUserGroups(ctx context.Context, user UserID, groups []GroupName) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionUserGroupsSet, User: user}, draft: func(d *draft) error {
		d.checkUser(user)
		want := map[groupID]bool{}
		for i, name := range groups {
			if g := d.lookUpGroup(fmt.Sprintf("/groups/%d", i), name); g != nil {
				want[g.id] = true
			}
		}
		for _, g := range d.s.groups {
			if g != nil {
				d.setMember(user, g, want[g.id])
			}
		}
		return nil
	}})
}

// SetUserPermissions replaces all of the user's own grants and restrictions, otherwise like
// [Admin.ChangeUserPermissions].
func (a Admin) SetUserPermissions(ctx context.Context, user UserID, rules Rules) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionUserPermissionsSet, User: user}, draft: func(d *draft) error {
		d.checkUser(user)
		have := d.userRules(user)
		d.checkPatterns("/grants", rules.Grants, KindGrant, have)
		d.checkPatterns("/restrictions", rules.Restrictions, KindRestriction, have)
		d.replaceRules(user.subject(), have, rules)
		return nil
	}})
}

// ChangeUserPermissions adds and removes the user's own grants and restrictions. Adding a rule that
// the user has, or removing one that they don't have, is no error. The actor needs [ViewGroups],
// [ViewUsers] and [UpdateUsers], and must hold what is granted or lifted, otherwise it is
// [ErrEscalation].
func (a Admin) ChangeUserPermissions(ctx context.Context, user UserID, delta RulesDelta) (Change, error) {
	return a.do(ctx, changeUserPermissions(user, delta))
}

func changeUserPermissions(user UserID, delta RulesDelta) write {
	return write{Operation: Operation{Action: ActionUserPermissionsChange, User: user}, draft: func(d *draft) error {
		d.checkUser(user)
		d.changeRules(user.subject(), d.userRules(user), delta)
		return nil
	}}
}

// DeleteUser takes the user out of every group and removes their own rules, in one change. The actor
// needs [ViewGroups], [ViewUsers] and [UpdateUsers], and must hold what the user's restrictions
// denied. The records of the user's changes stay.
func (a Admin) DeleteUser(ctx context.Context, user UserID) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionUserDelete, User: user}, draft: func(d *draft) error {
		d.checkUser(user)
		u := d.s.user(user)
		d.replaceRules(user.subject(), u.rules(), Rules{})
		for _, id := range u.groupIDs(nil) {
			d.setMember(user, d.s.groups[id], false)
		}
		return nil
	}})
}
