package authz

import (
	"context"
	"iter"
	"maps"
	"slices"
)

// Impact returns what a recorded change did to users when it was made, and whether the actor has the
// rights to revert it now. It reads the store to restore the policies before and after the change,
// and returns [ErrRecordsDoNotFit] if that is impossible. It takes turns with other expensive work and can
// return [ErrBusy]; see [Admin].
func (a Admin) Impact(ctx context.Context, c Change) (Impact, error) {
	return a.impactAfter(ctx, c.Revision, func() (Change, error) { return c, nil })
}

// ImpactOf is [Admin.Impact] for the change that made a revision. It reads the change itself once it has its turn, so
// that callers who wait keep no large change in memory.
func (a Admin) ImpactOf(ctx context.Context, revision Revision) (Impact, error) {
	return a.impactAfter(ctx, revision, func() (Change, error) { return a.engine.change(ctx, revision) })
}

// impactAfter is Impact for a change that is read when it is its turn.
func (a Admin) impactAfter(ctx context.Context, revision Revision, read func() (Change, error)) (Impact, error) {
	if revision > a.engine.revision() { // made on another instance a moment ago
		if err := a.engine.Refresh(ctx); err != nil {
			return Impact{}, err
		}
	}
	leave, err := a.engine.gate.enter(ctx)
	if err != nil {
		return Impact{}, err
	}
	defer leave()
	c, err := read()
	if err == nil {
		err = c.fault()
	}
	if err != nil {
		return Impact{}, err
	}
	after, err := a.engine.rewind(ctx, c.Revision)
	if err != nil {
		return Impact{}, err
	}
	before, err := after.undo(c)
	if err != nil {
		return Impact{}, err
	}
	impact, err := a.impact(newPace(ctx), before, after, c.Delta)
	if err != nil {
		return Impact{}, err
	}
	undo, present := &reversal{change: c, history: newGroupHistory(c.Revision)}, a.engine.current.Load()
	if err := a.engine.followGroups(ctx, undo.history, present.revision); err != nil {
		return Impact{}, err
	}
	impact.RevertNeedsAdministrators = !a.mayRevert(ctx, present, undo)
	return impact, nil
}

func (a Admin) impact(p *pace, before, after *snapshot, d Delta) (Impact, error) {
	im := Impact{}
	was := &View{s: before, catalog: a.engine.catalog.Load()}
	is := &View{s: after, catalog: a.engine.catalog.Load()}
	impacts := newImpacts(p, was, is, d)
	gain, lose := newImpactTally(), newImpactTally()
	for id, err := range affected(p, before, after, d) {
		if err != nil {
			return Impact{}, err
		}
		user := folded(id)
		diff, err := impacts.of(id)
		if err != nil {
			return Impact{}, err
		}
		gain.add(user, &diff.gains)
		lose.add(user, &diff.losses)
	}
	lists := permissionLists{}
	for _, id := range gain.users.done() {
		diff, err := impacts.of(id)
		if err != nil {
			return Impact{}, err
		}
		im.Gains = append(im.Gains, UserImpact{id, lists.of(&diff.gains)})
	}
	for _, id := range lose.users.done() {
		diff, err := impacts.of(id)
		if err != nil {
			return Impact{}, err
		}
		im.Losses = append(im.Losses, UserImpact{id, lists.of(&diff.losses)})
	}
	im.GainCount, im.GainSetCount, im.GainSets = gain.count, len(gain.sets), gain.largest(lists)
	im.LossCount, im.LossSetCount, im.LossSets = lose.count, len(lose.sets), lose.largest(lists)
	return im, p.now()
}

// affected yields the users whose permissions a change can have altered, each once, or the error with which
// the pace ends.
func affected(p *pace, before, after *snapshot, d Delta) iter.Seq2[UserID, error] {
	moves := movesOf(d)
	blocks, blockedGroups := usersBlockedOnce(before, after, moves)
	reached := append(groupsReached(before, after, d), blockedGroups...)
	reached = slices.DeleteFunc(reached, func(id groupID) bool {
		return int(id) >= len(before.groups) || before.groups[id] == nil
	})
	others := func(yield func(UserID) bool) {
		for id := range before.usersIn(reached, false) { // of those whose memberships the change doesn't name
			if !moves.name(id) && !blocks[id] && !yield(id) {
				return
			}
		}
	}
	return func(yield func(UserID, error) bool) {
		for _, users := range []iter.Seq[UserID]{moves.ids, maps.Keys(blocks), others} {
			for id := range users {
				if err := p.canceled(); !yield(id, err) || err != nil {
					return
				}
			}
		}
	}
}

// usersBlockedOnce returns the users and groups that a bad row denies everything either before a change or after
// it. The users of the moves are not among them.
func usersBlockedOnce(before, after *snapshot, moves moves) (users map[UserID]bool, groups []groupID) {
	users = map[UserID]bool{}
	for h := range blocksOnlyIn(before.blocked, after.blocked) {
		if id, ok := h.User(); ok && !moves.name(id) {
			users[id] = true
		} else if g := before.groupOf(h); g != nil {
			groups = append(groups, before.heirsOf([]groupID{g.id})...)
		}
	}
	return users, groups
}
