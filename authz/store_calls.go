package authz

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// storeCalls are the calls of a store that haven't returned, so that a connection that died unnoticed
// shows before a time limit ends the call.
type storeCalls struct {
	mu      sync.Mutex
	waiting map[*storeCall]struct{}
}

// storeCall is one call that hasn't returned. It is guarded by the mutex of storeCalls.
type storeCall struct {
	calls  *storeCalls
	method string
	since  time.Time // when it began, or last made progress
	watch  *storeWatch
}

// storeWatch follows the calls that a piece of work makes, one after the other; see [withWatch].
type storeWatch struct {
	mu    sync.Mutex
	since time.Time // since when the present call has made no progress; zero between calls
}

type watchKey struct{}

// withWatch returns a context whose store calls can be seen to hang.
func withWatch(ctx context.Context) (context.Context, *storeWatch) {
	w := new(storeWatch)
	return context.WithValue(ctx, watchKey{}, w), w
}

// waited returns how long the work has been waiting for the store, 0 if it isn't.
func (w *storeWatch) waited() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return 0
	}
	return time.Since(w.since)
}

func (w *storeWatch) set(since time.Time) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = since
}

func (s *storeCalls) begin(ctx context.Context, method string) *storeCall {
	w, _ := ctx.Value(watchKey{}).(*storeWatch)
	c := &storeCall{calls: s, method: method, watch: w}
	c.progress()
	return c
}

// progress notes that the store has just answered something.
func (c *storeCall) progress() {
	now := time.Now()
	c.calls.mu.Lock()
	c.since = now
	if c.calls.waiting == nil {
		c.calls.waiting = map[*storeCall]struct{}{}
	}
	c.calls.waiting[c] = struct{}{}
	c.calls.mu.Unlock()
	c.watch.set(now)
}

func (c *storeCall) end() {
	c.calls.mu.Lock()
	delete(c.calls.waiting, c)
	c.calls.mu.Unlock()
	c.watch.set(time.Time{})
}

// slowCall is how long a call may take before it is reported as trouble with the store.
const slowCall = time.Second

// overdue returns what the store hasn't answered for longer than slowCall, nil if there is nothing.
func (s *storeCalls) overdue() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest *storeCall
	for c := range s.waiting {
		if oldest == nil || c.since.Before(oldest.since) {
			oldest = c
		}
	}
	if oldest == nil {
		return nil
	}
	if waited := time.Since(oldest.since); waited > slowCall {
		return fmt.Errorf("the store has not answered %s for %v", oldest.method, waited.Round(100*time.Millisecond))
	}
	return nil
}

// trackedStore notes which calls haven't returned, and counts those that failed.
type trackedStore struct {
	Store
	calls    *storeCalls
	counters *counters
}

func (s trackedStore) Position(ctx context.Context) (p Position, err error) {
	defer s.calls.begin(ctx, "Position").end()
	defer func() { s.counters.called(ctx, err) }()
	return s.Store.Position(ctx)
}

func (s trackedStore) Since(ctx context.Context, after Revision, limit, maxBytes int) (list []Record, err error) {
	defer s.calls.begin(ctx, "Since").end()
	defer func() { s.counters.called(ctx, err) }()
	return s.Store.Since(ctx, after, limit, maxBytes)
}

func (s trackedStore) Before(ctx context.Context, q RecordQuery) (list []Record, err error) {
	defer s.calls.begin(ctx, "Before").end()
	defer func() { s.counters.called(ctx, err) }()
	return s.Store.Before(ctx, q)
}

func (s trackedStore) UserVersion(ctx context.Context, id UserID) (v Version, err error) {
	defer s.calls.begin(ctx, "UserVersion").end()
	defer func() { s.counters.called(ctx, err) }()
	return s.Store.UserVersion(ctx, id)
}

func (s trackedStore) Commit(ctx context.Context, c Commit) (err error) {
	defer s.calls.begin(ctx, "Commit").end()
	defer func(began time.Time) { s.counters.committed(ctx, err, time.Since(began)) }(time.Now())
	return s.Store.Commit(ctx, c)
}

// loadProgress is how many rows pass between two notes that a load makes progress.
const loadProgress = 1024

func (s trackedStore) Load(ctx context.Context, state func(State) error, row func(Row) error) error {
	call := s.calls.begin(ctx, "Load")
	defer call.end()
	rows, refused := 0, false // by the engine, which doesn't make it a failure of the store
	keep := func(err error) error {
		refused = refused || err != nil
		return err
	}
	err := s.Store.Load(ctx,
		func(s State) error {
			call.progress()
			return keep(state(s))
		},
		func(r Row) error {
			if rows++; rows%loadProgress == 0 {
				call.progress()
			}
			return keep(row(r))
		})
	if !refused {
		s.counters.called(ctx, err)
	}
	return err
}
