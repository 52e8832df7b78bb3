package authz

import (
	"context"
	"fmt"
)

// SetUserGroups makes the user a member of exactly the groups named. Needs [ViewGroups],
// [ViewUsers] and [UpdateUsers], and what comes with the groups that are new.
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

// SetUserPermissions replaces the user's own grants and restrictions. Needs [ViewGroups],
// [ViewUsers] and [UpdateUsers], and what is given or lifted.
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

// ChangeUserPermissions changes the user's own grants and restrictions. What is so already is
// no error. Needs [ViewGroups], [ViewUsers] and [UpdateUsers], and what is given or lifted.
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

// DeleteUser takes the user out of every group and removes their own rules, in one change.
// Needs [ViewGroups], [ViewUsers] and [UpdateUsers], and what own restrictions lift.
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
