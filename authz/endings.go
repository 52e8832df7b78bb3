package authz

import (
	"cmp"
	"container/heap"
	"slices"
)

// endings follows which memberships of the present policy have ended. The policy keeps them until a change removes
// them; what decides is the policy without them, see [Engine.counted]. It is guarded by [Engine.swapping].
type endings struct {
	pending endingHeap      // the ends to come, and some that don't hold any more or are there twice
	stale   int             // how many entries of pending can be those
	ended   map[ending]bool // these stay ended until a change says otherwise, even if the clock goes back
}

// ending is one end of a membership.
type ending struct {
	until Until
	user  UserID
	group groupID
}

// holds reports whether the membership is in a policy and has this end.
func (n ending) holds(s *snapshot) bool {
	return s.endsOf(n.user).of(n.group) == n.until && s.user(n.user).in(n.group)
}

func (n ending) compare(other ending) int {
	return cmp.Or(cmp.Compare(n.until, other.until), cmp.Compare(n.user, other.user), cmp.Compare(n.group, other.group))
}

func (n ending) rule(s *snapshot) Rule {
	return Rule{Kind: KindMember, Subject: n.user.subject(), Group: s.groups[n.group].info.Name}
}

type endingHeap []ending

func (h endingHeap) Len() int           { return len(h) }
func (h endingHeap) Less(i, j int) bool { return h[i].until < h[j].until }
func (h endingHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *endingHeap) Push(x any)        { *h = append(*h, x.(ending)) }
func (h *endingHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// reset starts with a policy that was read as a whole, and returns it without what has ended by now, or had ended in
// the policy from before it, nil if there was none.
func (n *endings) reset(from, s *snapshot, now Until) (*snapshot, error) {
	had := map[MembershipEnd]bool{}
	for e := range n.ended {
		if from != nil && e.holds(from) {
			had[MembershipEnd{e.user, from.groups[e.group].info.Name, e.until}] = true
		}
	}
	n.pending, n.stale, n.ended = n.pending[:0], 0, map[ending]bool{}
	var rules []Rule
	for id, end := range s.allEnds {
		e := ending{end.until, id, end.group}
		if e.until > now && !had[MembershipEnd{id, s.groups[end.group].info.Name, end.until}] {
			n.pending = append(n.pending, e)
		} else if e.holds(s) {
			n.ended[e] = true
			rules = append(rules, e.rule(s))
		}
	}
	heap.Init(&n.pending)
	return s.without(rules)
}

// follow carries the policy that decides on to the next one, over the changes that led there.
func (n *endings) follow(counted, next *snapshot, changes []Change, now Until) (*snapshot, error) {
	if len(n.ended) > 0 {
		for _, c := range changes {
			var err error
			if counted, err = counted.apply(withoutEnded(c, counted)); err != nil {
				return nil, err
			}
		}
	} else {
		counted = next
	}
	var d Delta
	for _, c := range changes {
		for _, change := range c.Delta.Ends {
			g := next.group(change.Group)
			if g == nil {
				continue
			}
			delete(n.ended, ending{change.Before, change.User, g.id})
			e := ending{change.After, change.User, g.id}
			ended, in := n.add(e, next, now), counted.user(e.user).in(e.group)
			switch {
			case ended && in:
				d.Removed = append(d.Removed, e.rule(next))
			case !ended && !in && next.user(e.user).in(e.group): // it had ended, and has another end now
				d.Added = append(d.Added, e.rule(next))
			}
		}
		d.Removed = append(d.Removed, n.returned(c, counted, next, now)...)
	}
	n.compact(next, changes)
	if len(n.ended) == 0 {
		return next, nil
	}
	return counted.adjusted(d, next)
}

// returned returns the memberships that came back with an end that they had before, and which has passed.
func (n *endings) returned(c Change, counted, next *snapshot, now Until) (rules []Rule) {
	if next.ends.Len() == 0 {
		return nil
	}
	for _, r := range c.Delta.Added {
		g := next.group(r.Group)
		if r.Kind != KindMember || g == nil {
			continue
		}
		e := ending{next.endsOf(UserID(r.Subject)).of(g.id), UserID(r.Subject), g.id}
		if e.until > now {
			n.stale++ // it can be there already
		}
		if !n.ended[e] && n.add(e, next, now) && counted.user(e.user).in(e.group) {
			rules = append(rules, r)
		}
	}
	return rules
}

// add adds an end, and reports whether it has come already.
func (n *endings) add(e ending, s *snapshot, now Until) (ended bool) {
	switch {
	case e.until == 0:
		return false
	case e.until > now:
		heap.Push(&n.pending, e)
		return false
	case e.holds(s):
		n.ended[e] = true
		return true
	}
	return false
}

// fewPending is how many ends to come are never worth compacting.
const fewPending = 1000

// compact follows the changes that led to a policy. It drops what pending needn't have, once that can be more than half
// of it. So pending follows the ends that the policy has, and not those that it has had.
func (n *endings) compact(s *snapshot, changes []Change) {
	for _, c := range changes {
		for _, change := range c.Delta.Ends {
			if change.Before != 0 {
				n.stale++
			}
		}
	}
	if n.stale <= fewPending || n.stale <= len(n.pending)/2 {
		return
	}
	kept, seen := endingHeap{}, make(map[ending]bool, s.ends.Len())
	for _, e := range n.pending {
		if s.endsOf(e.user).of(e.group) == e.until && !seen[e] {
			seen[e] = true
			kept = append(kept, e)
		}
	}
	heap.Init(&kept)
	n.pending, n.stale = kept, 0
}

// known reports whether the changes tell which ends have changed: a rename could hide one among several changes.
func (n *endings) known(changes []Change) bool {
	if len(changes) == 1 {
		return true
	}
	return len(changes) > 0 && !slices.ContainsFunc(changes, func(c Change) bool { return len(c.Delta.Groups) > 0 })
}

// withoutEnded returns a change as it is for a policy that lacks what has ended: what the change removes of that is
// gone already.
func withoutEnded(c Change, counted *snapshot) update {
	u := c.update()
	u.delta.Removed = slices.DeleteFunc(slices.Clone(u.delta.Removed), func(r Rule) bool {
		return r.Kind == KindMember && !counted.hasRule(r)
	})
	return u
}

// maxEndings is how many memberships end under the lock at once.
const maxEndings = 5000

// pass notes that a time has come, and returns the policy without the memberships that have ended by then. It is false
// if there are more.
func (n *endings) pass(now Until, present, counted *snapshot) (*snapshot, bool, error) {
	var rules []Rule
	all := true
	for len(n.pending) > 0 && n.pending[0].until <= now {
		if len(rules) == maxEndings {
			all = false
			break
		}
		if e := heap.Pop(&n.pending).(ending); e.holds(present) && !n.ended[e] {
			n.ended[e] = true
			rules = append(rules, e.rule(present))
		} else {
			n.stale = max(0, n.stale-1)
		}
	}
	counted, err := counted.without(rules)
	return counted, all, err
}

// denyAll returns a policy of the same revision that allows nothing.
func denyAll(s *snapshot) *snapshot {
	none := emptySnapshot(s.declared)
	none.revision, none.hash, none.writes, none.milestones = s.revision, s.hash, s.writes, s.milestones
	none.recorded = s.inRecords()
	return none
}

// without returns the policy of the same revision without some memberships. Their ends stay.
func (s *snapshot) without(ended []Rule) (*snapshot, error) {
	return s.adjusted(Delta{Removed: ended}, s.inRecords())
}

// adjusted returns a policy that decides for the one in the records: with some memberships more and others less.
func (s *snapshot) adjusted(d Delta, recorded *snapshot) (*snapshot, error) {
	if d.isEmpty() && s.inRecords() == recorded {
		return s, nil
	}
	next, err := s.apply(update{revision: s.revision, hash: s.hash, delta: d})
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
	return s.without(s.endedBy(now))
}
