package authz

import (
	"cmp"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// baselines returns the ways to remove the restrictions that are in the way: lift them all or, if
// groups have some of them, leave those groups and lift only the user's own. There is none if a
// quarantined row denies everything.
func (f *fixer) baselines() (list []*baseline) {
	s := f.present.s
	u := s.user(f.user)
	own := f.restrictionsOf(f.user.subject(), u.rules())
	all := own
	var leaves []GroupName
	restricting := f.restrictingGroups(u)
	for _, id := range restricting {
		leaves = append(leaves, s.groups[id].info.Name)
	}
	for id := range s.inheritance().from(restricting...) {
		all = append(all, f.restrictionsOf(s.groups[id].subject, s.groups[id].rules)...)
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

// restrictionsOf returns the restrictions of a subject on anything that was asked for.
func (f *fixer) restrictionsOf(h Subject, rules *ruleSet) (list []Rule) {
	for _, p := range rules.patterns(KindRestriction) {
		if slices.ContainsFunc(f.asked, func(q Permission) bool { return p.covers(Pattern(q)) }) {
			list = append(list, Rule{Kind: KindRestriction, Subject: h, Pattern: p})
		}
	}
	return list
}

// baselineOf returns the baseline without the restrictions to lift and the groups to leave, nil if the
// user is still restricted there.
func (f *fixer) baselineOf(lifts []Rule, leaves []GroupName) *baseline {
	slices.SortFunc(lifts, compareForExport)
	d := Delta{Removed: slices.Clone(lifts)}
	for _, g := range leaves {
		d.Removed = append(d.Removed, f.membership(g))
	}
	at := &baseline{s: f.apply(f.present.s, d), lifts: lifts, leaves: leaves}
	u, names := at.s.user(f.user), f.symbols(at.s)
	for i := range names {
		var found effect
		if u != nil {
			found = at.s.effectOn(u, &names[i])
		}
		if found&restricted != 0 {
			return nil
		}
		if found&granted == 0 {
			at.missing = append(at.missing, f.asked[i])
		}
	}
	return at
}

func (f *fixer) membership(g GroupName) Rule {
	return Rule{Kind: KindMember, Subject: f.user.subject(), Group: g}
}

// restrictingGroups returns those of the user's groups that restrict anything that was asked for.
func (f *fixer) restrictingGroups(u *user) (list []groupID) {
	groups := u.groupIDs(nil)
	reached, err := f.present.s.newScope(f.pace, groups)
	f.err = cmp.Or(f.err, err)
	found := map[groupID]bool{}
	for _, n := range f.symbols(f.present.s) {
		if !f.goOn() {
			return nil
		}
		effects := reached.effects(&n)
		for _, id := range groups {
			if effects[reached.places[id]]&restricted != 0 {
				found[id] = true
			}
		}
	}
	return slices.DeleteFunc(groups, func(id groupID) bool { return !found[id] })
}
