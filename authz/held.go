package authz

import (
	"encoding/binary"
	"iter"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// PermissionsOf returns the permissions that the user holds, sorted by folded form, then code point: those of
// the catalog, Rightful's own included, and others that a grant which reaches the user names exactly. What else
// a wildcard covers can't be listed. It returns nothing if the policy is too old (see [Options.MaxAge]). [View.Explain] returns
// the origins of each permission.
func (v *View) PermissionsOf(user UserID) []Permission {
	if v.s.user(user) == nil || v.expired {
		return nil
	}
	return v.named(v.s.holdingsOf(user))
}

// named returns the permissions that [View.PermissionsOf] lists for what a user holds.
func (v *View) named(held holdings) []Permission {
	var list []Permission
	assigns := false
	for p := range held.grants {
		if p.isWild() && p.overlaps(everyAssign) {
			list, assigns = v.catalog.appendCovered(list, p.target()), true
		} else {
			list = v.appendNamed(list, p)
		}
	}
	if assigns { // one look at each group, however many patterns may cover its right
		for name := range v.s.byName {
			if right := AssignMembers(name); covered(right, held.grants) {
				list = append(list, right)
			}
		}
	}
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), held.denies)
	fold.Sort(list)
	return list
}

// ruleSetsOf yields the rules of a user, who needn't be one of the policy, and of the groups that they are in or inherit.
func (s *snapshot) ruleSetsOf(u *user) iter.Seq[*ruleSet] {
	return func(yield func(*ruleSet) bool) {
		if own := u.rules(); own != nil && !yield(own) {
			return
		}
		for id := range s.inheritance().from(u.groupIDs(nil)...) {
			if rules := s.groups[id].rules; rules != nil && !yield(rules) {
				return
			}
		}
	}
}

// lists reports whether a permission is one of the catalog, or [AssignMembers] of a group.
func (v *View) lists(p Permission) bool {
	if _, declared := v.catalog.byName[p]; declared {
		return true
	}
	name, ok := assignableGroup(Pattern(p))
	return ok && v.s.group(name) != nil && AssignMembers(name) == p
}

// names reports whether [View.PermissionsOf] would list a permission that a user holds, who needn't be one of the
// policy: it is declared, or a grant names it exactly.
func (v *View) names(u *user, p Permission) bool {
	if v.lists(p) {
		return true
	}
	for rules := range v.s.ruleSetsOf(u) {
		if rules.has(KindGrant, Pattern(p)) {
			return true
		}
	}
	return false
}

// appendNamed appends the permissions that a pattern covers and that have a name: the pattern itself if it has
// no wildcard, those of the catalog, and [AssignMembers] of each group.
func (v *View) appendNamed(list []Permission, p Pattern) []Permission {
	t := p.target()
	if !t.below && t.action != "*" {
		return append(list, Permission(p))
	}
	list = v.catalog.appendCovered(list, t)
	if name, ok := assignableGroup(p); ok {
		if v.s.group(name) != nil {
			list = append(list, AssignMembers(name))
		}
		return list
	}
	if !p.overlaps(everyAssign) {
		return list
	}
	for name := range v.s.byName {
		if right := AssignMembers(name); p.covers(Pattern(right)) {
			list = append(list, right)
		}
	}
	return list
}

// listed is [View.named] with the wildcards that stand for what can't be named: those of grants that cover nothing in the
// catalog, such as the records of a type, or all of them.
func (v *View) listed(held holdings, all bool) []Permission {
	list := v.named(held)
	for p := range held.grants {
		if p.isWild() && (all || !v.namesSome(p)) && !held.denies(Permission(p)) {
			list = append(list, Permission(p))
		}
	}
	fold.Sort(list)
	return list
}

// namesSome reports whether a pattern covers something that has a name; see [View.appendNamed].
func (v *View) namesSome(p Pattern) bool { return len(v.appendNamed(nil, p)) > 0 }

// appendListed is [View.appendNamed] with a wildcard itself, if it covers nothing there or if all are to be listed. Decisions
// about its text are those about something that only this wildcard and wider ones cover.
func (v *View) appendListed(list []Permission, p Pattern, all bool) []Permission {
	n := len(list)
	list = v.appendNamed(list, p)
	if p.isWild() && (all || len(list) == n) {
		list = append(list, Permission(p))
	}
	return list
}

// heldOnlyBy returns what the user holds in one policy and not in the other, as [View.listed] has it. It asks the other
// policy for decisions, because a wildcard may cover what no rule there names.
func heldOnlyBy(one, other *View, id UserID, all bool) []Permission {
	if one.s.user(id) == nil {
		return nil
	}
	return slices.DeleteFunc(one.listed(one.s.holdingsOf(id), all), other.s.holdingsOf(id).has)
}

// equivalenceKey returns a key that users share only if the policy gives them the same permissions for as long: those
// who are in the same groups with the same ends and have no rules of their own.
func equivalenceKey(s *snapshot, id UserID) string {
	key := groupsKey(s, id)
	if s.user(id).rules() != nil || len(s.blocked) > 0 {
		key += "u" + string(id)
	}
	return key
}

// groupsKey returns a key that users share only if they are in the same groups with the same ends.
func groupsKey(s *snapshot, id UserID) string {
	u := s.user(id)
	if u == nil {
		return "-"
	}
	groups := u.groupIDs(nil)
	b := binary.BigEndian.AppendUint32([]byte{'g'}, uint32(len(groups)))
	for _, g := range groups {
		b = binary.BigEndian.AppendUint32(b, uint32(g))
	}
	for _, end := range s.endsOf(id) {
		b = binary.BigEndian.AppendUint32(append(b, 'e'), uint32(end.group))
		b = binary.BigEndian.AppendUint64(b, uint64(end.until))
	}
	return string(b)
}
