package authz

import (
	"cmp"
	"slices"
)

// Fixes are the ways to let a user do what they were denied; see [Admin.Fixes].
type Fixes struct {
	Revision Revision
	List     []Fix // in the order in which to consider them
	// More is set where there are ways beyond those listed: more than ten of one kind, groups
	// that do only five or more together, more combinations of groups than were tried, or more
	// than 64 permissions missing at once, for which groups aren't looked for.
	More bool
	// BadRows deny the user everything, whatever is granted, until they are mended or removed;
	// see [Admin.RemoveBadRows].
	BadRows []BadRow
}

// FixKind says what a [Fix] does. One that does several things is of the last of their kinds.
type FixKind string

// The kinds of fixes, in the order in which to consider them.
const (
	FixAssign FixKind = "assign" // put the user into groups
	FixLift   FixKind = "lift"   // get restrictions out of the way
	FixGrant  FixKind = "grant"  // grant what is missing, to a group or to the user
)

// Fix is one way to let a user do all that was asked. None of its steps can be left out.
type Fix struct {
	Kind        FixKind
	Groups      []GroupName  // that the user is put into
	Leaves      []GroupName  // that the user is taken out of, as they bring restrictions
	Lifts       []Rule       // restrictions that are taken from a group or from the user
	Permissions []Permission // that are granted to Holder
	Subject     Subject      // a group that the user is in, or is put into, or the user
	Steps       []FixStep    // that do it, one after the other

	AlsoGives    []Permission // what the user will hold besides what was asked
	AlsoTakes    []Permission // what the user holds and won't any more
	Restrictions []Pattern    // that come to the user with the groups
	// AlsoReaches are the others who will hold more, and what: by user, at most 100 of them.
	AlsoReaches      []UserImpact
	AlsoReachesCount int // all of them

	Allowed bool // the one who asks may carry it out
	// Lacks is what else the one who asks would have to hold for that, by grants that no
	// restriction overlaps. Administrators may carry out every fix; where Lacks is [Everything],
	// they alone.
	Lacks []Pattern
}

// maxFixes bounds how many fixes of one rank are listed.
const maxFixes = 10

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
		was:    v, user: user, asked: withoutDoubles(permissions), collaterals: map[string]*collateral{},
	}
	fixes := Fixes{Revision: v.s.revision}
	if !f.fixable() {
		return fixes, nil
	}
	f.held, fixes.BadRows = v.HeldBy(user), f.badRows()
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

// fixer looks for the fixes of one denial.
type fixer struct {
	acting Admin
	was    *View
	user   UserID
	asked  []Permission
	held   []Permission // before

	plans       []*plan
	collaterals map[string]*collateral
	more        bool
	err         error // the first fault; none is to be expected
}

// fixable reports whether the user is denied something that a change could give.
func (f *fixer) fixable() bool {
	for _, p := range f.asked {
		if _, _, ok := p.Split(); !ok {
			return false
		}
	}
	return len(f.asked) > 0 && !f.was.expired && f.user.Check() == nil &&
		!f.was.s.isAdministrator(f.user) && !f.was.Can(f.user, f.asked...)
}

// badRows returns the rows that deny the user everything.
func (f *fixer) badRows() []BadRow {
	s := f.was.s
	reached := map[string]bool{"*": true, string(f.user.Subject()): true}
	for _, id := range s.user(f.user).groupIDs(nil) {
		s.walk(id, func(g *group) { reached[string(g.holder)] = true })
	}
	return slices.DeleteFunc(f.was.BadRows(), func(b BadRow) bool { return !reached[b.Denies] })
}

// with returns a policy with a change that was drawn from it, so that it must fit.
func (f *fixer) with(s *snapshot, d Delta) *snapshot {
	if d.IsEmpty() {
		return s
	}
	after, err := s.apply(Change{Revision: s.revision, Delta: d})
	if err != nil {
		f.err = cmp.Or(f.err, err)
		return s
	}
	return after
}

func (f *fixer) view(s *snapshot) *View { return &View{s: s, catalog: f.was.catalog} }

// names puts what is asked in the numbers of a policy.
func (f *fixer) symbols(s *snapshot) []symbol {
	const every = ^wildcards(0)
	list := make([]symbol, len(f.asked))
	for i, p := range f.asked {
		object, action, _ := p.Split()
		list[i] = s.symbols.symbolOf(object, action, every)
	}
	return list
}
