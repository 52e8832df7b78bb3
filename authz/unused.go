package authz

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rightful-go/rightful/internal/fold"
)

// unusedQuery asks what was not used after a day.
type unusedQuery struct {
	engine *Engine
	view   *View
	uses   knownUses
	after  Day
}

// unusedFound is the answer to an [unusedQuery].
type unusedFound struct {
	permissions []Permission // known to be unused
	unknown     int          // not known to be used or unused
	newMembers  int
	removal     []Operation
}

// begin returns the time at which the days in question begin.
func (q *unusedQuery) begin() time.Time { return (q.after + 1).Start() }

// used reports whether a permission is known to be used.
func (q *unusedQuery) used(p Permission) bool { return q.uses.last[p] > q.after }

// divide divides permissions into those of which no use is known and the others.
func (q *unusedQuery) divide(list []Permission) (idle, used []Permission) {
	for _, p := range list {
		if q.used(p) {
			used = append(used, p)
		} else {
			idle = append(idle, p)
		}
	}
	return idle, used
}

// eachPolicy calls visit with the policies before the present one, the newest first, back to the one at the beginning of
// the days in question, until visit returns false or an error. Changes that concern only other users are passed over: most changes do,
// and after them the user held and each group gave the same. It returns the first policy, and false if it didn't get there,
// because there were too many changes or the records don't reach as far.
func (q *unusedQuery) eachPolicy(ctx context.Context, user UserID, visit func(before *snapshot) (goOn bool, err error)) (first *snapshot, arrived bool, err error) {
	first, undone := q.view.s, 0
	var failed error
	err = q.engine.undoEach(ctx, first.inRecords(), func(c Change, before *snapshot) (goOn bool) {
		if arrived = c.At.Before(q.begin()); arrived {
			return false
		}
		first = before
		if undone++; undone > maxLookBack {
			return false
		}
		if c.Delta.concernsOthers(user) {
			return true
		}
		goOn, failed = visit(before)
		return goOn && failed == nil
	})
	if errors.Is(err, ErrRecordsDoNotFit) {
		return first, false, nil
	}
	return first, arrived || first.revision == 0, cmp.Or(err, failed)
}

// stillHeld returns those of some permissions that are held.
func stillHeld(work *pace, permissions []Permission, held holdings) (list []Permission, err error) {
	for _, p := range permissions {
		if held.has(p) {
			list = append(list, p)
		}
		if err := work.canceled(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ofUser answers for a user who holds these permissions.
func (q *unusedQuery) ofUser(ctx context.Context, user UserID, held []Permission) (found unusedFound, err error) {
	idle, _ := q.divide(held)
	if found.unknown = len(idle); found.unknown == 0 || !q.uses.cover(q.after) {
		return found, nil
	}
	leave, err := q.engine.gate.enter(ctx)
	if err != nil {
		return found, err
	}
	defer leave()
	r := removal{s: q.view.s, user: user}
	sources := r.s.sourcesOf(user)
	work := newPace(ctx)
	_, arrived, err := q.eachPolicy(ctx, user, func(before *snapshot) (goOn bool, err error) {
		had, err := before.reachOfUser(work, user, nil)
		if err != nil {
			return false, err
		}
		idle, err = stillHeld(work, idle, holdings{had, before.isAdministrator(user)})
		sources = slices.DeleteFunc(sources, func(o rightSource) bool { return !o.of(before, user) })
		return len(idle) > 0, err
	})
	if err != nil || !arrived {
		return found, err
	}
	found.permissions = idle
	found.unknown -= len(idle)
	if len(idle) > 0 && !r.s.isAdministrator(user) {
		r.unused, r.kept = idle, q.kept(user, idle)
		found.removal, err = r.plan(work, sources)
	}
	return found, err
}

// kept returns what a removal must leave to a user: all that they hold without the unused permissions, and what they used
// that isn't listed because only a wildcard covers it.
func (q *unusedQuery) kept(user UserID, unused []Permission) []Permission {
	gone := make(map[Permission]bool, len(unused))
	for _, p := range unused {
		gone[p] = true
	}
	kept := slices.DeleteFunc(q.view.PermissionsOf(user), func(p Permission) bool { return gone[p] })
	for p := range q.uses.last {
		if q.used(p) && q.view.Can(user, p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// ofGroup answers for a group that has these members and gives these permissions.
func (q *unusedQuery) ofGroup(ctx context.Context, g *group, members []UserID, given []Permission) (found unusedFound, err error) {
	idle, _ := q.divide(given)
	if found.unknown = len(idle); found.unknown == 0 || !q.uses.cover(q.after) {
		return found, nil
	}
	name, grants := g.info.Name, slices.Clone(g.rules.patterns(KindGrant))
	work := newPace(ctx)
	first, arrived, err := q.eachPolicy(ctx, "", func(before *snapshot) (goOn bool, err error) {
		was := before.group(name)
		gave, err := before.reachOfGroup(work, was)
		if err != nil {
			return false, err
		}
		idle, err = stillHeld(work, idle, holdings{gave, was != nil && was.id == before.administrators})
		grants = slices.DeleteFunc(grants, func(p Pattern) bool { return was == nil || !was.rules.has(KindGrant, p) })
		return len(idle) > 0, err
	})
	if err != nil || !arrived || len(idle) == 0 {
		return found, err
	}
	if found.newMembers = q.newMembers(first.group(name), first, members); found.newMembers == len(members) {
		return found, nil // nobody was there to use anything
	}
	found.permissions = idle
	found.unknown -= len(idle)
	if g.id != q.view.s.administrators {
		found.removal = q.revocation(name, grants)
	}
	return found, nil
}

// newMembers counts the present members of a group who were none in an earlier policy.
func (q *unusedQuery) newMembers(was *group, first *snapshot, members []UserID) int {
	then := map[UserID]bool{}
	if was != nil {
		for _, user := range first.usersReachedBy(was) {
			then[user] = true
		}
	}
	n := 0
	for _, user := range members {
		if !then[user] {
			n++
		}
	}
	return n
}

// revocation returns the operation that revokes those grants of a group that cover nothing that was used. Uses of
// Rightful's own permissions aren't recorded, so grants of them stay.
func (q *unusedQuery) revocation(name GroupName, grants []Pattern) []Operation {
	used := map[Pattern]bool{}
	for p := range q.uses.last {
		if object, action, ok := p.Split(); ok && q.used(p) {
			for pattern := range patternsCovering(object, action) {
				used[Pattern(pattern)] = true
			}
		}
	}
	grants = slices.DeleteFunc(grants, func(p Pattern) bool { return used[p] || p.overlaps(ownPattern) })
	if len(grants) == 0 {
		return nil
	}
	fold.Sort(grants)
	return []Operation{{
		Action: ActionGroupPermissionsChange, Group: name, Rules: RulesDelta{Revoke: grants[:min(len(grants), maxRemoved)]},
	}}
}
