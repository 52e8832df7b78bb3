package authz

import (
	"context"
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
	move := func(user UserID, group GroupName) {
		all[ViewUsers] = true
		if user == UserID(actor.ID) {
			all[UpdateUsers] = true
			return
		}
		now, _ := r.history.now(group)
		moved[now] = true // "" for a deleted group, whose members nobody can assign by delegation
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
		case rule.Kind == KindMember:
			user, _ := rule.Subject.User()
			move(user, rule.Group)
		default:
			all[ViewUsers], all[UpdateUsers] = true, true
		}
	}
	for _, end := range r.change.Delta.Ends {
		move(end.User, end.Group)
	}
	required.permissions = append(required.permissions, slices.Sorted(maps.Keys(all))...)
	required.groups = append(required.groups, slices.Sorted(maps.Keys(moved))...)
}

// mayRevert reports whether the actor has the rights to revert a change and holds what the revert
// gives. Whether an obstacle prevents the revert doesn't matter.
func (a Admin) mayRevert(ctx context.Context, s *snapshot, r *reversal) bool {
	actor := UserID(a.actor.ID)
	if a.actor.Kind != ActorUser || s.isAdministrator(actor) {
		return true
	}
	required := Operation{Action: ActionChangeRevert}.requirement(actor)
	r.require(&required, a.actor)
	if a.authorize(s, required) != nil {
		return false
	}
	d := a.newDraft(ctx, s)
	if r.draft(d) != nil { // protected, for every actor
		return true
	}
	delta, err := d.sortedDelta()
	if err != nil {
		return false
	}
	c := Change{Revision: s.revision + 1, Delta: delta}
	u := c.update()
	u.pace = d.pace
	after, err := s.apply(u)
	return err == nil && checkEscalation(d.pace, s, s, after, actor, c.Delta) == nil
}
