package authz

import (
	"context"
	"encoding/binary"
	"iter"
	"slices"
)

// Impact is what a change does to people.
type Impact struct {
	Gains, Losses           []UserImpact // by user, at most 100 each
	GainCount, LossCount    int          // of all users
	UndoNeedsAdministrators bool         // the one who asks hasn't the rights to revert it; see [Admin.Revert]
}

// UserImpact is what one user gains or loses, sorted.
type UserImpact struct {
	User        UserID
	Permissions []Permission
}

// maxImpact bounds how many users an [Impact] lists. It counts them all.
const maxImpact = 100

// Preview makes every check of an operation and says what it would do to people, without
// doing it. The operation is called with the acting that it must use:
//
//	change, impact, err := engine.As("ana").Preview(func(a authz.Admin) (authz.Change, error) {
//		return a.Grant(ctx, "Finance", "finance.reports:export")
//	})
func (a Admin) Preview(operate func(Admin) (Change, error)) (Change, Impact, error) {
	return a.preview(nil, operate)
}

// PreviewAt is [Admin.Preview] on the policy of a view of the past, see [Engine.ViewAt]: what the
// operation would have done to people then. Who acts does so by the rights that they have now, and
// versions aren't compared.
func (a Admin) PreviewAt(v *View, operate func(Admin) (Change, error)) (Change, Impact, error) {
	return a.preview(v.s, operate)
}

func (a Admin) preview(at *snapshot, operate func(Admin) (Change, error)) (Change, Impact, error) {
	var impact Impact
	a.dryRun, a.at = true, at
	a.observe = func(before, after *snapshot, d Delta) {
		impact = a.impact(before, after, d)
		undo := &reversal{Change{Delta: d}, newGroupHistory(after.revision)}
		impact.UndoNeedsAdministrators = !a.mayRevert(after, undo)
	}
	c, err := operate(a)
	return c, impact, err
}

// Impact says what the change that made a revision did to people then, and whether the one who
// asks has the rights to revert it now. The policies of that time are worked out from the
// records; [ErrRecordsDoNotFit] where they can't be.
func (a Admin) Impact(ctx context.Context, c Change) (Impact, error) {
	if c.Revision > a.engine.Revision() { // made on another instance a moment ago
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
	impact.UndoNeedsAdministrators = !a.mayRevert(present, undo)
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

// affected returns the users whom a change can have touched, sorted.
func affected(before, after *snapshot, d Delta) []UserID {
	seen := map[UserID]bool{}
	for id := range userMoves(d) {
		seen[id] = true
	}
	e := escalation{before: before, after: after}
	reached := e.groupsReached(d)
	for h := range differently(before, after) {
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
	sortFolded(list)
	return list
}

// differently yields the holders whom bad rows deny everything before and not after, or the
// other way round.
func differently(before, after *snapshot) iter.Seq[Subject] {
	return func(yield func(Subject) bool) {
		for _, s := range [][2]*snapshot{{before, after}, {after, before}} {
			for h := range s[0].blocked {
				if !s[1].blocked[h] && !yield(h) {
					return
				}
			}
		}
	}
}

// difference compares what a user holds before and after. Users in the same groups, without
// rules of their own, are compared once.
func difference(was, is *View, id UserID, memo map[[2]string][2][]Permission) (gains, losses []Permission) {
	key := [2]string{equivalenceKey(was.s, id), equivalenceKey(is.s, id)}
	known, ok := memo[key]
	if !ok {
		known = [2][]Permission{heldOnlyBy(is, was, id), heldOnlyBy(was, is, id)}
		memo[key] = known
	}
	return known[0], known[1]
}

// place describes where a user without own rules stands, for whom a policy says the same as
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

// heldOnlyBy lists what the user holds by one policy and not by the other. Decisions are
// compared, not lists: what no rule names any more may still be covered.
func heldOnlyBy(one, other *View, id UserID) []Permission {
	return slices.DeleteFunc(one.HeldBy(id), func(p Permission) bool { return other.s.can(id, p) })
}
