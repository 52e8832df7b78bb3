package authz

import (
	"maps"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// escalation enforces promise 3: nobody gives what they don't hold. For every subject that the change
// can reach it compares the policies before and after the whole change, so the means doesn't matter:
// rule, membership, inheritance, rename, creation, deletion, import or revert.
//
//   - A grant that newly reaches a subject must be covered by one grant of the actor and overlap no
//     restriction of the actor. That a restriction masks it for the subject doesn't matter, because
//     the restriction may be lifted later.
//   - The same is required of a restriction that no longer reaches a subject.
//   - It is also required of Rightful's own permissions that are taken away or newly restricted.
//   - What comes or goes only with a membership that the actor may assign (delegation) is exempt.
type escalation struct {
	rights        *snapshot // the policy that gives the actor their rights: before, except in a dry run on the past
	before, after *snapshot
	actor         UserID
	actorReach    reach // of the actor, in rights
	renamed       map[Pattern]Pattern
	missing       map[Pattern]bool
}

// checkEscalation returns [ErrEscalation] with everything that the actor would have to hold for the
// change and doesn't hold in the policy rights, nil if nothing.
func checkEscalation(rights, before, after *snapshot, actor UserID, d Delta) error {
	if rights.isAdministrator(actor) {
		return nil
	}
	if touchesAdministrators(d) {
		return escalates([]Pattern{Everything}, "only an administrator can change the members of Administrators")
	}
	e := escalation{
		rights: rights, before: before, after: after, actor: actor,
		actorReach: rights.reachOfUser(actor, nil),
		renamed:    map[Pattern]Pattern{}, missing: map[Pattern]bool{},
	}
	for _, g := range d.Groups {
		if g.Before != nil && g.After != nil {
			for _, action := range []string{assignAction, "*"} {
				e.renamed[membersPattern(g.Before.Name, action)] = membersPattern(g.After.Name, action)
			}
		}
	}
	e.compare(d)
	return e.err()
}

// compare compares every subject that the change can reach.
func (e *escalation) compare(d Delta) {
	e.checkDormantRights(d)
	for _, id := range e.groupsReached(d) {
		e.compareGroup(id)
	}
	// Users with equal rules and groups before and after are compared once: an import can move
	// thousands of them.
	seen := map[[2]string]bool{}
	for id, moves := range userMoves(d) {
		key := [2]string{equivalenceKey(e.before, id), equivalenceKey(e.after, id)}
		if id == e.actor || !seen[key] {
			e.compareUser(id, moves)
		}
		seen[key] = seen[key] || id != e.actor
	}
}

// err returns everything missing as an error, nil if nothing is.
func (e *escalation) err() error {
	if len(e.missing) == 0 {
		return nil
	}
	missing := slices.Collect(maps.Keys(e.missing))
	fold.Sort(missing)
	const listed = 5
	return escalates(missing, "the change would give, take away or lift permissions that the actor doesn't hold: "+
		commaSeparated(missing[:min(listed, len(missing))])+andMore(len(missing)-listed))
}

// groupsReached returns the groups whose rules, own or inherited, the change can affect: those that
// it names and their heirs, before or after.
func (e *escalation) groupsReached(d Delta) []groupID {
	var ids []groupID
	add := func(name GroupName) {
		for _, s := range []*snapshot{e.before, e.after} {
			if g := s.group(name); g != nil {
				ids = append(ids, g.id)
			}
		}
	}
	for _, g := range d.Groups {
		for _, info := range []*GroupInfo{g.Before, g.After} {
			if info != nil {
				add(info.Name)
			}
		}
	}
	for _, r := range slices.Concat(d.Added, d.Removed) {
		if name, ok := r.Subject.Group(); ok {
			add(name)
		}
	}
	return sortedSetOf(append(e.before.heirsOf(ids), e.after.heirsOf(ids)...))
}

func (e *escalation) compareGroup(id groupID) {
	at := func(s *snapshot) *group {
		if int(id) < len(s.groups) {
			return s.groups[id]
		}
		return nil
	}
	was, is := e.applyRenames(e.before.reachOfGroup(at(e.before))), e.after.reachOfGroup(at(e.after))
	e.requireGiven(was, is)
	if at(e.after) != nil {
		e.requireLifted(was, is)
	}
	e.requireOwnTaken(was, is)
}

func (e *escalation) compareUser(id UserID, m *groupMoves) {
	was, is := e.applyRenames(e.before.reachOfUser(id, nil)), e.after.reachOfUser(id, nil)
	e.requireOwnTaken(was, is)
	// Only what comes or goes solely with a delegated membership is exempt.
	isWithout, wasWithout := is, was
	if into := e.delegated(id, m.into); len(into) > 0 {
		isWithout = e.after.reachOfUser(id, into)
	}
	if outOf := e.delegated(id, m.outOf); len(outOf) > 0 {
		wasWithout = e.applyRenames(e.before.reachOfUser(id, outOf))
	}
	e.requireGiven(was, isWithout)
	e.requireLifted(wasWithout, is)
}

// delegated returns the groups whose membership of the user the actor may change by delegation.
func (e *escalation) delegated(id UserID, groups []GroupName) map[GroupName]bool {
	if id == e.actor {
		return nil
	}
	var free map[GroupName]bool
	for _, name := range groups {
		if e.rights.mayAssign(e.actor, name) {
			if free == nil {
				free = map[GroupName]bool{}
			}
			free[name] = true
		}
	}
	return free
}

// checkDormantRights requires the rights to assign that name a group which doesn't exist yet: they
// take effect when a group gets that name.
func (e *escalation) checkDormantRights(d Delta) {
	names := map[GroupName]bool{}
	for _, g := range d.Groups {
		if g.After != nil && e.before.group(g.After.Name) == nil {
			names[g.After.Name] = true
		}
	}
	if len(names) == 0 {
		return
	}
	for r := range e.before.patternRules {
		if name, ok := assignableGroup(r.Pattern); ok && names[name] {
			e.require(r.Pattern)
		}
	}
}

// applyRenames replaces the rights to assign in a reach by those that renamed groups make of them, so
// that a rename alone takes and gives nothing.
func (e *escalation) applyRenames(before reach) reach {
	for _, set := range []map[Pattern]bool{before.grants, before.restrictions} {
		for from, to := range e.renamed {
			if set[from] {
				delete(set, from)
				set[to] = true
			}
		}
	}
	return before
}

func (e *escalation) require(p Pattern) {
	if !e.missing[p] && !e.actorReach.holds(p) {
		e.missing[p] = true
	}
}

func (e *escalation) requireGiven(was, is reach) {
	for p := range is.grants {
		if !was.grants[p] {
			e.require(p)
		}
	}
}

func (e *escalation) requireLifted(was, is reach) {
	for p := range was.restrictions {
		if !is.restrictions[p] {
			e.require(p)
		}
	}
}

// requireOwnTaken requires Rightful's own permissions that are taken away or newly restricted.
func (e *escalation) requireOwnTaken(was, is reach) {
	for p := range was.grants {
		if !is.grants[p] && p.overlaps(ownPattern) {
			e.require(p)
		}
	}
	for p := range is.restrictions {
		if !was.restrictions[p] && p.overlaps(ownPattern) {
			e.require(p)
		}
	}
}
