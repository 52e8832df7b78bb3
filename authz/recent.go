package authz

// recentChanges are the last changes that led to the present policy, so that a draft can find out what
// happened since its policy. Their number and their size are bounded.
type recentChanges struct {
	list  []recentChange // oldest first; each continues the one before it
	rules int            // of all of them
}

type recentChange struct {
	Change
	onto  Head
	rules int // that the change names
}

const (
	maxRecent      = 2000
	maxRecentRules = 20_000
)

// newRecentChanges returns changes that were made onto a policy, each onto the one before it. They share nothing with
// those given.
func newRecentChanges(from *snapshot, changes []Change) []recentChange {
	list := make([]recentChange, 0, len(changes))
	for _, c := range changes {
		r := recentChange{onto: from.head(), rules: c.Delta.size()}
		if r.rules <= maxRecentRules {
			r.Change = c.detached()
		}
		list = append(list, r)
		from = &snapshot{revision: c.Revision, hash: c.Hash}
	}
	return list
}

// add notes changes. If one was made onto another head than that of the last one, the earlier ones are forgotten.
func (r *recentChanges) add(changes ...recentChange) {
	for _, c := range changes {
		if n := len(r.list); n > 0 && !r.list[n-1].head().equal(c.onto) {
			*r = recentChanges{}
		}
		if c.rules > maxRecentRules { // it would push out all others and itself
			*r = recentChanges{}
			continue
		}
		r.list, r.rules = append(r.list, c), r.rules+c.rules
	}
	for len(r.list) > maxRecent || r.rules > maxRecentRules {
		r.rules -= r.list[0].rules
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
