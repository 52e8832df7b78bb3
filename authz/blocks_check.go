package authz

import (
	"fmt"
	"slices"
)

// checkBlocks returns [ErrEscalation] if a change of someone who is no administrator makes a bad row deny less,
// by any means: it lifts the restriction to which the row may lead, takes someone out of the group that the row
// denies everything, at once or by an end, or changes what the row's names mean.
func checkBlocks(p *pace, before, after *snapshot, d Delta) error {
	if len(before.blocked) == 0 {
		return nil
	}
	if err := checkBlocked(p, before, after, d); err != nil {
		return err
	}
	sooner := endingSooner(after, d)
	if len(sooner) == 0 {
		return nil
	}
	d.Removed = slices.Concat(d.Removed, sooner)
	later, err := after.adjusted(p, Delta{Removed: sooner}, after)
	if err != nil {
		return err
	}
	return checkBlocked(p, before, later, d)
}

// endingSooner returns the memberships that were there before a change, which lets them end sooner.
func endingSooner(after *snapshot, d Delta) (list []Rule) {
	for _, c := range d.Ends {
		r := Rule{Kind: KindMember, Subject: c.User.subject(), Group: c.Group}
		if c.After != 0 && !c.isLonger() && after.hasRule(r) {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return nil
	}
	added := map[Rule]bool{}
	for _, r := range d.Added {
		added[r] = true
	}
	return slices.DeleteFunc(list, func(r Rule) bool { return added[r] })
}

// checkBlocked is checkBlocks for what the policy after the change is at one time.
func checkBlocked(p *pace, before, after *snapshot, d Delta) error {
	renamed := map[Subject]Subject{}
	for _, g := range d.Groups {
		if g.Before != nil && g.After != nil {
			renamed[g.Before.Name.Subject()] = g.After.Name.Subject()
		}
	}
	for h := range before.blocked {
		is, ok := renamed[h]
		if !ok {
			is = h
		}
		if !after.blocked[is] {
			return before.deniesLess(h)
		}
	}
	return checkDenied(p, before, after, d)
}

// checkDenied is checkBlocked for the groups and users who are denied everything because of what they inherit or
// where they are members.
func checkDenied(p *pace, before, after *snapshot, d Delta) error {
	was, is := newDeniedBy(before), newDeniedBy(after)
	for _, r := range d.Removed {
		if name, ok := r.Subject.Group(); ok && r.Kind == KindInherit {
			if g := before.group(previousName(name, d)); g != nil && was.ofGroup(g.id) != "" && is.ofGroup(g.id) == "" {
				return before.deniesLess(was.ofGroup(g.id))
			}
		}
	}
	for id := range movesOf(d).users {
		if err := p.canceled(); err != nil {
			return err
		}
		if h := was.ofUser(id); h != "" && is.ofUser(id) == "" {
			return before.deniesLess(h)
		}
	}
	return nil
}

// previousName returns the name that a group had before a change which may have renamed it.
func previousName(name GroupName, d Delta) GroupName {
	for _, g := range d.Groups {
		if g.Before != nil && g.After != nil && g.After.Name == name {
			return g.Before.Name
		}
	}
	return name
}

// deniesLess is the error for a change after which a bad row no longer denies everything to a subject, or to
// someone over it.
func (s *snapshot) deniesLess(h Subject) error {
	i := slices.IndexFunc(s.badRows, func(b BadRow) bool { return slices.Contains(b.Denies, h) })
	return escalates([]Pattern{Everything}, fmt.Sprintf("the quarantined row %d of the policy table would deny less; "+
		"only an administrator can change that", s.badRows[i].ID))
}
