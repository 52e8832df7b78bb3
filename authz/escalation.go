package authz

import (
	"github.com/rightful-go/rightful/internal/fold"

	"maps"
	"slices"
)

// escalation enforces promise 3, nobody gives what they don't hold. It compares the policies
// before and after the whole change for every holder that it can reach, so the means doesn't
// matter: rule, membership, inheritance, rename, creation, deletion, import or undoing.
//
//   - A grant that newly reaches a holder must be covered by one grant of the actor and
//     overlapped by no restriction of the actor. A restriction that masks it at the receiver
//     is no excuse: it may go one day.
//   - A restriction that no longer reaches a holder must be held in the same way.
//   - Of Rightful's own rights it also counts what is taken away or newly restricted.
//   - Memberships that the actor may assign (delegation) aren't asked about.
type escalation struct {
	rights        *snapshot // by which the actor acts: before, but for a rehearsal in the past
	before, after *snapshot
	actor         UserID
	holds         reach // of the actor, by their rights
	renamed       map[Pattern]Pattern
	missing       map[Pattern]bool
}

// checkEscalation returns an [*EscalationError] with all that the actor lacks to make the
// change by the rights that one policy gives them, nil if nothing.
func checkEscalation(rights, before, after *snapshot, actor UserID, d Delta) error {
	if rights.isAdministrator(actor) {
		return nil
	}
	if touchesAdministrators(d) {
		return escalates([]Pattern{Everything}, "only administrators change who is in Administrators")
	}
	e := escalation{
		rights: rights, before: before, after: after, actor: actor,
		holds:   rights.reachOfUser(actor, nil),
		renamed: map[Pattern]Pattern{}, missing: map[Pattern]bool{},
	}
	for _, g := range d.Groups {
		if g.Before != nil && g.After != nil {
			for _, action := range []string{assignAction, "*"} {
				e.renamed[membersPattern(g.Before.Name, action)] = membersPattern(g.After.Name, action)
			}
		}
	}
	e.checkDormantRights(d)
	for _, id := range e.groupsReached(d) {
		e.compareGroup(id)
	}
	// Users who stood in the same place and stand in the same place are compared once: an
	// import can move thousands.
	seen := map[[2]string]bool{}
	for id, moves := range userMoves(d) {
		key := [2]string{equivalenceKey(before, id), equivalenceKey(after, id)}
		if id == actor || !seen[key] {
			e.compareUser(id, moves)
		}
		seen[key] = seen[key] || id != actor
	}
	if len(e.missing) == 0 {
		return nil
	}
	missing := slices.Collect(maps.Keys(e.missing))
	fold.Sort(missing)
	text := "this would give, take or lift what the actor doesn't hold: " + commaSeparated(missing[:min(5, len(missing))]) + andMore(len(missing)-5)
	return escalates(missing, text)
}

// groupsReached returns the groups whose reach the change can have altered: those it names
// and all that inherit them, before or after.
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
	was, is := e.follow(e.before.reachOfGroup(at(e.before))), e.after.reachOfGroup(at(e.after))
	e.given(was, is)
	if at(e.after) != nil {
		e.lifted(was, is)
	}
	e.ownTaken(was, is)
}

func (e *escalation) compareUser(id UserID, m *groupMoves) {
	was, is := e.follow(e.before.reachOfUser(id, nil)), e.after.reachOfUser(id, nil)
	e.ownTaken(was, is)
	// What comes or goes over a delegated membership alone isn't asked about; what comes or
	// goes over another way as well is.
	asked, wasAsked := is, was
	if into := e.delegated(id, m.into); len(into) > 0 {
		asked = e.after.reachOfUser(id, into)
	}
	if outOf := e.delegated(id, m.outOf); len(outOf) > 0 {
		wasAsked = e.follow(e.before.reachOfUser(id, outOf))
	}
	e.given(was, asked)
	e.lifted(wasAsked, is)
}

// delegated returns those of the groups into or out of which the actor may move the user by
// delegation.
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

// awaken asks about rights to assign that waited for a group of that name: they begin to mean
// something when the group is made or renamed.
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

// follow takes a right to assign and the one that it becomes by a rename for the same.
func (e *escalation) follow(before reach) reach {
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
	if !e.missing[p] && !e.holds.holds(p) {
		e.missing[p] = true
	}
}

func (e *escalation) given(was, is reach) {
	for p := range is.grants {
		if !was.grants[p] {
			e.require(p)
		}
	}
}

func (e *escalation) lifted(was, is reach) {
	for p := range was.restrictions {
		if !is.restrictions[p] {
			e.require(p)
		}
	}
}

// ownTaken asks about Rightful's own rights that are taken away or newly restricted.
func (e *escalation) ownTaken(was, is reach) {
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
