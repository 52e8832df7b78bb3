package authz

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// escalation enforces promise 3: nobody gives what they don't hold. For every subject that the change
// can reach it compares the policies before and after the whole change, so the means doesn't matter:
// rule, membership, inheritance, rename, creation, deletion, import or revert.
//
//   - A grant that newly reaches a subject, or reaches it for longer than before, must be covered by one grant of
//     the actor that lasts at least as long, and overlap no restriction of the actor. That a restriction masks
//     it for the subject doesn't matter, because the restriction may be lifted later.
//   - The same is required of a restriction that no longer reaches a subject, or for a shorter time.
//   - It is also required of Rightful's own permissions that are taken away or newly restricted.
//   - How long a rule reaches a subject is the latest end over all paths.
//   - What comes or goes only with a membership that the actor may assign (delegation) is exempt.
//   - Only administrators may give a group a name to which rights already refer, or make a bad row deny less.
type escalation struct {
	pace          *pace
	ended         error     // of the pace
	rights        *snapshot // the policy that gives the actor their rights: before, except in a dry run on the past
	before, after *snapshot
	actor         UserID
	actorReach    reach   // of the actor, in rights
	limits        []Until // the times in actorReach, sorted
	renamed       map[Pattern]Pattern
	missing       map[Pattern]bool
	held          map[Pattern]Until // those that the actor was found to hold, and for how long at least
	reserved      map[groupID]bool  // see [snapshot.reserved]; nil as long as nobody asked
}

// checkEscalation returns [ErrEscalation] with what the actor would have to hold for the change and doesn't hold in the
// policy rights, nil if nothing.
func checkEscalation(p *pace, rights, before, after *snapshot, actor UserID, d Delta) error {
	missing, err := escalationOf(p, rights, before, after, actor, d)
	if err != nil || len(missing) == 0 {
		return err
	}
	const named = 5
	return escalates(missing, "the change would give, take away or lift permissions that the actor doesn't hold: "+
		firstAndMore(missing, named))
}

// escalationOf returns everything that the actor would have to hold, sorted, or an [ErrEscalation] if only administrators
// may make the change.
func escalationOf(p *pace, rights, before, after *snapshot, actor UserID, d Delta) ([]Pattern, error) {
	if rights.isAdministrator(actor) {
		return nil, checkAppointments(rights, before, after, actor, d)
	}
	if touchesAdministrators(d) {
		return nil, escalates([]Pattern{Everything}, "only an administrator can change the members of Administrators")
	}
	if err := checkBlocks(p, before, after, d); err != nil {
		return nil, err
	}
	e := escalation{
		pace: p, rights: rights, before: before, after: after, actor: actor,
		renamed: map[Pattern]Pattern{}, missing: map[Pattern]bool{}, held: map[Pattern]Until{},
	}
	e.actorReach = e.reached(rights.reachOfUser(p, actor, nil))
	e.limits = sortedSet(slices.Collect(maps.Values(e.actorReach.grants)))
	for _, g := range d.Groups {
		if g.Before != nil && g.After != nil {
			for _, action := range []string{assignAction, "*"} {
				e.renamed[membersPattern(g.Before.Name, action)] = membersPattern(g.After.Name, action)
			}
		}
	}
	if err := e.compare(d); err != nil {
		return nil, err
	}
	missing := slices.Collect(maps.Keys(e.missing))
	fold.Sort(missing)
	return missing, nil
}

// checkAppointments refuses to make anybody an administrator for longer than the actor is one.
func checkAppointments(rights, before, after *snapshot, actor UserID, d Delta) error {
	own := rights.administratorUntil(actor)
	if own == forever || !touchesAdministrators(d) {
		return nil
	}
	for id := range after.membersOf(after.groups[after.administrators]) {
		if until := after.administratorUntil(id); until > own && until > before.administratorUntil(id) {
			return escalates([]Pattern{Everything}, "the actor is an administrator for a limited time, and can make nobody an "+
				"administrator for longer than that")
		}
	}
	return nil
}

// administratorUntil returns until when a user is an administrator, 0 for a user who isn't one.
func (s *snapshot) administratorUntil(id UserID) Until {
	if !s.isAdministrator(id) {
		return 0
	}
	return s.endsOf(id).of(s.administrators).orForever()
}

// compare compares every subject that the change can reach.
func (e *escalation) compare(d Delta) error {
	if err := e.checkDormantRights(d); err != nil {
		return err
	}
	if err := e.compareGroups(d); err != nil {
		return err
	}
	if err := e.compareUsers(d); err != nil {
		return err
	}
	return cmp.Or(e.ended, e.pace.now()) // the comparisons end early when they are canceled
}

// reached returns a reach. If the pace ended before it was whole, the check fails.
func (e *escalation) reached(r reach, err error) reach {
	e.ended = cmp.Or(e.ended, err)
	return r
}

