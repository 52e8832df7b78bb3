package authz

import (
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// outcomeFor compares what the user holds in the policy after a plan with what they held before.
func (f *fixer) outcomeFor(after *snapshot) outcome {
	was, is := f.held(), after.holdingsOf(f.user)
	e := outcome{gains: slices.DeleteFunc(f.viewOf(after).listed(is, false), was.has)}
	for _, p := range f.heldBefore {
		if !is.has(p) {
			e.takes = append(e.takes, p)
		}
	}
	for _, p := range f.asked {
		if !slices.Contains(e.gains, p) && !was.has(p) && is.has(p) {
			e.gains = append(e.gains, p) // outside the catalog, and granted only by a wildcard
		}
	}
	fold.Sort(e.gains)
	for p := range is.restrictions {
		if was.restrictions[p] == 0 {
			e.restrictions = append(e.restrictions, p)
		}
	}
	fold.Sort(e.restrictions)
	return e
}

// collateralOf returns the collateral of a plan, to be filled by computeCollateral. Plans that change
// the rules of groups in the same way share one.
func (f *fixer) collateralOf(p *plan) *collateral {
	s := &collateral{after: p.after, first: firstUsers{limit: maxImpact}}
	key := ""
	note := func(h Subject, pattern Pattern) {
		name, isGroup := h.Group()
		if !isGroup {
			return
		}
		key += string(h) + "\x00" + string(pattern) + "\x00"
		if g := f.present.s.group(name); g != nil {
			s.touched = append(s.touched, g.id)
		}
		if t := pattern.target(); t.below || t.action == "*" {
			s.wild = append(s.wild, pattern)
		} else {
			s.exact = append(s.exact, Permission(pattern))
		}
	}
	for _, r := range p.at.lifts {
		note(r.Subject, r.Pattern)
	}
	key += "\x01"
	for _, g := range p.grants {
		note(p.subject, Pattern(g))
	}
	if len(s.touched) == 0 {
		return nil
	}
	if known, ok := f.collaterals[key]; ok {
		return known
	}
	s.touched = f.present.s.heirsOf(s.touched)
	f.collaterals[key] = s
	return s
}

// computeCollateral fills the collateral of all plans in one pass over the members of the groups.
// Users in the same groups and without own rules gain the same, which is computed once.
func (f *fixer) computeCollateral() {
	var touched []groupID
	for _, s := range f.collaterals {
		touched = append(touched, s.touched...)
	}
	type gain struct {
		*collateral
		added int
	}
	gainsOf := func(id UserID) (list []gain) {
		for _, s := range f.collaterals {
			if !f.goOn() {
				return nil
			}
			if n := len(f.gains(s, id)); n > 0 {
				list = append(list, gain{s, n})
			}
		}
		return list
	}
	inTwo, inMore := map[[2]groupID][]gain{}, map[string][]gain{}
	for id, u := range f.present.s.usersIn(touched, false) {
		if id == f.user {
			continue
		}
		if f.err != nil || f.pace.canceled() != nil {
			f.goOn()
			return
		}
		var list []gain
		if u.more == nil {
			list = memoized(inTwo, [2]groupID{u.first, u.second}, id, gainsOf)
		} else {
			list = memoized(inMore, equivalenceKey(f.present.s, id), id, gainsOf)
		}
		for _, g := range list {
			g.users++
			g.collateral.added += g.added
			g.first.add(folded(id))
		}
	}
}

func memoized[K comparable, V any](memo map[K]V, key K, id UserID, compute func(UserID) V) V {
	v, known := memo[key]
	if !known {
		v = compute(id)
		memo[key] = v
	}
	return v
}

// gains returns what another user gains by a collateral.
func (f *fixer) gains(s *collateral, id UserID) []Permission {
	list := slices.Clone(s.exact)
	if len(s.wild) > 0 {
		for _, p := range slices.Concat(f.viewOf(s.after).PermissionsOf(id), f.asked) {
			if slices.ContainsFunc(s.wild, func(w Pattern) bool { return w.covers(Pattern(p)) }) {
				list = append(list, p)
			}
		}
	}
	list = slices.DeleteFunc(list, func(p Permission) bool { return f.present.s.can(id, p) || !s.after.can(id, p) })
	slices.Sort(list)
	list = slices.Compact(list)
	fold.Sort(list)
	return list
}
