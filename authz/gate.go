package authz

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// gate admits as much expensive work at once as there are cores to spare, so that decisions and small writes
// always find one. A function enters it once, before its work and after it checked the rights of the caller:
// someone without rights occupies no place. While it waits it holds nothing that others need.
type gate chan struct{} // full while every place is taken

// gateWait is how long expensive work waits for a place.
const gateWait = 5 * time.Second

// newGate returns a gate with a place for each core but one, and at least one.
func newGate() gate { return make(gate, max(1, runtime.GOMAXPROCS(0)-1)) }

// enter takes a place and returns the function that gives it back. It waits for its turn, and returns
// [ErrBusy] after five seconds or when ctx ends. Who has a place doesn't enter again.
func (g gate) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g }
	select {
	case g <- struct{}{}:
		return leave, nil
	default:
	}
	timer := time.NewTimer(gateWait)
	defer timer.Stop()
	select {
	case g <- struct{}{}:
		return leave, nil
	case <-timer.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", errBusy, ctx.Err())
	}
}

// freeWork is how long work goes on that is usually short, before it counts as expensive.
const freeWork = 100 * time.Millisecond

// lateTurn takes a place at the gate for work that turns out to be expensive: the input doesn't show it. That
// work must hold nothing that others need.
type lateTurn struct {
	gate  gate
	begun time.Time
	leave func() // nil without a place
	err   error  // why there is none
	slow  bool   // it waited for the place
}

// later returns a context for work that takes a place once it is expensive, and the function that ends the work.
func (g gate) later(ctx context.Context) (context.Context, func()) {
	t := &lateTurn{gate: g, begun: time.Now()}
	return context.WithValue(ctx, turnKey{}, t), func() {
		if t.leave != nil {
			t.leave()
		}
	}
}

func (t *lateTurn) take(ctx context.Context) error {
	if began := time.Now(); t.leave == nil && t.err == nil && began.Sub(t.begun) > freeWork {
		t.leave, t.err = t.gate.enter(ctx)
		t.slow = time.Since(began) > freeWork
	}
	return t.err
}

// waited tells a wait from a slow store: both may use up the time that the work has.
func (t *lateTurn) waited() error {
	if t.err == nil && t.slow {
		return errBusy
	}
	return t.err
}

var errBusy = fmt.Errorf("%w: imports, reverts, what reads the past, and large dry runs and explanations take turns, and others are still in progress; "+
	"nothing was done, try again in a few seconds", ErrBusy)
