package authz

// endingsAfter returns the endings of a policy to which changes led from another. Without the changes, it looks at every
// end.
func (e *Engine) endingsAfter(from *endings, to *snapshot, changes []Change) *endings {
	next, err := from.next(nil, to, changes, e.clock.now())
	if err != nil {
		return e.denied(&endings{present: to}, err)
	}
	return next
}

// endedAlso returns endings after more ends have come, which are in order.
func (e *Engine) endedAlso(n *endings, list []ending) *endings {
	next, err := n.end(list)
	if err != nil {
		return e.denied(next, err)
	}
	return next
}

// denied returns endings by whose policy everything is denied, because an internal error made another impossible.
func (e *Engine) denied(n *endings, err error) *endings {
	e.log.Error("can't leave out memberships that have ended; everything is denied", "error", bug(err))
	n.counted, n.broken = denyAll(n.present), true
	return n
}

// countedNow returns the policy of some endings, which may not be the present ones any more, without what has ended by
// now.
func (e *Engine) countedNow(n *endings) *snapshot {
	newer := e.endings.Load()
	if newer.present == n.present {
		return newer.counted
	}
	return e.endedAlso(n, newer.endedSince(n, n.present)).counted
}

// endingsOf returns the endings of a policy to which changes led from that of older ones, with what has ended by now.
func (e *Engine) endingsOf(older *endings, s *snapshot, changes []Change) *endings {
	newer := e.endings.Load()
	if newer.present == s {
		return newer
	}
	return e.endedAlso(e.endingsAfter(older, s, changes), newer.endedSince(older, s))
}

// countedAfter returns the policy that a change to that of some endings led to or would lead to, without what has ended
// by now. What it costs follows the change and what has ended since, not everything that has ended.
func (e *Engine) countedAfter(work *pace, n *endings, after *snapshot, c Change) (*snapshot, error) {
	newer := e.endings.Load()
	if newer.present == after {
		return newer.counted, nil
	}
	next, err := n.next(work, after, []Change{c}, e.clock.now())
	if err != nil {
		if err := work.now(); err != nil {
			return nil, err
		}
		return e.denied(&endings{present: after}, err).counted, nil
	}
	return e.endedAlso(next, newer.endedSince(n, after)).counted, nil
}
