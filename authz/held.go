package authz

import (
	"encoding/binary"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// PermissionsOf lists what the user holds, by folded form then code point: every permission of the
// catalog, Rightful's own included, and those outside it that a grant reaching the user names exactly.
// What a wildcard covers beyond that has no end and no name. It is empty once the policy is too old
// (see [Options.MaxAge]). [View.Explain] says where each comes from.
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

// appendNamed appends the permissions that have a name and that the pattern covers: itself,
// if it is one, what the catalog declares, and the rights to assign members.
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

// heldOnlyBy lists what the user holds by one policy and not by the other. Decisions are
// compared, not lists: what no rule names any more may still be covered.
func heldOnlyBy(one, other *View, id UserID) []Permission {
	return slices.DeleteFunc(one.PermissionsOf(id), func(p Permission) bool { return other.s.can(id, p) })
}

// equivalenceKey describes where a user without own rules stands, for whom a policy says the same as
// for everyone else there; it is unique to a user with some.
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