// compareGroups compares the groups that the change names. Their heirs need no comparison: what newly reaches
// an heir over groups that the change doesn't name newly reaches one of those that it names, and alike for
// what no longer reaches it. All new groups are compared at once, because they had nothing before.
func (e *escalation) compareGroups(d Delta) error {
	var fresh []groupID
	for _, id := range groupsNamed(e.before, e.after, d) {
		if err := e.pace.now(); err != nil {
			return err
		}
		if int(id) >= len(e.before.groups) || e.before.groups[id] == nil {
			fresh = append(fresh, id)
		} else {
			e.compareGroup(id)
		}
	}
	is := newReach()
	for id := range e.after.inheritance().from(fresh...) {
		if err := e.after.ownReachInto(is, e.pace, e.after.groups[id], forever); err != nil {
			return err
		}
	}
	lacks := newLacking()
	e.requireGiven(newReach(), is, lacks)
	e.requireOwnTaken(newReach(), is, lacks)
	e.note(lacks, nil)
	return nil
}

// compareUsers compares the users whose rules or groups change. A change can move thousands of them, so what the changed
// groups of a user give and take is compared once for all users with the same changed groups. Their other groups and their
// own rules can only lower what is required. Each may have ends of their own: a comparison depends on nothing of these
// but how they compare with one another and with the times until which the actor holds something.
func (e *escalation) compareUsers(d Delta) error {
	altered := groupsAltered(e.before, e.after, d)
	moved, lowered := map[string]lacking{}, map[string]lacking{}
	for id, moves := range movesOf(d).users {
		if err := e.pace.canceled(); err != nil {
			return err
		}
		own, stay := e.ownRules(id)
		if !stay {
			if err := e.pace.now(); err != nil {
				return err
			}
			e.note(e.compareUser(id, moves, func(s *snapshot, without map[GroupName]bool) (reach, error) {
				return s.reachOfUser(e.pace, id, without)
			}), nil)
			continue
		}
		wasEnds, isEnds := e.before.endsOf(id), e.after.endsOf(id)
		groups := divideGroups(e.before.user(id), e.after.user(id), func(g groupID) bool { return !altered[g] && wasEnds.of(g) == isEnds.of(g) })
		ends := isEnds.ofAll(groups.is, wasEnds.ofAll(groups.was, nil))
		lacks, err := once(e.pace, moved, groups.key(false)+keyOfEnds(ends, e.limits), func() lacking {
			lacks := e.compareUser(id, moves, func(s *snapshot, without map[GroupName]bool) (reach, error) {
				return s.reachOfGroupsOf(e.pace, id, without, groups.stay)
			})
			lacks.ends = ends
			return lacks
		})
		if err != nil {
			return err
		}
		if len(groups.stay) > 0 && !lacks.isEmpty() {
			all := isEnds.ofAll(groups.stay, slices.Clip(ends))
			lacks, err = once(e.pace, lowered, groups.key(true)+keyOfEnds(all, e.limits), func() lacking {
				return lacks.withEnds(ends).without(e.reached(e.after.reachOfGroupsOf(e.pace, id, nil, groups.is)))
			})
			if err != nil {
				return err
			}
		}
		e.note(lacks, own)
	}
	return nil
}

// ownRules returns the rules of a user, and false if the user must be compared alone: because the change alters the
// rules, or because the user is the actor or denied everything by a bad row.
func (e *escalation) ownRules(id UserID) (*ruleSet, bool) {
	own := e.before.user(id).rules()
	stay := own == e.after.user(id).rules() && id != e.actor &&
		!e.before.blocked[id.subject()] && !e.after.blocked[id.subject()]
	return own, stay
}

// note notes what the actor lacks, apart from rules that the subject has itself before and after the change.
func (e *escalation) note(lacks lacking, own *ruleSet) {
	for p := range lacks.grants {
		if !e.missing[p] && !own.has(KindGrant, p) {
			e.missing[p] = true
		}
	}
	for p := range lacks.restrictions {
		if !e.missing[p] && !own.has(KindRestriction, p) {
			e.missing[p] = true
		}
	}
}

func (e *escalation) compareGroup(id groupID) {
	at := func(s *snapshot) *group {
		if int(id) < len(s.groups) {
			return s.groups[id]
		}
		return nil
	}
	was, is := e.applyRenames(e.reached(e.before.reachOfGroup(e.pace, at(e.before)))), e.reached(e.after.reachOfGroup(e.pace, at(e.after)))
	lacks := newLacking()
	e.requireGiven(was, is, lacks)
	if at(e.after) != nil {
		e.requireLifted(was, is, lacks)
	}
	e.requireOwnTaken(was, is, lacks)
	e.note(lacks, nil)
}

