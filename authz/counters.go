package authz

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// counters are what [Stats] shows of what an engine has done.
type counters struct {
	decisions       verdicts
	commits         durations
	conflicts       atomic.Uint64
	storeErrors     atomic.Uint64
	foreignWrites   atomic.Uint64
	denialsRecorded atomic.Uint64
	denialsLost     atomic.Uint64
	usesRecorded    atomic.Uint64
	usesLost        atomic.Uint64
	unsubscribed    atomic.Bool // the last subscription to the notifier failed, and no other has given a hint yet
	unpublished     atomic.Bool // the last notification couldn't be published
}

// verdict is what became of a decision.
type verdict int

const (
	verdictDenied verdict = iota
	verdictAllowed
	verdictAnonymous
	verdictExpired
	verdictCount
)

// verdicts count decisions. Processors that write to one cache line wait for each other, so each decision
// is counted in a cell picked at random.
type verdicts [64]struct {
	counts [verdictCount]atomic.Uint64
	_      [64 - 8*verdictCount]byte // the rest of a cache line
}

func (v *verdicts) count(of verdict) {
	v[rand.Uint32()%uint32(len(v))].counts[of].Add(1) //nolint:gosec // no secret, it spreads the load
}

func (v *verdicts) sum(of verdict) (n uint64) {
	for i := range v {
		n += v[i].counts[of].Load()
	}
	return n
}

// committed counts a commit by what came of it.
func (c *counters) committed(ctx context.Context, err error, took time.Duration) {
	if errors.Is(err, ErrConflict) {
		c.conflicts.Add(1)
	}
	if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrTooEarly) {
		c.commits.add(took)
	}
	c.called(ctx, err)
}

// called counts a call of the store if it failed. An answer that the contract of [Store] names is no failure, nor is a
// call that its caller gave up.
func (c *counters) called(ctx context.Context, err error) {
	for _, answer := range []error{ErrConflict, ErrTooEarly, ErrGap, ErrValueRefused} {
		if errors.Is(err, answer) {
			return
		}
	}
	if err != nil && !givenUp(ctx, err) {
		c.storeErrors.Add(1)
	}
}

// errTooSlow is the cause of a context that ended at a time limit of the engine.
var errTooSlow = errors.New("the store did not answer in time")

// givenUp reports whether a call of the store failed because its caller ended it, which says nothing about the
// store.
func givenUp(ctx context.Context, err error) bool {
	return !errors.Is(context.Cause(ctx), errTooSlow) && (ctx.Err() != nil || errors.Is(err, context.Canceled))
}
