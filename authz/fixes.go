package authz

import (
	"slices"
)

// Fixes lists the ways to let the user do all that is asked, on the policy of the view, and says
// which of them the one who acts may go:
//
//   - Put the user into the fewest groups that do. A group that restricts any of what is asked
//     is none of them, and Administrators comes last of all.
//   - Where restrictions are in the way, lift each of them; or take the user out of every group
//     that brings one, and lift only the user's own. What is still missing, or is missing then,
//     is given in the other ways.
//   - Grant what is missing to a group that the user is in, or to the user. Where groups give
//     only part of it, the rest is granted; what the catalog doesn't know can't be granted, so
//     that the user is put into groups for it.
//
// What is between these (some of it from groups, and the rest granted though a group gives it)
// isn't listed. Fixes are in the order of [FixKind], grants to the user after those to groups;
// within that those that bring restrictions along or take something come last, and then those
// come first that add the fewest permissions, counted for each person that they reach.
//
// There is none where nothing was asked, for what isn't of the form of a permission, for an id
// that no user can have, and while the policy is too old (see [Options.MaxAge]).
//
// It reads memory alone and changes nothing. Where a fix would change the rules of groups, it
// looks once at each of their members. An error is a fault of Rightful's own.
func (a Admin) Fixes(v *View, user UserID, permissions ...Permission) (Fixes, error) {
	f := fixer{
		acting: Admin{engine: a.engine, actor: a.actor}, // neither reason nor version decides who may
		was:    v, user: user, asked: distinct(permissions), collaterals: map[string]*collateral{},
	}
	fixes := Fixes{Revision: v.s.revision}
	if !f.fixable() {
		return fixes, nil
	}
	f.held, fixes.BadRows = v.PermissionsOf(user), f.badRows()
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
