package authz

import "slices"

// planFrom plans how to give what is missing from a baseline: with as much from groups as they give
// and the rest granted, and with only as much from groups as can't be granted.
func (f *fixer) planFrom(at *baseline) {
	if len(at.missing) > maxMissing {
		f.more = true
		f.planGrants(at, nil, at.missing)
		return
	}
	c := f.newCovering(at)
	targets := []bitset{c.given, c.ungrantable}
	if c.given == c.ungrantable {
		targets = targets[:1]
	}
	for _, target := range targets {
		if target&^c.given != 0 {
			continue // no group gives it
		}
		for _, joins := range f.cheapest(at, c.covers(target)) {
			if rest := c.all &^ c.givenBy(joins); rest == 0 {
				f.addPlan(at, joins, "", nil)
			} else {
				f.planGrants(at, joins, pickBits(at.missing, rest))
			}
		}
	}
	f.more = f.more || c.more
}

// planGrants plans to join groups and grant the rest, to each possible subject, if all of the rest can
// be granted.
func (f *fixer) planGrants(at *baseline, joins []GroupName, rest []Permission) {
	if slices.ContainsFunc(rest, func(p Permission) bool { return !f.grantable(at.s, p) }) {
		return
	}
	for _, h := range f.grantees(at, joins) {
		f.addPlan(at, joins, h, rest)
	}
}

// addPlan adds a plan, unless it exists already.
func (f *fixer) addPlan(at *baseline, joins []GroupName, h Subject, grants []Permission) {
	same := func(p *plan) bool {
		return p.at == at && p.subject == h && slices.Equal(p.joins, joins) && slices.Equal(p.grants, grants)
	}
	if slices.ContainsFunc(f.plans, same) {
		return
	}
	if !f.goOn() {
		return
	}
	p := &plan{at: at, joins: joins, subject: h, grants: grants}
	f.simulate(p)
	p.collateral = f.collateralOf(p)
	f.plans = append(f.plans, p)
}

// simulate applies a plan and computes its outcome.
func (f *fixer) simulate(p *plan) {
	var d Delta
	for _, g := range p.joins {
		d.Added = append(d.Added, f.membership(g))
	}
	for _, g := range p.grants {
		d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: p.subject, Pattern: Pattern(g)})
	}
	p.after = f.apply(p.at.s, d)
	p.outcome = f.outcomeFor(p.after)
}

// planAdministrators plans to make the user an administrator, which needs no other step.
func (f *fixer) planAdministrators() {
	if f.present.s.administrators != noGroup {
		f.addPlan(&baseline{s: f.present.s}, []GroupName{Administrators}, "", nil)
	}
}

// grantees returns the subjects that a grant to the user can go to: their groups, at most maxFixes of
// those that reach the fewest users, and the user.
func (f *fixer) grantees(at *baseline, joins []GroupName) []Subject {
	type candidate struct {
		subject Subject
		members int
	}
	var groups []candidate
	add := func(g *group) {
		n := 0
		for _, id := range at.s.heirsOf([]groupID{g.id}) {
			n += at.s.groups[id].members.Len()
		}
		groups = append(groups, candidate{g.subject, n})
	}
	for _, id := range at.s.user(f.user).groupIDs(nil) {
		add(at.s.groups[id])
	}
	for _, name := range joins {
		add(at.s.group(name))
	}
	slices.SortFunc(groups, func(a, b candidate) int { return a.members - b.members })
	if len(groups) > maxFixes {
		groups, f.more = groups[:maxFixes], true
	}
	list := make([]Subject, 0, len(groups)+1)
	for _, g := range groups {
		list = append(list, g.subject)
	}
	return append(list, f.user.subject())
}

// cheapest returns at most maxFixes of the sets of groups, the best for the user.
func (f *fixer) cheapest(at *baseline, covers [][]GroupName) [][]GroupName {
	if len(covers) <= maxFixes {
		return covers
	}
	f.more = true
	list := make([]*plan, len(covers))
	for i, joins := range covers {
		if !f.goOn() {
			return nil
		}
		list[i] = &plan{at: at, joins: joins}
		f.simulate(list[i])
	}
	slices.SortFunc(list, func(a, b *plan) int { return a.compare(b) })
	best := make([][]GroupName, maxFixes)
	for i := range best {
		best[i] = list[i].joins
	}
	return best
}

func pickBits(list []Permission, bits bitset) (picked []Permission) {
	for i, p := range list {
		if bits&(1<<i) != 0 {
			picked = append(picked, p)
		}
	}
	return picked
}
