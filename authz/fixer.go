package authz

import (
	"cmp"
	"slices"
)

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
	reached := map[string]bool{"*": true, string(f.user.subject()): true}
	for _, id := range s.user(f.user).groupIDs(nil) {
		s.walk(id, func(g *group) { reached[string(g.subject)] = true })
	}
	return slices.DeleteFunc(f.was.BadRows(), func(b BadRow) bool { return !reached[b.Denies] })
}

// with returns a policy with a change that was drawn from it, so that it must fit.
func (f *fixer) with(s *snapshot, d Delta) *snapshot {
	if d.isEmpty() {
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

// footing is the policy with the restrictions out of the way: where plans start from.
type baseline struct {
	s       *snapshot
	lifts   []Rule
	leaves  []GroupName
	missing []Permission // of what is asked, what nothing grants there
}

// plan is a way to let the user do all that is asked.
type plan struct {
	at     *baseline
	joins  []GroupName
	holder Subject // of what is granted; empty where nothing is
	grants []Permission

	after  *snapshot
	own    outcome
	others *collateral // nil where no group's rules change
}

// effects are what a plan does to the user.
type outcome struct {
	gains, takes []Permission // by folded form then code point
	restrictions []Pattern    // that are new to the user
}

// costs reports whether the user pays for what they get.
func (e *outcome) costs() bool { return len(e.takes)+len(e.restrictions) > 0 }

// spread is what a change to the rules of groups does to others than the user.
type collateral struct {
	after   *snapshot
	touched []groupID
	exact   []Permission // that are granted, or whose restriction is lifted
	wild    []Pattern    // restrictions on more than one permission that are lifted

	people int
	added  int // permissions that they will hold, for each of them
	first  firstUsers
}

// grantable reports whether a rule can grant a permission by its name.
func (f *fixer) grantable(s *snapshot, p Permission) bool {
	if p.Check() != nil {
		return false
	}
	d := draft{s: s, catalog: f.was.catalog, suggested: maxSuggestions}
	_, known := d.known(Pattern(p))
	return known
}

func restrictsAny(m *matcher, names []symbol) bool {
	return slices.ContainsFunc(names, func(n symbol) bool { return m.match(&n)&restricted != 0 })
}
