package authz

import (
	"iter"
	"slices"
)

// endings say which memberships of a policy have ended, and keep the policy that decides: the one without them. The
// policy keeps them until a change removes them. Endings are immutable like snapshots: the next ones are derived beside
// them, however long that takes, and then swapped in; see [Engine.install].
type endings struct {
	present *snapshot // with the memberships that have ended; nil before the first policy was read
	counted *snapshot // without them
	pending endingSet // the ends to come, also of memberships that another program removed
	ended   endingSet // of memberships of present; these stay ended until a change says otherwise, even if the clock goes back
	broken  bool      // an internal error: counted denies everything, and the next policy is looked at from the start
}

// next returns the endings of another policy, to which the changes led. Without them, it looks at every end.
func (n *endings) next(work *pace, to *snapshot, changes []Change, now Until) (*endings, error) {
	if n.canFollow(to, changes) {
		next, err := n.follow(work, to, changes, now)
		if err == nil {
			return next, nil
		}
		if err := work.now(); err != nil {
			return nil, err
		}
	}
	return n.reset(work, to, now)
}

// canFollow reports whether the changes tell which ends they changed: a rename could hide one among several changes.
func (n *endings) canFollow(to *snapshot, changes []Change) bool {
	switch {
	case n.present == nil || n.broken || n.present.numbering != to.numbering || len(changes) == 0:
		return false
	case len(changes) == 1:
		return true
	}
	return !slices.ContainsFunc(changes, func(c Change) bool { return len(c.Delta.Groups) > 0 })
}

// reset starts with a policy that was read as a whole. Left out is what has ended by now, or had ended in the policy
// before it.
func (n *endings) reset(work *pace, to *snapshot, now Until) (*endings, error) {
	had := map[ending]bool{}
	for e := range n.ended.all {
		if e, ok := e.numberedAs(n.present, to); ok {
			had[e] = true
		}
	}
	var pending, ended []ending
	var rules []Rule
	for id, end := range to.allEnds {
		if err := work.canceled(); err != nil {
			return nil, err
		}
		e := ending{end.until, id, end.group}
		if e.until > now && !had[e] {
			pending = append(pending, e)
		} else if e.holds(to) {
			ended, rules = append(ended, e), append(rules, e.rule(to))
		}
	}
	for _, list := range [][]ending{pending, ended} {
		if err := sortFunc(work, list, ending.compare); err != nil {
			return nil, err
		}
	}
	next := &endings{present: to, pending: newEndingSet(pending), ended: newEndingSet(ended)}
	var err error
	next.counted, err = to.adjusted(work, Delta{Removed: rules}, to)
	return next, err
}

// follow carries the endings on to a later policy, over the changes that led there.
func (n *endings) follow(work *pace, to *snapshot, changes []Change, now Until) (*endings, error) {
	judged, err := n.judge(work, to, changes, now)
	if err != nil {
		return nil, err
	}
	next := &endings{present: to, counted: to}
	if next.pending, next.ended, err = n.move(work, judged); err != nil || next.ended.size == 0 {
		return next, err
	}
	if n.ended.size > 0 {
		next.counted = n.counted
		for _, c := range changes {
			u := withoutEnded(c, next.counted)
			u.pace = work
			if next.counted, err = next.counted.apply(u); err != nil {
				return nil, err
			}
		}
	}
	var d Delta
	for _, j := range judged {
		switch is := next.counted.user(j.user).in(j.group); {
		case is && j.ended:
			d.Removed = append(d.Removed, j.rule(to))
		case !is && !j.ended && to.user(j.user).in(j.group): // it had ended, and has another end now
			d.Added = append(d.Added, j.rule(to))
		}
	}
	next.counted, err = next.counted.adjusted(work, d, to)
	return next, err
}

// judgment says what became of a membership that changes concern. Its end is 0 if it has none any more.
type judgment struct {
	ending
	before Until // the end that it had, 0 for none
	ended  bool
}

// judge judges the memberships that changes concern and that end, or ended before, each once and by the policy after
// all of the changes.
func (n *endings) judge(work *pace, to *snapshot, changes []Change, now Until) (list []judgment, err error) {
	if n.present.ends.Len()+to.ends.Len() == 0 {
		return nil, nil
	}
	type membership struct {
		user  UserID
		group groupID
	}
	seen := map[membership]bool{}
	for user, name := range membershipsIn(changes) {
		if err := work.canceled(); err != nil {
			return nil, err
		}
		g := to.group(name)
		if g == nil { // the change deletes it
			g = n.present.group(name)
		}
		if g == nil {
			continue
		}
		j := judgment{ending{to.endsOf(user).of(g.id), user, g.id}, n.present.endsOf(user).of(g.id), false}
		if j.until == 0 && j.before == 0 || seen[membership{user, g.id}] {
			continue
		}
		seen[membership{user, g.id}] = true
		stays := j.until == j.before && n.ended.has(j.ending)
		j.ended = j.until != 0 && (j.until <= now || stays) && to.user(user).in(g.id)
		if !j.ended && j.until <= now { // the end of a membership that another program removed, or none
			j.until = 0
		}
		list = append(list, j)
	}
	return list, nil
}

