package authz

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"
)

// denialRecorder writes denials in the background, in batches. Whatever the store does, a
// request waits for nothing, and what waits to be written is bounded.
type denialRecorder struct {
	store   DenialStore
	options DenialOptions
	timeout time.Duration // of one batch
	log     *slog.Logger

	mu      sync.Mutex
	waiting []Denial
	budgets denialBudgets
	end     time.Time // by which all must be written, once nothing more is recorded

	wake chan struct{} // something waits, or is out of bounds
	stop chan struct{}
	done chan struct{}

	// Of the one goroutine that writes:
	written int  // since what was out of bounds last went
	due     bool // something may be out of bounds, written or not
	lost    int  // denials, since the store last took some
	stuck   bool // what was out of bounds couldn't be deleted the last time
}

const (
	// Denials are written in batches with a pause after each: what waits is written within
	// half a second, by a store that is quick.
	denialBatch      = 100
	denialPause      = 200 * time.Millisecond
	maxDenialWaiting = 2 * denialBatch

	// What is out of bounds goes every minute, and when there are that many new ones. Each
	// time more goes than eight instances write meanwhile.
	denialPruneInterval = time.Minute
	denialPruneAfter    = 1000
	denialPruneStep     = 1000

	// denialFlush bounds how long Close waits for what was not written yet.
	denialFlush = 2 * time.Second
)

func newDenialRecorder(store DenialStore, options DenialOptions, timeout time.Duration, log *slog.Logger) *denialRecorder {
	return &denialRecorder{
		store: store, options: options, timeout: timeout, log: log,
		budgets: denialBudgets{users: map[UserID]*denialBudget{}},
		wake:    make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// record gives d an id and has it written, unless there are too many.
func (r *denialRecorder) record(d *Denial) {
	if len(d.Required) > maxDenialList {
		return
	}
	kept := d.storable()
	kept.ID = DenialID(rand.Text())
	r.mu.Lock()
	defer r.mu.Unlock()
	budget := r.budgets.of(kept.User, kept.At)
	if !r.end.IsZero() || budget == nil {
		return
	}
	if len(r.waiting) == maxDenialWaiting || !budget.spend(kept.At) {
		budget.suppressed++
		return
	}
	kept.Suppressed, budget.suppressed = budget.suppressed, 0
	r.waiting = append(r.waiting, kept)
	d.ID, d.Suppressed = kept.ID, kept.Suppressed
	r.rouse()
}

func (r *denialRecorder) rouse() {
	select {
	case r.wake <- struct{}{}:
	default: // it is awake already
	}
}

// run writes until the recorder is closed.
func (r *denialRecorder) run() {
	defer close(r.done)
	tick := time.NewTicker(denialPruneInterval)
	defer tick.Stop()
	r.due = true // by an earlier start
	r.rouse()
	for {
		select {
		case <-r.stop:
			r.flush()
			return
		case <-r.wake:
		case <-tick.C:
			r.due = true
		}
		r.write(r.timeout)
		r.prune()
		select {
		case <-r.stop:
		case <-time.After(denialPause):
		}
	}
}

// close has what waits written, and waits for that.
func (r *denialRecorder) close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.end = time.Now().Add(denialFlush)
	r.mu.Unlock()
	close(r.stop)
	select {
	case <-r.done:
	case <-time.After(denialFlush):
	}
	r.mu.Lock()
	lost := len(r.waiting)
	r.waiting = nil
	r.mu.Unlock()
	if lost > 0 {
		r.log.Warn("denials could not be recorded before the end", "lost", lost)
	}
}

// flush writes what waits, once nothing more comes.
func (r *denialRecorder) flush() {
	for r.write(time.Until(r.end)) {
	}
}

// write writes one batch within a time, if there is one. It reports whether it did.
func (r *denialRecorder) write(timeout time.Duration) bool {
	batch := r.next()
	if len(batch) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := r.store.AddDenials(ctx, batch); err != nil {
		r.lose(batch, err)
		return false
	}
	if r.lost > 0 {
		r.log.Info("denials are recorded again", "lost", r.lost)
		r.lost = 0
	}
	r.written += len(batch)
	return true
}

// next takes the next batch.
func (r *denialRecorder) next() []Denial {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.waiting), denialBatch)
	batch := r.waiting[:n:n]
	if r.waiting = r.waiting[n:]; len(r.waiting) == 0 {
		r.waiting = nil
	} else {
		r.rouse()
	}
	return batch
}

// lose counts denials that the store didn't take, so that the next of the same users say so.
func (r *denialRecorder) lose(batch []Denial, err error) {
	if r.lost == 0 {
		r.log.Warn("denials can't be recorded", "error", err)
	}
	r.lost += len(batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range batch {
		if budget := r.budgets.of(d.User, d.At); budget != nil {
			budget.suppressed += 1 + d.Suppressed
		}
	}
}

// prune deletes a part of what is out of bounds, when it is time to.
func (r *denialRecorder) prune() {
	if !r.due && r.written < denialPruneAfter {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	n, err := r.store.PruneDenials(ctx, r.options.bounds(time.Now()), denialPruneStep)
	if err != nil && !r.stuck {
		r.log.Warn("old denials can't be deleted", "error", err)
	}
	r.written, r.stuck, r.due = 0, err != nil, err == nil && n == denialPruneStep
	if r.due {
		r.rouse()
	}
}
