package authz

import "cmp"

// fixer finds the fixes of one denial: baselines, from which plans start, and for each plan its
// outcome for the user, its collateral for others and its place in the order.
type fixer struct {
	pace       *pace
	asker      Admin
	term       term // of the memberships that fixes add
	present    *View
	user       UserID
	asked      []Permission
	heldBefore []Permission // by the user, in present
	holdings   *holdings    // likewise; see [fixer.held]

	plans       []*plan
	collaterals map[string]*collateral
	more        bool
	err         error // the first, of the pace or internal
}

// goOn reports whether the search for fixes is to go on.
func (f *fixer) goOn() bool {
	if f.err == nil {
		f.err = f.pace.now()
	}
	return f.err == nil
}

// held returns what the user holds in present.
func (f *fixer) held() holdings {
	if f.holdings == nil {
		held := f.present.s.holdingsOf(f.user)
		f.holdings = &held
	}
	return *f.holdings
}

// fixable reports whether a change to the policy could give the user what they are denied.
func (f *fixer) fixable() bool {
	for _, p := range f.asked {
		if _, _, ok := p.Split(); !ok {
			return false
		}
	}
	return len(f.asked) > 0 && !f.present.expired && f.user.Check() == nil &&
		!f.present.s.isAdministrator(f.user) && !f.present.Can(f.user, f.asked...)
}

// apply returns a policy with a change. The change was derived from the policy, so it must fit.
func (f *fixer) apply(s *snapshot, d Delta) *snapshot {
	if d.isEmpty() {
		return s
	}
	after, err := s.apply(update{revision: s.revision, delta: d})
	if err != nil {
		f.err = cmp.Or(f.err, err)
		return s
	}
	return after
}

func (f *fixer) viewOf(s *snapshot) *View { return &View{s: s, catalog: f.present.catalog} }

// symbols returns the permissions asked for as symbols of a policy.
func (f *fixer) symbols(s *snapshot) []symbol {
	const every = ^wildcards(0)
	list := make([]symbol, len(f.asked))
	for i, p := range f.asked {
		object, action, _ := p.Split()
		list[i] = s.symbols.symbolOf(object, action, every)
	}
	return list
}

// plan is a way to let the user do all that is asked.
type plan struct {
	at      *baseline
	joins   []GroupName
	subject Subject // that gets the grants; "" without any
	grants  []Permission

	after      *snapshot
	outcome    outcome
	collateral *collateral // nil where no group's rules change
}

// outcome is what a plan does to the user.
type outcome struct {
	gains, takes []Permission // by folded form, then code point
	restrictions []Pattern    // those new to the user
}

// costs reports whether the plan also takes something from the user.
func (e *outcome) costs() bool { return len(e.takes)+len(e.restrictions) > 0 }

// collateral is what a plan that changes the rules of groups gives to other users.
type collateral struct {
	after   *snapshot
	touched []groupID
	exact   []Permission // granted, or no longer restricted by name
	wild    []Pattern    // lifted restrictions on more than one permission

	users int
	added int // permissions that they gain, summed over the users
	first firstUsers
}

// grantable reports whether a rule can grant the permission by name: the catalog must know it.
func (f *fixer) grantable(s *snapshot, p Permission) bool {
	if p.Check() != nil {
		return false
	}
	d := draft{s: s, catalog: f.present.catalog}
	return d.isKnown(Pattern(p))
}

// baseline is the policy without the restrictions that are in the way, from which plans start.
type baseline struct {
	s       *snapshot
	lifts   []Rule
	leaves  []GroupName
	missing []Permission // what was asked for and isn't granted there
}
