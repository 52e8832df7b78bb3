package authz

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// reach is the grants and restrictions that apply to a subject, its own and inherited ones, each with the latest end
// over all paths on which it does.
type reach struct{ grants, restrictions map[Pattern]Until }

func newReach() reach { return reach{map[Pattern]Until{}, map[Pattern]Until{}} }

// add adds rules. It returns the error with which the pace ends, as all that follows does.
func (r reach) add(work *pace, rules *ruleSet, until Until) error {
	for _, p := range rules.patterns(KindGrant) {
		r.grants[p] = max(r.grants[p], until)
		if err := work.canceled(); err != nil {
			return err
		}
	}
	for _, p := range rules.patterns(KindRestriction) {
		r.restrictions[p] = max(r.restrictions[p], until)
		if err := work.canceled(); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether one grant that lasts as long covers p and no restriction overlaps it. An actor and what they
// give can have ten thousand patterns each, so the few patterns that can cover p are looked up.
func (r reach) holds(p Pattern, until Until) bool {
	object, action, _ := split(string(p))
	covering := coveringPatterns(object, action)
	if p.isWild() {
		for q := range r.restrictions {
			if q.overlaps(p) {
				return false
			}
		}
	} else if slices.ContainsFunc(covering, func(q Pattern) bool { return r.restrictions[q] > 0 }) {
		return false
	}
	return slices.ContainsFunc(covering, func(q Pattern) bool { return r.grants[q] >= until })
}

// reachOfGroup returns what a group gives to its members.
func (s *snapshot) reachOfGroup(work *pace, g *group) (reach, error) {
	r := newReach()
	if g == nil {
		return r, nil
	}
	return r, s.reachInto(r, work, map[groupID]bool{}, groupEnd{g.id, forever})
}

// reachInto adds what a group gives to a member until the membership ends, without the groups that were seen.
func (s *snapshot) reachInto(r reach, work *pace, seen map[groupID]bool, from groupEnd) error {
	for id := range s.inheritance().fromUnseen(seen, from.group) {
		if err := s.ownReachInto(r, work, s.groups[id], from.until); err != nil {
			return err
		}
	}
	return nil
}

// ownReachInto adds what a group's own rules say, and what a bad row denies it.
func (s *snapshot) ownReachInto(r reach, work *pace, g *group, until Until) error {
	if s.blocked[g.subject] {
		r.restrictions[Everything] = max(r.restrictions[Everything], until)
	}
	if err := work.canceled(); err != nil { // for a group without rules
		return err
	}
	return r.add(work, g.rules, until)
}

// reachOfUser returns what applies to a user, ignoring the groups in without.
func (s *snapshot) reachOfUser(work *pace, id UserID, without map[GroupName]bool) (reach, error) {
	r, err := s.reachOfGroupsOf(work, id, without, nil)
	if err != nil {
		return r, err
	}
	if s.blocked[id.subject()] {
		r.restrictions[Everything] = forever
	}
	return r, r.add(work, s.user(id).rules(), forever)
}

// reachOfGroupsOf returns what applies to a user by groups, ignoring those in without and in apart, which is sorted. The
// memberships that last longest come first, so that one look at each group finds the latest end, however many paths lead
// there.
func (s *snapshot) reachOfGroupsOf(work *pace, id UserID, without map[GroupName]bool, apart []groupID) (reach, error) {
	ends := s.endsOf(id)
	var memberships []groupEnd
	for g := range s.user(id).inGroups {
		if _, found := slices.BinarySearch(apart, g); !found && !without[s.groups[g].info.Name] {
			memberships = append(memberships, groupEnd{g, ends.of(g).orForever()})
		}
	}
	slices.SortStableFunc(memberships, func(a, b groupEnd) int { return cmp.Compare(b.until, a.until) })
	r, seen := newReach(), map[groupID]bool{}
	for _, m := range memberships {
		if err := s.reachInto(r, work, seen, m); err != nil {
			return r, err
		}
	}
	return r, nil
}

// groupsAltered returns the groups whose effect on their members a change can alter.
func groupsAltered(before, after *snapshot, d Delta) map[groupID]bool {
	ids := groupsReached(before, after, d)
	for h := range blocksOnlyIn(before.blocked, after.blocked) {
		for _, s := range []*snapshot{before, after} {
			if g := s.groupOf(h); g != nil {
				ids = append(ids, s.heirsOf([]groupID{g.id})...)
			}
		}
	}
	altered := make(map[groupID]bool, len(ids))
	for _, id := range ids {
		altered[id] = true
	}
	return altered
}

// dividedGroups are the groups of a user before and after a change, without those that stay the same, and these.
// Each list is sorted.
type dividedGroups struct{ was, is, stay []groupID }

// divideGroups divides the groups of a user. A group stays if the user is in it before and after, and stays
// agrees.
func divideGroups(was, is *user, stays func(groupID) bool) (d dividedGroups) {
	for id := range was.inGroups {
		if is.in(id) && stays(id) {
			d.stay = append(d.stay, id)
		} else {
			d.was = append(d.was, id)
		}
	}
	for id := range is.inGroups {
		if !was.in(id) || !stays(id) {
			d.is = append(d.is, id)
		}
	}
	return d
}

// key returns a text that differs if the groups do, those that stay included or not.
func (d dividedGroups) key(withStay bool) string {
	lists := [][]groupID{d.was, d.is, d.stay}
	if !withStay {
		lists = lists[:2]
	}
	var b []byte
	for _, ids := range lists {
		b = binary.BigEndian.AppendUint32(b, uint32(len(ids)))
		for _, id := range ids {
			b = binary.BigEndian.AppendUint32(b, uint32(id))
		}
	}
	return string(b)
}

// groupsReached returns the groups whose rules, own or inherited, a change can affect: those that it names and
// their heirs, before or after.
func groupsReached(before, after *snapshot, d Delta) []groupID {
	ids := groupsNamed(before, after, d)
	return sortedSetOf(append(before.heirsOf(ids), after.heirsOf(ids)...))
}

// groupsNamed returns the groups that a change names as themselves or as the subject of a rule, sorted.
func groupsNamed(before, after *snapshot, d Delta) []groupID {
	var ids []groupID
	add := func(name GroupName) {
		for _, s := range []*snapshot{before, after} {
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
	for _, rules := range [][]Rule{d.Added, d.Removed} {
		for _, r := range rules {
			if name, ok := r.Subject.Group(); ok {
				add(name)
			}
		}
	}
	return sortedSetOf(ids)
}
