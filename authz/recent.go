package authz

// recentChanges are the last changes that led to the present policy, so that a draft can find out what
// happened since its policy. Their number and their size are bounded.
type recentChanges struct {
	list  []recentChange // oldest first; each continues the one before it
	rules int            // of all of them
}

type recentChange struct {
	Change
	onto Head
}

const (
	maxRecent      = 2000
	maxRecentRules = 20_000
)

// add notes a change that was made onto a head. If that isn't the head of the last one, the earlier ones
// are forgotten.
func (r *recentChanges) add(onto Head, c Change) {
	if n := len(r.list); n > 0 && !r.list[n-1].head().equal(onto) {
		*r = recentChanges{}
	}
	if c.Delta.size() > maxRecentRules { // it would push out all others and itself
		*r = recentChanges{}
		return
	}
	r.list, r.rules = append(r.list, recentChange{c.detached(), onto}), r.rules+c.Delta.size()
	for len(r.list) > maxRecent || r.rules > maxRecentRules {
		r.rules -= r.list[0].Delta.size()
		r.list[0] = recentChange{}
		r.list = r.list[1:]
	}
}

// between returns the changes that led from one head to another, oldest first. It returns false if these
// aren't all known.
func (r *recentChanges) between(from, to Head) (list []Change, known bool) {
	for _, c := range r.list {
		if len(list) == 0 && !c.onto.equal(from) {
			continue
		}
		list = append(list, c.Change)
		if c.head().equal(to) {
			return list, true
		}
	}
	return nil, from.equal(to)
}

// has reports whether a change is among them.
func (r *recentChanges) has(h Head) bool {
	for _, c := range r.list {
		if c.head().equal(h) {
			return true
		}
	}
	return false
}
