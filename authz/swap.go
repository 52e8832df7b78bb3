package authz

import "time"

// swap makes a policy that was read from the store the one of the next decision: changes, if they are
// known, led to it from the policy from, and the store confirmed it at the time given. It returns false if
// from isn't the present policy any more. What was read is then older than the present policy, or unrelated
// to it, and swapping it in could undo a revocation (promise 6).
func (e *Engine) swap(from, to *snapshot, confirmed time.Time, changes ...Change) bool {
	if !e.advance(from, to, changes...) {
		return false
	}
	e.confirm(confirmed)
	return true
}

// advance is [Engine.swap] to a policy of which it is known that the store has moved on from it: its age
// stays that of the policy before it.
func (e *Engine) advance(from, to *snapshot, changes ...Change) bool {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	if e.current.Load() != from {
		return false
	}
	e.replace(from, to, changes...)
	return true
}

// replace makes a policy the present one. The caller holds swapping.
func (e *Engine) replace(from, to *snapshot, changes ...Change) {
	e.current.Store(to)
	e.count(from, to, changes)
	for _, c := range changes {
		e.recent.add(from.head(), c)
		from = &snapshot{revision: c.Revision, hash: c.Hash}
	}
}

// changesBetween returns the changes that led from one policy to another; it returns false if they aren't
// known any more.
func (e *Engine) changesBetween(from, to *snapshot) ([]Change, bool) {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	return e.recent.between(from.head(), to.head())
}
