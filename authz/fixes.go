package authz

import "slices"

// Fixes returns the ways to give the user all of the permissions in the policy of the view, and
// whether the actor may carry out each:
//
//   - Put the user into as few groups as possible, none of which restricts any of the permissions.
//     Putting the user into Administrators is the last fix of all.
//   - If restrictions are in the way, lift them all; or take the user out of the groups that have
//     them, and lift only the user's own. What is still missing after that is given as in the other
//     fixes.
//   - Grant what is missing to a group that the user is in, or to the user. If groups give only a part
//     of it, the rest is granted. What the catalog doesn't know can't be granted, so for that the user
//     is put into groups.
//
// It doesn't list every mixture, such as granting a permission that one of the groups could give.
//
// Fixes are in the order of [FixKind], with grants to groups before grants to the user. Within that,
// those that restrict the user or take something from them come last, and fixes that add fewer
// permissions, summed over all users, come first.
//
// There are no fixes if the user holds all of the permissions or none was asked for, if one of them
// isn't of the form OBJECT:ACTION, if no user can have the id, and while the policy is older than
// [Options.MaxAge].
//
// Fixes reads memory alone and changes nothing. If fixes would change the rules of groups, it looks
// once at each of their members. An error is a bug in Rightful.
func (a Admin) Fixes(v *View, user UserID, permissions ...Permission) (Fixes, error) {
	f := fixer{
		asker:   Admin{engine: a.engine, actor: a.actor}, // without reason and versions, which don't affect the rights
		present: v, user: user, asked: distinct(permissions), collaterals: map[string]*collateral{},
	}
	fixes := Fixes{Revision: v.s.revision}
	if !f.fixable() {
		return fixes, nil
	}
	f.heldBefore, fixes.BadRows = v.PermissionsOf(user), f.badRows()
	for _, at := range f.baselines() {
		f.planFrom(at)
	}
	f.planAdministrators()
	f.computeCollateral()
	slices.SortFunc(f.plans, func(a, b *plan) int { return a.compare(b) })
	counts := map[rank]int{}
	for _, p := range f.plans {
		if counts[p.rank()]++; counts[p.rank()] > maxFixes {
			f.more = true
			continue
		}
		fixes.List = append(fixes.List, f.describe(p))
	}
	fixes.More = f.more
	return fixes, f.err
}
