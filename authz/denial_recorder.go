package authz

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"
)

// denialRecorder writes denials in batches in the background. A request never waits for it, and its
// queue is bounded, however slow the store is.
type denialRecorder struct {
	store   DenialStore
	options DenialOptions
	timeout time.Duration // of one batch
	log     *slog.Logger

	life       context.Context //nolint:containedctx // ends with the engine
	supervisor *supervisor
	counters   *counters

	mu      sync.Mutex
	queue   []Denial
	budgets budgets
	closed  bool // nothing is recorded any more

	wake chan struct{} // there is something to write or to prune
	stop chan struct{}
	done chan struct{}

	// Used only by the goroutine of run:
	writtenSincePrune int  // denials since the last prune
	pruneDue          bool // there may be denials to prune, whatever was written
	lostCount         int  // denials since the store last accepted some
	pruneFailed       bool // the last prune failed
}

const (
	// So many denials of one user are recorded at once, and then one every two seconds.
	denialBurst      = 30
	denialsPerSecond = 0.5

	// The pause between batches lets them fill; a fast store still has everything within half a
	// second.
	denialBatch    = 100
	denialPause    = 200 * time.Millisecond
	maxDenialQueue = 2 * denialBatch

	// Old denials are pruned every minute and after so many new ones. While there are more to prune,
	// each step deletes more than eight instances write in the same time.
	denialPruneInterval = time.Minute
	denialPruneAfter    = 1000
	denialPruneStep     = 1000
)

func newDenialRecorder(
	life context.Context, store DenialStore, options DenialOptions, timeout time.Duration, log *slog.Logger, s *supervisor, c *counters,
) *denialRecorder {
	return &denialRecorder{
		store: store, options: options, timeout: timeout, log: log, life: life, supervisor: s, counters: c,
		budgets: newBudgets(denialBurst, denialsPerSecond),
		wake:    make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// record gives d an id and queues it. If there are too many denials, it leaves the id empty.
func (r *denialRecorder) record(d *Denial) {
	if len(d.Required) > maxDenialList {
		return
	}
	kept := d.storable()
	kept.ID = DenialID(rand.Text())
	r.mu.Lock()
	defer r.mu.Unlock()
	budget := r.budgets.of(kept.User, kept.At)
	if r.closed || budget == nil {
		return
	}
	if len(r.queue) == maxDenialQueue {
		r.counters.denialsLost.Add(1)
		budget.suppressed++
		return
	}
	if !r.budgets.spend(budget, kept.At) {
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
	default: // already awake
	}
}

// run writes and prunes until the recorder is closed.
func (r *denialRecorder) run() {
	defer close(r.done)
	tick := time.NewTicker(denialPruneInterval)
	defer tick.Stop()
	r.pruneDue = true // an earlier process may have left some
	r.wakeWriter()
	for {
		select {
		case <-r.stop:
			for r.write() {
			}
			return
		case <-r.wake:
		case <-tick.C:
			r.pruneDue = true
		}
		r.write()
		r.prune()
		select {
		case <-r.stop:
		case <-time.After(denialPause):
		}
	}
}

// close records no more denials; what is queued is still written. It may be called more than once.
func (r *denialRecorder) close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		close(r.stop)
	}
}

// wait waits after close until the queue is written. If ctx ends before that, the rest is lost.
func (r *denialRecorder) wait(ctx context.Context) (err error) {
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	r.mu.Lock()
	lost := len(r.queue)
	r.queue = nil
	r.mu.Unlock()
	r.counters.denialsLost.Add(uint64(lost))
	if lost > 0 {
		r.log.Warn("denials lost at shutdown", "lost", lost)
	}
	return err
}

// write writes one batch, if there is one, and reports whether it did.
func (r *denialRecorder) write() bool {
	batch := r.nextBatch()
	if len(batch) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(r.life, r.timeout)
	defer cancel()
	err := r.supervisor.run("denial recorder", func() error { return r.store.AddDenials(ctx, batch) })
	if err != nil {
		r.recordLoss(batch, err)
		return false
	}
	if r.lostCount > 0 {
		r.log.Info("recording denials again", "lost", r.lostCount)
		r.lostCount = 0
	}
	r.counters.denialsRecorded.Add(uint64(len(batch)))
	r.writtenSincePrune += len(batch)
	return true
}

// nextBatch takes the next batch from the queue.
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

// recordLoss counts the denials of a failed batch as suppressed, so that the next denials of the same
// users say how many are missing.
func (r *denialRecorder) recordLoss(batch []Denial, err error) {
	if r.lostCount == 0 {
		r.log.Warn("can't record denials", "error", err)
	}
	r.lostCount += len(batch)
	r.counters.denialsLost.Add(uint64(len(batch)))
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range batch {
		if budget := r.budgets.of(d.User, d.At); budget != nil {
			budget.suppressed += 1 + d.Suppressed
		}
	}
}

// prune deletes one step of the denials beyond the bounds of [DenialOptions], when that is due.
func (r *denialRecorder) prune() {
	if !r.pruneDue && r.writtenSincePrune < denialPruneAfter {
		return
	}
	ctx, cancel := context.WithTimeout(r.life, r.timeout)
	defer cancel()
	n := 0
	err := r.supervisor.run("denial recorder", func() (err error) {
		n, err = r.store.PruneDenials(ctx, r.options.bounds(time.Now()), denialPruneStep)
		return err
	})
	if err != nil && !r.pruneFailed {
		r.log.Warn("can't delete old denials", "error", err)
	}
	r.writtenSincePrune, r.pruneFailed, r.pruneDue = 0, err != nil, err == nil && n == denialPruneStep
	if r.pruneDue {
		r.wakeWriter()
	}
}
