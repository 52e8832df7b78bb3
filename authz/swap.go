package authz

import (
	"math"
	"time"
)

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
	return e.replace(func(present *snapshot) bool { return present == from }, to, changes...)
}

// replace makes a policy the present one, if it fits the present one: then the changes, if they are known, led from that
// to it.
func (e *Engine) replace(fits func(present *snapshot) bool, to *snapshot, changes ...Change) bool {
	from := e.endings.Load()
	if !fits(from.present) {
		return false
	}
	s := step{from, e.endingsAfter(from, to, changes), newRecentChanges(from.present, changes)}
	return e.install(s, func(s step, newer *endings, _ []Change, most int) (step, bool) {
		if newer.present != s.from.present {
			if !fits(newer.present) || most < unlimited {
				return s, false
			}
			return step{newer, e.endingsAfter(newer, to, changes), s.recent}, true
		}
		ended := newer.endedSince(s.from, to)
		if len(ended) > most {
			return s, false
		}
		return step{newer, e.endedAlso(s.next, ended), s.recent}, true
	})
}

// step leads from some endings to the next ones, by changes that become recent ones.
type step struct {
	from, next *endings
	recent     []recentChange
}

// carry makes a step one from newer endings, to which the changes given led, if they are known. It returns false if that
// is impossible, or more work than for so many memberships or rules.
type carry func(s step, newer *endings, since []Change, most int) (step, bool)

const (
	unlimited = math.MaxInt
	// After so many steps that others overtook, the next one is carried over under the lock, so that quick changes can't
	// hold it up forever, if that is work for at most so many memberships or rules: about a millisecond.
	freeSteps = 3
	fewRules  = 200
)

// install makes a step, if the present endings are still those from which it leads; otherwise it carries the step over
// to the present ones. Only pointers are swapped under the lock: deriving endings can take seconds, and decisions,
// writes and reads go on meanwhile. It returns false if the step can't be made any more.
func (e *Engine) install(s step, over carry) bool {
	for lost := 0; ; lost++ {
		if e.derived != nil {
			e.derived()
		}
		newer, since := e.tryInstall(s, over, lost >= freeSteps)
		if newer == nil {
			return true
		}
		var ok bool
		if s, ok = over(s, newer, since, unlimited); !ok {
			return false
		}
	}
}

// tryInstall makes a step, or returns the present endings and the changes that led to them, if these are known.
func (e *Engine) tryInstall(s step, over carry, held bool) (newer *endings, since []Change) {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	if newer = e.endings.Load(); newer != s.from {
		if s.from.present != nil {
			since, _ = e.recent.between(s.from.present.head(), newer.present.head())
		}
		carried, ok := s, false
		if held {
			carried, ok = over(s, newer, since, fewRules)
		}
		if !ok {
			return newer, since
		}
		s = carried
	}
	e.endings.Store(s.next)
	e.current.Store(s.next.present)
	e.counted.Store(s.next.counted)
	e.recent.add(s.recent...)
	return nil, nil
}

// changesBetween returns the changes that led from one policy to another; it returns false if they aren't
// known any more.
func (e *Engine) changesBetween(from, to *snapshot) ([]Change, bool) {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	return e.recent.between(from.head(), to.head())
}
