package authz

import (
	"context"
	"iter"

	"github.com/rightful-go/rightful/internal/fold"
)

// Impact returns what a recorded change did to users when it was made, and whether the actor has the
// rights to revert it now. It reads the store to restore the policies before and after the change,
// and returns [ErrRecordsDoNotFit] if that is impossible.
func (a Admin) Impact(ctx context.Context, c Change) (Impact, error) {
	if c.Revision > a.engine.revision() { // made on another instance a moment ago
		if err := a.engine.Refresh(ctx); err != nil {
			return Impact{}, err
		}
	}
	after, err := a.engine.rewind(ctx, c.Revision)
	if err != nil {
		return Impact{}, err
	}
	before, err := after.undo(c)
	if err != nil {
		return Impact{}, err
	}
	impact := a.impact(before, after, c.Delta)
	undo, present := &reversal{c, newGroupHistory(c.Revision)}, a.engine.current.Load()
	if err := a.engine.followGroups(ctx, undo.history, present.revision); err != nil {
		return Impact{}, err
	}
	impact.RevertNeedsAdministrators = !a.mayRevert(present, undo)
	return impact, nil
}

func (a Admin) impact(before, after *snapshot, d Delta) Impact {
	var im Impact
	was := &View{s: before, catalog: a.engine.catalog}
	is := &View{s: after, catalog: a.engine.catalog}
	memo := map[[2]string][2][]Permission{}
	for _, u := range affected(before, after, d) {
		gains, losses := difference(was, is, u, memo)
		if len(gains) > 0 {
			if im.GainCount++; len(im.Gains) < maxImpact {
				im.Gains = append(im.Gains, UserImpact{u, gains})
			}
		}
		if len(losses) > 0 {
			if im.LossCount++; len(im.Losses) < maxImpact {
				im.Losses = append(im.Losses, UserImpact{u, losses})
			}
		}
	}
	return im
}

// affected returns the users whose permissions a change can have altered, sorted.
func affected(before, after *snapshot, d Delta) []UserID {
	seen := map[UserID]bool{}
	for id := range userMoves(d) {
		seen[id] = true
	}
	e := escalation{before: before, after: after}
	reached := e.groupsReached(d)
	for h := range changedBlocks(before, after) {
		if name, ok := h.Group(); !ok {
			seen[UserID(h)] = true
		} else if g := after.group(name); g != nil {
			reached = append(reached, after.heirsOf([]groupID{g.id})...)
		}
	}
	if before.blockedAll != after.blockedAll {
		for id := range after.users.All() {
			seen[id] = true
		}
	}
	for _, id := range reached {
		for _, s := range []*snapshot{before, after} {
			if int(id) < len(s.groups) && s.groups[id] != nil {
				for u := range s.membersOf(s.groups[id]) {
					seen[u] = true
				}
			}
		}
	}
	list := make([]UserID, 0, len(seen))
	for u := range seen {
		list = append(list, u)
	}
	fold.Sort(list)
	return list
}

// changedBlocks yields the subjects that quarantined rows deny everything either before or after, but
// not both.
func changedBlocks(before, after *snapshot) iter.Seq[Subject] {
	return func(yield func(Subject) bool) {
		for _, s := range [][2]*snapshot{{before, after}, {after, before}} {
			for subject := range s[0].blocked {
				if !s[1].blocked[subject] && !yield(subject) {
					return
				}
			}
		}
	}
}

// difference returns what a user holds only after and only before. Users in the same groups and
// without own rules are compared once.
func difference(was, is *View, id UserID, memo map[[2]string][2][]Permission) (gains, losses []Permission) {
	key := [2]string{equivalenceKey(was.s, id), equivalenceKey(is.s, id)}
	known, ok := memo[key]
	if !ok {
		known = [2][]Permission{heldOnlyBy(is, was, id), heldOnlyBy(was, is, id)}
		memo[key] = known
	}
	return known[0], known[1]
}