// membershipsIn yields the memberships that changes add or remove or whose ends they change, some more than once.
func membershipsIn(changes []Change) iter.Seq2[UserID, GroupName] {
	return func(yield func(UserID, GroupName) bool) {
		for _, c := range changes {
			for _, end := range c.Delta.Ends {
				if !yield(end.User, end.Group) {
					return
				}
			}
			if !eachMember(c.Delta.Added, yield) || !eachMember(c.Delta.Removed, yield) {
				return
			}
		}
	}
}

// eachMember yields the memberships among rules, and returns false if that was stopped.
func eachMember(rules []Rule, yield func(UserID, GroupName) bool) bool {
	for _, r := range rules {
		if r.Kind == KindMember && !yield(UserID(r.Subject), r.Group) {
			return false
		}
	}
	return true
}

// move returns the ends to come and those that have come, after judgments.
func (n *endings) move(work *pace, judged []judgment) (pending, ended endingSet, err error) {
	var gone, toPending, toEnded []ending
	for _, j := range judged {
		if j.before != 0 {
			gone = append(gone, ending{j.before, j.user, j.group})
		}
		switch {
		case j.ended:
			toEnded = append(toEnded, j.ending)
		case j.until != 0:
			toPending = append(toPending, j.ending)
		}
	}
	for _, list := range [][]ending{gone, toPending, toEnded} {
		if err := sortFunc(work, list, ending.compare); err != nil {
			return pending, ended, err
		}
	}
	return n.pending.change(gone, toPending), n.ended.change(gone, toEnded), nil
}

// withoutEnded returns a change as it is for a policy that lacks what has ended: what the change removes of that is
// gone already.
func withoutEnded(c Change, counted *snapshot) update {
	u := c.update()
	old := oldNames(u.delta.Groups)
	u.delta.Removed = slices.DeleteFunc(slices.Clone(u.delta.Removed), func(r Rule) bool {
		if name, renamed := old[r.Group]; renamed {
			r.Group = name // a delta names groups as they are after it, and counted is the policy before
		}
		return r.Kind == KindMember && !counted.hasRule(r)
	})
	return u
}

// oldNames returns the names that renamed groups had, by their new ones.
func oldNames(changes []GroupChange) map[GroupName]GroupName {
	var old map[GroupName]GroupName
	for _, g := range changes {
		if g.Before != nil && g.After != nil && g.Before.Name != g.After.Name {
			if old == nil {
				old = map[GroupName]GroupName{}
			}
			old[g.After.Name] = g.Before.Name
		}
	}
	return old
}

// end returns the endings after some ends have come, which are in order. With an error, it lacks the policy that
// decides.
func (n *endings) end(list []ending) (*endings, error) {
	if len(list) == 0 {
		return n, nil
	}
	var ended []ending
	var rules []Rule
	for _, e := range list {
		if e.holds(n.present) && !n.ended.has(e) {
			ended, rules = append(ended, e), append(rules, e.rule(n.present))
		}
	}
	next := *n
	next.pending, next.ended = n.pending.change(list, nil), n.ended.change(nil, ended)
	if n.broken {
		return &next, nil
	}
	var err error
	next.counted, err = n.counted.adjusted(nil, Delta{Removed: rules}, n.present)
	return &next, err
}

// endedSince returns the ends that have come since older endings, in order and as they are for a policy.
func (n *endings) endedSince(older *endings, in *snapshot) (list []ending) {
	if n.present.numbering == older.present.numbering {
		list = slices.Collect(n.ended.minus(older.ended))
	} else {
		for e := range n.ended.all {
			if was, ok := e.numberedAs(n.present, older.present); !ok || !older.ended.has(was) {
				list = append(list, e)
			}
		}
	}
	if n.present.numbering == in.numbering {
		return list
	}
	var renumbered []ending
	for _, e := range list {
		if e, ok := e.numberedAs(n.present, in); ok {
			renumbered = append(renumbered, e)
		}
	}
	slices.SortFunc(renumbered, ending.compare)
	return renumbered
}

// denyAll returns a policy of the same revision that allows nothing.
func denyAll(s *snapshot) *snapshot {
	none := emptySnapshot(s.declared)
	none.revision, none.hash, none.writes, none.milestones = s.revision, s.hash, s.writes, s.milestones
	none.recorded = s.inRecords()
	return none
}

// adjusted returns a policy that decides for the one in the records: with some memberships more and others less, of the
// same revision. Ends stay.
func (s *snapshot) adjusted(work *pace, d Delta, recorded *snapshot) (*snapshot, error) {
	if d.isEmpty() && s.inRecords() == recorded {
		return s, nil
	}
	next, err := s.apply(update{revision: s.revision, hash: s.hash, delta: d, pace: work})
	if err != nil {
		return nil, err
	}
	next.recorded, next.writes, next.milestones = recorded, recorded.writes, recorded.milestones
	return next, nil
}

// endedBy returns the memberships that end at a time or before it.
func (s *snapshot) endedBy(now Until) (list []Rule) {
	for id, end := range s.allEnds {
		if end.until <= now && s.user(id).in(end.group) {
			list = append(list, Rule{Kind: KindMember, Subject: id.subject(), Group: s.groups[end.group].info.Name})
		}
	}
	return list
}

// at returns the policy of the same revision without the memberships that have ended by a time.
func (s *snapshot) at(now Until) (*snapshot, error) {
	return s.adjusted(nil, Delta{Removed: s.endedBy(now)}, s.inRecords())
}
