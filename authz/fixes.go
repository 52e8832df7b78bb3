package authz

import (
	"context"
	"slices"
)

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
// With [Admin.Until], the memberships that fixes add end then, and whether the actor may carry them out is
// judged by that: someone who holds something until Friday gives it until Friday, not for good. Grants have no end. An end
// that no membership can get is [ErrInvalid].
//
// Fixes reads memory alone and changes nothing. If fixes would change the rules of groups, it looks
// once at each of their members. It usually takes milliseconds; if it takes more than a tenth of a second, it takes
// turns with other expensive work and can return [ErrBusy] (see [Admin]). It stops when ctx ends. Another error is a bug
// in Rightful.
func (a Admin) Fixes(ctx context.Context, v *View, user UserID, permissions ...Permission) (Fixes, error) {
	ctx, done := a.engine.gate.later(ctx)
	defer done()
	if err := a.checkTerm(); err != nil {
		return Fixes{}, err
	}
	f := fixer{
		pace:    newPace(ctx),
		asker:   Admin{engine: a.engine, actor: a.actor}, // without reason and versions, which don't affect the rights
		term:    a.term,
		present: v, user: user, asked: distinct(permissions), collaterals: map[string]*collateral{},
	}
	fixes := Fixes{Revision: v.s.revision}
	if !f.fixable() {
		return fixes, nil
	}
	f.heldBefore, fixes.BadRows = v.listed(f.held(), false), v.badRowsOf(user)
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
		if fix := f.describe(p); f.goOn() {
			fixes.List = append(fixes.List, fix)
		}
	}
	if f.err != nil {
		return Fixes{}, f.err
	}
	fixes.More = f.more
	return fixes, nil
}

// checkTerm returns [ErrInvalid] if no membership can get the end of [Admin.Until] now.
func (a Admin) checkTerm() error {
	d := draft{time: a.engine.clock.now()}
	d.checkTerm("/until", a.term)
	return d.inputErr()
}
