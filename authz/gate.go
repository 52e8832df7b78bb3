package authz

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// gate admits as much expensive work at once as there are cores to spare, so that decisions and small writes
// always find one. A function enters it once, before its work and after it checked the rights of the caller:
// someone without rights occupies no place. While it waits it holds nothing that others need. Writes come first: a revert
// may be a revocation, which readers, however many, hold up for one turn. Callers take turns; see [WithCaller].
type gate struct {
	mu     sync.Mutex
	free   int
	writes turns
	reads  turns
}

// gateWait is how long expensive work waits for a place.
const gateWait = 5 * time.Second

// newGate returns a gate with a place for each core but one, and at least one.
func newGate() *gate { return &gate{free: max(1, runtime.GOMAXPROCS(0)-1)} }

// enter takes a place and returns the function that gives it back. It waits for its turn, and returns
// [ErrBusy] after five seconds or when ctx ends. Who has a place doesn't enter again.
func (g *gate) enter(ctx context.Context) (leave func(), err error) { return g.wait(ctx, &g.reads) }

// enterToWrite is enter for work that others make room for.
func (g *gate) enterToWrite(ctx context.Context) (leave func(), err error) {
	return g.wait(ctx, &g.writes)
}

func (g *gate) wait(ctx context.Context, queue *turns) (leave func(), err error) {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return g.leave, nil
	}
	caller, turn := callerOf(ctx), make(chan struct{}) // closed when it is the caller's turn
	queue.add(caller, turn)
	g.mu.Unlock()
	timer := time.NewTimer(gateWait)
	defer timer.Stop()
	select {
	case <-turn:
		return g.leave, nil
	case <-timer.C:
		err = errBusy
	case <-ctx.Done():
		err = fmt.Errorf("%w: %w", errBusy, ctx.Err())
	}
	g.giveUp(queue, caller, turn)
	return nil, err
}

// leave gives a place to who is next.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, queue := range []*turns{&g.writes, &g.reads} {
		if turn := queue.next(); turn != nil {
			close(turn)
			return
		}
	}
	g.free++
}

// giveUp waits no longer. The turn may have come meanwhile.
func (g *gate) giveUp(queue *turns, caller UserID, turn chan struct{}) {
	g.mu.Lock()
	waited := queue.remove(caller, turn)
	g.mu.Unlock()
	if !waited {
		g.leave()
	}
}

// freeWork is how long work goes on that is usually short, before it counts as expensive.
const freeWork = 100 * time.Millisecond

// lateTurn takes a place at the gate for work that turns out to be expensive: the input doesn't show it. That
// work must hold nothing that others need.
type lateTurn struct {
	gate  *gate
	begun time.Time
	leave func() // nil without a place
	err   error  // why there is none
	slow  bool   // it waited for the place
}

// later returns a context for work that takes a place once it is expensive, and the function that ends the work.
func (g *gate) later(ctx context.Context) (context.Context, func()) {
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
