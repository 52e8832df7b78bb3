package authz

import (
	"context"
	"hash/maphash"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// usageRecorder writes which permissions were used, in batches in the background. A request never waits for it: what is
// recorded already today costs a look at its mark, and the rest goes to one of many small sets, none of which a request
// waits for. The sets are bounded, however slow the store is.
type usageRecorder struct {
	store   UsageStore
	options UsageOptions
	timeout time.Duration // of one batch
	log     *slog.Logger

	life       context.Context //nolint:containedctx // ends with the engine
	supervisor *supervisor
	counters   *counters

	today  atomic.Int64 // a Day; telling the time would cost a request more than all the rest
	marks  usageMarks
	shards [usageShards]usageShard
	closed atomic.Bool
	stop   chan struct{}
	done   chan struct{}

	// Used only by the goroutine of run:
	pending           map[usageKey]Day // taken from the shards and not written yet
	extended          Day              // to which the period was extended last
	writtenSincePrune int
	pruned            time.Time // when it was pruned last
	pruneDue          bool
	failed            bool // the store's last answer was an error
}

type usageKey struct {
	user       UserID
	permission Permission
}

// usageShard is a set of uses that are not written yet.
type usageShard struct {
	mu   sync.Mutex
	uses map[usageKey]Day
	_    [48]byte // the rest of a cache line
}

const (
	usageShards    = 64
	maxUsageShard  = 512 // uses in a shard
	maxUsageWaits  = usageShards * maxUsageShard
	usageShardsTry = 4

	usageInterval = time.Second
	usageBatch    = 500
	usagePause    = 100 * time.Millisecond

	usagePruneInterval = time.Hour
	usagePruneAfter    = 20_000
	usagePruneStep     = 2_000
)

func newUsageRecorder(
	life context.Context, store UsageStore, options UsageOptions, timeout time.Duration, log *slog.Logger, s *supervisor, c *counters,
) *usageRecorder {
	r := &usageRecorder{
		store: store, options: options, timeout: timeout, log: log, life: life, supervisor: s, counters: c,
		marks: usageMarks{seed: maphash.MakeSeed()}, pending: map[usageKey]Day{},
		stop: make(chan struct{}), done: make(chan struct{}), pruneDue: true, // an earlier process may have left some
	}
	r.today.Store(int64(DayOf(time.Now())))
	return r
}

// record notes a use of today. It never waits.
func (r *usageRecorder) record(u UserID, p Permission) {
	day := Day(r.today.Load())
	slot, mark := r.marks.of(u, p, day)
	if slot.Load() != mark && r.keep(u, p, day, mark) {
		slot.Store(mark)
	}
}

// keep puts a use into a shard. It returns false if that can't be done now: the next use tries again.
func (r *usageRecorder) keep(u UserID, p Permission, day Day, mark uint64) bool {
	if strings.HasPrefix(string(p), ownPrefix) || u.Check() != nil || p.Check() != nil {
		return true // nothing is recorded of it
	}
	if r.closed.Load() {
		return false
	}
	for i := range uint64(usageShardsTry) {
		s := &r.shards[(mark+i)%usageShards]
		if s.mu.TryLock() {
			kept := s.add(usageKey{u, p}, day)
			s.mu.Unlock()
			if kept {
				return true
			}
		}
	}
	r.counters.usesLost.Add(1)
	return false
}

func (s *usageShard) add(k usageKey, day Day) bool {
	if len(s.uses) >= maxUsageShard {
		return false
	}
	if s.uses == nil {
		s.uses = map[usageKey]Day{}
	}
	// The texts may be parts of a request, which they would keep in memory.
	s.uses[usageKey{UserID(strings.Clone(string(k.user))), Permission(strings.Clone(string(k.permission)))}] = day
	return true
}

// run writes and prunes until the recorder is closed.
func (r *usageRecorder) run() {
	defer close(r.done)
	for r.turn() {
	}
	r.finish()
}

// turn writes one batch and prunes one step, then waits: no stream of new uses keeps the day from changing. It returns
// false if the recorder was closed.
func (r *usageRecorder) turn() bool {
	r.today.Store(int64(DayOf(time.Now())))
	r.extend()
	r.collect()
	wait := usageInterval
	if r.write() && len(r.pending) > 0 {
		wait = usagePause // lets other writers have their turn
	}
	r.prune()
	select {
	case <-r.stop:
		return false
	case <-time.After(wait):
		return true
	}
}

// finish writes what is left after the recorder was closed.
func (r *usageRecorder) finish() {
	r.collect()
	for r.write() {
	}
	if lost := len(r.pending); lost > 0 {
		r.counters.usesLost.Add(uint64(lost))
		r.log.Warn("uses of permissions lost at shutdown", "lost", lost)
	}
}

// close records no more uses; what waits is still written. It may be called more than once.
func (r *usageRecorder) close() {
	if r != nil && !r.closed.Swap(true) {
		close(r.stop)
	}
}

// wait waits after close until everything is written. If ctx ends before that, the rest is lost.
func (r *usageRecorder) wait(ctx context.Context) error {
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// collect takes what the shards have, as long as there is room for it.
func (r *usageRecorder) collect() {
	for i := range r.shards {
		if len(r.pending) >= maxUsageWaits {
			return
		}
		s := &r.shards[i]
		s.mu.Lock()
		uses := s.uses
		s.uses = nil
		s.mu.Unlock()
		for k, day := range uses {
			r.pending[k] = max(r.pending[k], day)
		}
	}
}

// write writes one batch, if there is one, and reports whether it did. What the store doesn't take is tried again later.
func (r *usageRecorder) write() bool {
	batch := make([]Use, 0, min(usageBatch, len(r.pending)))
	for k, day := range r.pending {
		if len(batch) == usageBatch {
			break
		}
		batch = append(batch, Use{k.user, k.permission, day})
	}
	if len(batch) == 0 || !r.ask("record uses", func(ctx context.Context) error { return r.store.AddUses(ctx, slices.Clone(batch)) }) {
		return false
	}
	for _, u := range batch {
		delete(r.pending, usageKey{u.User, u.Permission})
	}
	if len(r.pending) == 0 {
		r.pending = map[usageKey]Day{} // a map never shrinks
	}
	r.counters.usesRecorded.Add(uint64(len(batch)))
	r.writtenSincePrune += len(batch)
	return true
}

// extend tells the store, once a day, that uses are recorded.
func (r *usageRecorder) extend() {
	today := Day(r.today.Load())
	if today != r.extended && r.ask("record uses", func(ctx context.Context) error { return r.store.ExtendUsage(ctx, today) }) {
		r.extended = today
	}
}

// prune deletes one step of the uses beyond the bounds of [UsageOptions], when that is due.
func (r *usageRecorder) prune() {
	if !r.pruneDue && r.writtenSincePrune < usagePruneAfter && time.Since(r.pruned) < usagePruneInterval {
		return
	}
	n := 0
	ok := r.ask("delete old uses", func(ctx context.Context) (err error) {
		n, err = r.store.PruneUses(ctx, r.options.bounds(Day(r.today.Load())), usagePruneStep)
		return err
	})
	r.writtenSincePrune, r.pruned, r.pruneDue = 0, time.Now(), ok && n == usagePruneStep
}

// ask calls the store and reports whether it did what it was asked. The first failure is logged.
func (r *usageRecorder) ask(what string, do func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(r.life, r.timeout)
	defer cancel()
	err := r.supervisor.run("usage recorder", func() error { return do(ctx) })
	switch {
	case err != nil && !r.failed:
		r.log.Warn("can't write uses of permissions", "doing", what, "error", err)
	case err == nil && r.failed:
		r.log.Info("recording uses of permissions again")
	}
	r.failed = err != nil
	return err == nil
}
