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

	mu       sync.Mutex
	queue    []Denial
	budgets  denialBudgets
	deadline time.Time // by which all must be written, once nothing more is recorded

	wake chan struct{} // something waits, or is out of bounds
	stop chan struct{}
	done chan struct{}

	// Of the one goroutine that writes:
	writtenSincePrune int  // since what was out of bounds last went
	pruneDue          bool // something may be out of bounds, written or not
	lostCount         int  // denials, since the store last took some
	pruneFailed       bool // what was out of bounds couldn't be deleted the last time
}

const (
	// Denials are written in batches with a pause after each: what waits is written within
	// half a second, by a store that is quick.
	denialBatch    = 100
	denialPause    = 200 * time.Millisecond
	maxDenialQueue = 2 * denialBatch

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
	if !r.deadline.IsZero() || budget == nil {
		return
	}
	if len(r.queue) == maxDenialQueue || !budget.spend(kept.At) {
		budget.suppressed++
		return
	}
	kept.Suppressed, budget.suppressed = budget.suppressed, 0
	r.queue = append(r.queue, kept)
	d.ID, d.Suppressed = kept.ID, kept.Suppressed
	r.wakeWriter()
}

func (r *denialRecorder) wakeWriter() {
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
	r.pruneDue = true // by an earlier start
	r.wakeWriter()
	for {
		select {
		case <-r.stop:
			r.flush()
			return
		case <-r.wake:
		case <-tick.C:
			r.pruneDue = true
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
	r.deadline = time.Now().Add(denialFlush)
	r.mu.Unlock()
	close(r.stop)
	select {
	case <-r.done:
	case <-time.After(denialFlush):
	}
	r.mu.Lock()
	lost := len(r.queue)
	r.queue = nil
	r.mu.Unlock()
	if lost > 0 {
		r.log.Warn("denials could not be recorded before the end", "lost", lost)
	}
}

// flush writes what waits, once nothing more comes.
func (r *denialRecorder) flush() {
	for r.write(time.Until(r.deadline)) {
	}
}

// write writes one batch within a time, if there is one. It reports whether it did.
func (r *denialRecorder) write(timeout time.Duration) bool {
	batch := r.nextBatch()
	if len(batch) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := r.store.AddDenials(ctx, batch); err != nil {
		r.recordLoss(batch, err)
		return false
	}
	if r.lostCount > 0 {
		r.log.Info("denials are recorded again", "lost", r.lostCount)
		r.lostCount = 0
	}
	r.writtenSincePrune += len(batch)
	return true
}

// next takes the next batch.
func (r *denialRecorder) nextBatch() []Denial {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.queue), denialBatch)
	batch := r.queue[:n:n]
	if r.queue = r.queue[n:]; len(r.queue) == 0 {
		r.queue = nil
	} else {
		r.wakeWriter()
	}
	return batch
}

// lose counts denials that the store didn't take, so that the next of the same users say so.
func (r *denialRecorder) recordLoss(batch []Denial, err error) {
	if r.lostCount == 0 {
		r.log.Warn("denials can't be recorded", "error", err)
	}
	r.lostCount += len(batch)
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
	if !r.pruneDue && r.writtenSincePrune < denialPruneAfter {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	n, err := r.store.PruneDenials(ctx, r.options.bounds(time.Now()), denialPruneStep)
	if err != nil && !r.pruneFailed {
		r.log.Warn("old denials can't be deleted", "error", err)
	}
	r.writtenSincePrune, r.pruneFailed, r.pruneDue = 0, err != nil, err == nil && n == denialPruneStep
	if r.pruneDue {
		r.wakeWriter()
	}
}
