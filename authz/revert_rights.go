package authz

import (
	"maps"
	"slices"
)

// require adds the requirements of the operations that the revert consists of.
func (r *reversal) require(required *requirement, actor Actor) {
	all, moved, own := map[Permission]bool{ViewGroups: true}, map[GroupName]bool{}, map[GroupName]bool{}
	for _, g := range r.change.Delta.Groups {
		switch {
		case g.Before == nil:
			all[DeleteGroups], own[g.After.Name] = true, true
		case g.After == nil:
			all[CreateGroups], own[g.Before.Name] = true, true
		default:
			all[UpdateGroups] = true
		}
	}
	for _, rule := range slices.Concat(r.change.Delta.Added, r.change.Delta.Removed) {
		if r.followsGroup(rule) {
			continue
		}
		group, isGroup := rule.Subject.Group()
		switch {
		case isGroup && own[group]: // created or deleted with its rules
		case isGroup:
			all[UpdateGroups] = true
		case rule.Kind == KindMember && rule.Subject != Subject(actor.ID):
			all[ViewUsers] = true
			now, _ := r.history.now(rule.Group)
			moved[now] = true // "" for a deleted group, whose members nobody can assign by delegation
		default:
			all[ViewUsers], all[UpdateUsers] = true, true
		}
	}
	required.permissions = append(required.permissions, slices.Sorted(maps.Keys(all))...)
	required.groups = append(required.groups, slices.Sorted(maps.Keys(moved))...)
}

// mayRevert reports whether the actor has the rights to revert a change and holds what the revert
// gives. Whether an obstacle prevents the revert doesn't matter.
func (a Admin) mayRevert(s *snapshot, r *reversal) bool {
	actor := UserID(a.actor.ID)
	if a.actor.Kind != ActorUser || s.isAdministrator(actor) {
		return true
	}
	required := Operation{Action: ActionChangeRevert}.requirement(actor)
	r.require(&required, a.actor)
	if a.authorize(s, required) != nil {
		return false
	}
	d := a.newDraft(s)
	if r.draft(d) != nil { // protected, for every actor
		return true
	}
	c := Change{Revision: s.revision + 1, Delta: d.sortedDelta()}
	after, err := s.apply(c.update())
	return err == nil && checkEscalation(s, s, after, actor, c.Delta) == nil
}
