package authz

import (
	"encoding/binary"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// PermissionsOf returns the permissions that the user holds, sorted by folded form, then code point: those of
// the catalog, Rightful's own included, and others that a grant names exactly. What else a wildcard covers
// can't be listed. It returns nothing if the policy is too old (see [Options.MaxAge]). [View.Explain] returns
// the origins of each permission.
func (v *View) PermissionsOf(user UserID) []Permission {
	u := v.s.user(user)
	if u == nil || v.expired {
		return nil
	}
	var list []Permission
	named := func(rules *ruleSet) {
		for _, p := range rules.patterns(KindGrant) {
			list = v.appendNamed(list, p)
		}
	}
	named(u.rules())
	for _, id := range u.groupIDs(nil) {
		v.s.walk(id, func(g *group) { named(g.rules) })
	}
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(p Permission) bool { return !v.s.can(user, p) })
	fold.Sort(list)
	return list
}

// appendNamed appends the permissions that a pattern covers and that have a name: the pattern itself if it has
// no wildcard, those of the catalog, and [AssignMembers] of each group.
func (v *View) appendNamed(list []Permission, p Pattern) []Permission {
	t := p.target()
	if !t.below && t.action != "*" {
		return append(list, Permission(p))
	}
	list = v.catalog.appendCovered(list, t)
	if !p.overlaps(Pattern(membersPrefix + "*:" + assignAction)) {
		return list
	}
	for name := range v.s.byName {
		if right := AssignMembers(name); p.covers(Pattern(right)) {
			list = append(list, right)
		}
	}
	return list
}

// heldOnlyBy returns what the user holds in one policy and not in the other. It asks the other policy for
// decisions, because a wildcard may cover what no rule there names.
func heldOnlyBy(one, other *View, id UserID) []Permission {
	return slices.DeleteFunc(one.PermissionsOf(id), func(p Permission) bool { return other.s.can(id, p) })
}

// equivalenceKey returns a key that users share only if the policy gives them the same permissions: those
// who are in the same groups and have no rules of their own.
func equivalenceKey(s *snapshot, id UserID) string {
	u := s.user(id)
	if u == nil {
		return "-"
	}
	groups := u.groupIDs(nil)
	b := binary.BigEndian.AppendUint32([]byte{'g'}, uint32(len(groups)))
	for _, g := range groups {
		b = binary.BigEndian.AppendUint32(b, uint32(g))
	}
	if u.rules() != nil || len(s.blocked) > 0 {
		b = append(append(b, 'u'), id...)
	}
	return string(b)
}