// compareUser compares what reaches a user, or a part of it.
func (e *escalation) compareUser(id UserID, m *groupMoves, reachOf func(*snapshot, map[GroupName]bool) (reach, error)) lacking {
	lacks := newLacking()
	was, is := e.applyRenames(e.reached(reachOf(e.before, nil))), e.reached(reachOf(e.after, nil))
	e.requireOwnTaken(was, is, lacks)
	// Only what comes or goes solely with a delegated membership is exempt.
	isWithout, wasWithout := is, was
	if into := e.delegated(id, m.into, e.after); len(into) > 0 {
		isWithout = e.reached(reachOf(e.after, into))
	}
	if outOf := e.delegated(id, m.outOf, e.before); len(outOf) > 0 {
		wasWithout = e.applyRenames(e.reached(reachOf(e.before, outOf)))
	}
	e.requireGiven(was, isWithout, lacks)
	e.requireLifted(wasWithout, is, lacks)
	return lacks
}

// delegated returns the groups whose membership of the user the actor may change by delegation: the right to assign
// lasts at least as long as the membership in a policy, the one after the change if it begins.
func (e *escalation) delegated(id UserID, groups []GroupName, s *snapshot) map[GroupName]bool {
	if id == e.actor {
		return nil
	}
	var free map[GroupName]bool
	for _, name := range groups {
		if e.assignsFor(id, name, s) && e.isAssignable(name) {
			if free == nil {
				free = map[GroupName]bool{}
			}
			free[name] = true
		}
	}
	return free
}

// isAssignable reports whether a right to assign the members of a group serves.
func (e *escalation) isAssignable(name GroupName) bool {
	if e.reserved == nil {
		e.reserved = e.rights.reserved()
	}
	g := e.rights.group(name)
	return g != nil && name != Administrators && !e.reserved[g.id]
}

// assignsFor reports whether the actor's right to assign the members of a group lasts as long as the membership of a
// user in a policy.
func (e *escalation) assignsFor(id UserID, name GroupName, s *snapshot) bool {
	until := heldNow
	if g := s.group(name); g != nil && s.user(id).in(g.id) {
		until = s.endsOf(id).of(g.id).orForever()
	}
	return e.actorReach.holds(Pattern(AssignMembers(name)), until)
}

// checkDormantRights refuses to give a group a name to which rights to assign its members already refer:
// another program may have written them, and they would take effect. Holding them doesn't help, because the
// group of the new name may be another than their holder was meant to fill.
func (e *escalation) checkDormantRights(d Delta) error {
	names := map[GroupName]bool{}
	for _, g := range d.Groups {
		if g.After != nil && e.before.group(g.After.Name) == nil {
			names[g.After.Name] = true
		}
	}
	if len(names) == 0 {
		return nil
	}
	for r := range e.before.patternRules {
		if name, ok := assignableGroup(r.Pattern); ok && names[name] {
			return escalates([]Pattern{Everything}, fmt.Sprintf("a rule names the right %q, of a group that doesn't exist; "+
				"only an administrator can give a group this name", r.Pattern))
		}
		if err := e.pace.canceled(); err != nil {
			return err
		}
	}
	return nil
}

// applyRenames replaces the rights to assign in a reach by those that renamed groups make of them, so
// that a rename alone takes and gives nothing.
func (e *escalation) applyRenames(before reach) reach {
	for _, set := range []map[Pattern]Until{before.grants, before.restrictions} {
		for from, to := range e.renamed {
			if until, has := set[from]; has {
				delete(set, from)
				set[to] = max(set[to], until)
			}
		}
	}
	return before
}

// heldNow is the least time for which something is held.
const heldNow Until = 1

// require notes that the actor must hold a pattern until then, in lacks if that isn't so.
func (e *escalation) require(p Pattern, until Until, lacks map[Pattern]Until) {
	switch {
	case lacks[p] >= until || e.held[p] >= until:
	case e.actorReach.holds(p, until):
		e.held[p] = until
	default:
		lacks[p] = until
	}
}

// requireLonger requires every pattern that lasts longer in one set than in another and that overlaps a pattern.
func (e *escalation) requireLonger(one, other map[Pattern]Until, about Pattern, lacks map[Pattern]Until) {
	for p, until := range one {
		if e.pace.canceled() != nil {
			return
		}
		if until > other[p] && p.overlaps(about) {
			e.require(p, until, lacks)
		}
	}
}

func (e *escalation) requireGiven(was, is reach, lacks lacking) {
	e.requireLonger(is.grants, was.grants, Everything, lacks.grants)
}

func (e *escalation) requireLifted(was, is reach, lacks lacking) {
	e.requireLonger(was.restrictions, is.restrictions, Everything, lacks.restrictions)
}

// requireOwnTaken requires Rightful's own permissions that are taken away or newly restricted.
func (e *escalation) requireOwnTaken(was, is reach, lacks lacking) {
	e.requireLonger(was.grants, is.grants, ownPattern, lacks.grants)
	e.requireLonger(is.restrictions, was.restrictions, ownPattern, lacks.restrictions)
}
