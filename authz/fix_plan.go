package authz

import (
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// footings returns the two ways to get restrictions out of the way, which are one where no
// group brings any: lift them all, or leave the groups that bring them. None is left where a
// bad row denies everything.
func (f *fixer) baselines() (list []*baseline) {
	s := f.was.s
	u := s.user(f.user)
	own := f.restrictionsOf(f.user.subject(), u.rules())
	all, names := own, f.symbols(s)
	var leaves []GroupName
	for _, id := range u.groupIDs(nil) {
		if !restrictsAny(&s.matchers[id], names) {
			continue
		}
		leaves = append(leaves, s.groups[id].info.Name)
		s.walk(id, func(g *group) { all = append(all, f.restrictionsOf(g.subject, g.rules)...) })
	}
	if at := f.baselineOf(distinct(all), nil); at != nil {
		list = append(list, at)
	}
	if len(leaves) > 0 {
		fold.Sort(leaves)
		if at := f.baselineOf(own, leaves); at != nil {
			list = append(list, at)
		}
	}
	return list
}

// restrictionsOf returns the restrictions of a holder on anything that is asked.
func (f *fixer) restrictionsOf(h Subject, rules *ruleSet) (list []Rule) {
	for _, p := range rules.patterns(KindRestriction) {
		if slices.ContainsFunc(f.asked, func(q Permission) bool { return p.covers(Pattern(q)) }) {
			list = append(list, Rule{Kind: KindRestriction, Subject: h, Pattern: p})
		}
	}
	return list
}

// footing is nil where the user is denied something even so.
func (f *fixer) baselineOf(lifts []Rule, leaves []GroupName) *baseline {
	slices.SortFunc(lifts, compareForExport)
	d := Delta{Removed: slices.Clone(lifts)}
	for _, g := range leaves {
		d.Removed = append(d.Removed, f.member(g))
	}
	at := &baseline{s: f.with(f.was.s, d), lifts: lifts, leaves: leaves}
	u, names := at.s.user(f.user), f.symbols(at.s)
	for i := range names {
		var found effect
		if u != nil {
			found = at.s.effectOn(u, &names[i])
		}
		if found&restricted != 0 || at.s.blockedAll {
			return nil
		}
		if found&granted == 0 {
			at.missing = append(at.missing, f.asked[i])
		}
	}
	return at
}

func (f *fixer) member(g GroupName) Rule {
	return Rule{Kind: KindMember, Subject: f.user.subject(), Group: g}
}

// planFrom plans how to give what is missing: by groups as far as there are any, and by grants
// as far as these can be made.
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
			continue // nothing gives it
		}
		for _, joins := range f.cheapest(at, c.covers(target)) {
			if rest := c.all &^ c.givenBy(joins); rest == 0 {
				f.plan(at, joins, "", nil)
			} else {
				f.planGrants(at, joins, pickBits(at.missing, rest))
			}
		}
	}
	f.more = f.more || c.more
}

// planGrants plans to grant what is missing beside what the groups give, if that can be.
func (f *fixer) planGrants(at *baseline, joins []GroupName, rest []Permission) {
	if slices.ContainsFunc(rest, func(p Permission) bool { return !f.grantable(at.s, p) }) {
		return
	}
	for _, h := range f.holders(at, joins) {
		f.plan(at, joins, h, rest)
	}
}

// plan takes a plan in that isn't there already.
func (f *fixer) plan(at *baseline, joins []GroupName, h Subject, grants []Permission) {
	same := func(p *plan) bool {
		return p.at == at && p.holder == h && slices.Equal(p.joins, joins) && slices.Equal(p.grants, grants)
	}
	if slices.ContainsFunc(f.plans, same) {
		return
	}
	p := &plan{at: at, joins: joins, holder: h, grants: grants}
	f.try(p)
	p.others = f.collateralOf(p)
	f.plans = append(f.plans, p)
}

// try works out what a plan does to the user.
func (f *fixer) try(p *plan) {
	var d Delta
	for _, g := range p.joins {
		d.Added = append(d.Added, f.member(g))
	}
	for _, g := range p.grants {
		d.Added = append(d.Added, Rule{Kind: KindGrant, Subject: p.holder, Pattern: Pattern(g)})
	}
	p.after = f.with(p.at.s, d)
	p.own = f.outcomeFor(p.after)
}

// planAdministrators plans what makes every other step needless.
func (f *fixer) planAdministrators() {
	if f.was.s.administrators != noGroup {
		f.plan(&baseline{s: f.was.s}, []GroupName{Administrators}, "", nil)
	}
}

// holders returns whom the user can get a grant through: the groups they are in, those that
// reach the fewest if there are many, and themselves.
func (f *fixer) holders(at *baseline, joins []GroupName) []Subject {
	type candidate struct {
		holder  Subject
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
		list = append(list, g.holder)
	}
	return append(list, f.user.subject())
}

// cheapest returns the sets of groups that cost the user least, where there are too many.
func (f *fixer) cheapest(at *baseline, covers [][]GroupName) [][]GroupName {
	if len(covers) <= maxFixes {
		return covers
	}
	f.more = true
	list := make([]*plan, len(covers))
	for i, joins := range covers {
		list[i] = &plan{at: at, joins: joins}
		f.try(list[i])
	}
	slices.SortFunc(list, func(a, b *plan) int { return a.compare(b) })
	best := make([][]GroupName, maxFixes)
	for i := range best {
		best[i] = list[i].joins
	}
	return best
}

// operations returns what carries the plan out. The user is put into groups before they leave
// others, so that nobody is asked about what stays. At no point does the user hold anything that is
// held neither before nor after.
func (f *fixer) operations(p *plan) []Operation {
	var list []Operation
	for _, g := range p.joins {
		list = append(list, Operation{Action: ActionGroupMembersChange, Group: g, Add: []UserID{f.user}})
	}
	for _, g := range p.at.leaves {
		list = append(list, Operation{Action: ActionGroupMembersChange, Group: g, Remove: []UserID{f.user}})
	}
	for _, r := range p.at.lifts {
		rules := f.rulesOf(&list, r.Subject)
		rules.Lift = append(rules.Lift, r.Pattern)
	}
	for _, g := range p.grants {
		rules := f.rulesOf(&list, p.holder)
		rules.Grant = append(rules.Grant, Pattern(g))
	}
	return list
}

// rulesOf returns the rules of the operation that changes those of a subject, which it adds to the
// list where it isn't there.
func (f *fixer) rulesOf(list *[]Operation, subject Subject) *RulesDelta {
	o := Operation{Action: ActionUserPermissionsChange, User: f.user}
	if name, ok := subject.Group(); ok {
		o = Operation{Action: ActionGroupPermissionsChange, Group: name}
	}
	for i, have := range *list {
		if have.Action == o.Action && have.Group == o.Group {
			return &(*list)[i].Rules
		}
	}
	*list = append(*list, o)
	return &(*list)[len(*list)-1].Rules
}

func pickBits(list []Permission, bits bitset) (picked []Permission) {
	for i, p := range list {
		if bits&(1<<i) != 0 {
			picked = append(picked, p)
		}
	}
	return picked
}
