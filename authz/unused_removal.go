package authz

import (
	"context"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// rightSource is what gives permissions to a user: a direct membership, or an own grant.
type rightSource struct {
	group GroupName
	grant Pattern // if there is no group
}

// sourcesOf returns what gives permissions to a user, memberships first, in display order.
func (s *snapshot) sourcesOf(user UserID) (list []rightSource) {
	u := s.user(user)
	for _, name := range s.groupNames(u.groupIDs(nil)) {
		list = append(list, rightSource{group: name})
	}
	own := slices.Clone(u.rules().patterns(KindGrant))
	fold.Sort(own)
	for _, p := range own {
		list = append(list, rightSource{grant: p})
	}
	return list
}

// of reports whether a user has the source in a policy.
func (o rightSource) of(s *snapshot, user UserID) bool {
	u := s.user(user)
	if o.group == "" {
		return u.rules().has(KindGrant, o.grant)
	}
	g := s.group(o.group)
	return g != nil && u.in(g.id)
}

// gives reports whether the source covers one of the permissions.
func (o rightSource) gives(s *snapshot, permissions []Permission) bool {
	by := map[Pattern]Until{o.grant: forever}
	if o.group != "" {
		by = s.holdingsOfMember(s.group(o.group)).grants
	}
	return slices.ContainsFunc(permissions, func(p Permission) bool { return covered(p, by) })
}

// removal plans what takes away the unused permissions of a user, and no others.
type removal struct {
	s            *snapshot
	user         UserID
	unused, kept []Permission
}

// plan returns the operations that take away as many of the sources as possible. Sources that give only what is unused
// come first.
func (r *removal) plan(ctx context.Context, sources []rightSource) ([]Operation, error) {
	var idle, mixed []rightSource
	for _, o := range sources {
		switch {
		case !o.gives(r.s, r.unused):
		case o.gives(r.s, r.kept):
			mixed = append(mixed, o)
		default:
			idle = append(idle, o)
		}
	}
	work, taken := newPace(ctx), []rightSource(nil)
	now := r.without(nil)
	for _, o := range slices.Concat(idle, mixed) {
		if err := work.now(); err != nil {
			return nil, err
		}
		if with := append(slices.Clone(taken), o); r.mayLeave(now, r.without(with)) {
			taken = with
		}
	}
	left := r.without(taken)
	lost := slices.DeleteFunc(slices.Clone(r.unused), left.has)
	return r.operations(slices.DeleteFunc(taken, func(o rightSource) bool { return !o.gives(r.s, lost) })), nil
}

// without returns what the user holds without some sources.
func (r *removal) without(taken []rightSource) holdings {
	groups, grants := map[GroupName]bool{}, map[Pattern]bool{}
	for _, o := range taken {
		if o.group != "" {
			groups[o.group] = true
		} else {
			grants[o.grant] = true
		}
	}
	left, _ := r.s.reachOfGroupsOf(nil, r.user, groups, nil) // without a pace, it never fails
	rules := r.s.user(r.user).rules()
	for _, p := range rules.patterns(KindGrant) {
		if !grants[p] {
			left.grants[p] = forever
		}
	}
	for _, p := range rules.patterns(KindRestriction) {
		left.restrictions[p] = forever
	}
	return holdings{left, false}
}

// mayLeave reports whether the user still has all that must stay, and every restriction: without one they could gain
// something.
func (r *removal) mayLeave(now, left holdings) bool {
	for p := range now.restrictions {
		if _, stays := left.restrictions[p]; !stays {
			return false
		}
	}
	return !slices.ContainsFunc(r.kept, func(p Permission) bool { return !left.has(p) })
}

const (
	maxRemoved       = 1000 // rules in the body of an operation
	maxRemovedGroups = 99   // of 100 operations in a batch, one is for the user's own grants
)

// operations returns the operations that take away the sources.
func (r *removal) operations(sources []rightSource) (list []Operation) {
	var own []Pattern
	for _, o := range sources {
		switch {
		case o.group == "":
			own = append(own, o.grant)
		case len(list) < maxRemovedGroups:
			list = append(list, Operation{Action: ActionGroupMembersChange, Group: o.group, Remove: []UserID{r.user}})
		}
	}
	if len(own) > 0 {
		own = own[:min(len(own), maxRemoved)]
		list = append(list, Operation{Action: ActionUserPermissionsChange, User: r.user, Rules: RulesDelta{Revoke: own}})
	}
	return list
}
