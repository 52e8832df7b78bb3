package authz

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure an engine. Every zero value is useful.
type Options struct {
	// Catalog is what the application declares. Without one, that of the Seed; without
	// that, any permission can be granted.
	Catalog Catalog

	// Seed is what a fresh store starts from. It is applied once, on record.
	Seed *Seed

	// Bootstrap is made the first administrator on a store that never had one.
	Bootstrap UserID

	// Directory tells who can sign in; see [Directory]. Without one everybody counts.
	Directory Directory

	// Notifier tells other instances of changes. Without one they find out by polling.
	Notifier Notifier

	// PollInterval is how often the store is asked for its revision; a second when zero.
	PollInterval time.Duration

	// WriteTimeout bounds every operation that writes; five seconds when zero. An import has
	// twelve times as long.
	WriteTimeout time.Duration

	// MaxAge is the age past which everything is denied: the time since the store last
	// confirmed the revision that decisions are made by. Zero means no bound.
	MaxAge time.Duration

	// RecordKey keys the hashes of the records (HMAC-SHA-256), so that who can write to the
	// database can't forge them. It must be the same on every instance and for good.
	RecordKey []byte

	// Verify has a sample of the decisions checked against Casbin; see [Verification].
	Verify Verification

	// Denials say what is kept of the requests that guards refuse.
	Denials DenialOptions

	// Logger is told of changes, with the head of their chain, and of trouble. Without one,
	// [slog.Default].
	Logger *slog.Logger
}

const (
	defaultPollInterval = time.Second
	defaultWriteTimeout = 5 * time.Second
	importFactor        = 12
)

// Engine answers who may do what and carries out the administrators' operations. Open one
// with [Open]; it is safe for concurrent use.
type Engine struct {
	store   Store
	options Options
	catalog *catalog
	log     *slog.Logger

	current   atomic.Pointer[snapshot]
	confirmed atomic.Int64  // when the store last confirmed current, since started
	started   time.Time     // carries the monotonic clock
	writing   chan struct{} // holds a token while someone changes current
	trouble   atomic.Pointer[string]
	verifier  *verifier       // nil where nothing is verified
	denials   *denialRecorder // nil where none are recorded

	stop   context.CancelFunc
	tasks  sync.WaitGroup
	closed atomic.Bool
}

// Open loads the policy and starts to follow the store. It makes Administrators, takes over
// a table that plain Casbin filled, applies the seed and makes the first administrator,
// each where it is due and each on record. It fails when the store can't be read: a policy
// that isn't loaded allows nothing.
func Open(ctx context.Context, store Store, options Options) (*Engine, error) {
	if options.Seed != nil && len(options.Catalog) == 0 {
		options.Catalog = options.Seed.Catalog
	}
	options.PollInterval = orDefault(options.PollInterval, defaultPollInterval)
	options.WriteTimeout = orDefault(options.WriteTimeout, defaultWriteTimeout)
	known, err := newCatalog(options.Catalog)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		store: store, options: options, catalog: known, log: options.Logger,
		started: time.Now(), writing: make(chan struct{}, 1),
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	if err := e.reload(ctx); err != nil {
		return nil, err
	}
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	if e.verifier = newVerifier(e); e.verifier != nil {
		e.tasks.Go(func() { e.verifier.run(background) })
	}
	e.tasks.Go(func() { e.follow(background) })
	if e.denials = newDenialRecorder(e); e.denials != nil {
		go e.denials.run()
	}
	return e, nil
}

func orDefault(d, standard time.Duration) time.Duration {
	if d <= 0 {
		return standard
	}
	return d
}

// Close stops following the store, once the denials that wait are written, for which it waits
// two seconds at most. The store stays open: it is the caller's. Decisions go on by the last
// policy; operations that write fail with [ErrStoreUnavailable].
func (e *Engine) Close() error {
	e.writing <- struct{}{} // what is being written gets done
	first := !e.closed.Swap(true)
	e.unlock()
	if first {
		e.denials.close()
		e.stop()
		e.tasks.Wait()
	}
	return nil
}

// View returns the present policy for reading.
func (e *Engine) View() *View {
	return &View{s: e.current.Load(), catalog: e.catalog, expired: e.expired()}
}

// Revision returns the revision that decisions are made by.
func (e *Engine) Revision() Revision { return e.current.Load().revision }

// Age returns the time since the store last confirmed that revision.
func (e *Engine) Age() time.Duration {
	return time.Since(e.started) - time.Duration(e.confirmed.Load())
}

// Trouble returns why the store could not be read when it was last tried, empty if it could.
func (e *Engine) Trouble() string {
	if t := e.trouble.Load(); t != nil {
		return *t
	}
	return ""
}

// expired reports whether the policy is too old to allow anything.
func (e *Engine) expired() bool {
	return e.options.MaxAge > 0 && e.Age() > e.options.MaxAge
}

// swap makes s the policy of the next decision. The caller holds the writing token.
func (e *Engine) swap(s *snapshot, confirmed time.Time) {
	e.current.Store(s)
	e.confirm(confirmed)
}

func (e *Engine) confirm(at time.Time) {
	now := int64(at.Sub(e.started))
	for {
		latest := e.confirmed.Load()
		if now <= latest || e.confirmed.CompareAndSwap(latest, now) {
			break
		}
	}
	e.trouble.Store(nil)
}

// lock waits for the writing token as long as ctx lasts.
func (e *Engine) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case e.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) unlock() { <-e.writing }

// Refresh reads what other instances changed. The engine does so by itself, on a
// notification and every PollInterval.
func (e *Engine) Refresh(ctx context.Context) error {
	// Confirming what is there needs no turn: a long write must not make the policy look old.
	asked := time.Now()
	bounded, cancel := withStoreTimeout(ctx, e.options.WriteTimeout)
	defer cancel()
	position, err := e.store.Position(bounded)
	if err != nil {
		return e.unavailable(bounded, err)
	}
	if position.equal(e.current.Load().position()) {
		e.confirm(asked)
		return nil
	}
	if err := e.lock(ctx); err != nil {
		return e.busy(err)
	}
	defer e.unlock()
	return e.refresh(ctx)
}

// sinceLimit is how many records a follower applies one by one; further behind, it reads
// everything.
const sinceLimit = 1000

// refresh brings current to where the store stands. The caller holds the writing token.
func (e *Engine) refresh(ctx context.Context) error {
	asked := time.Now()
	position, err := e.store.Position(ctx)
	if err != nil {
		return e.unavailable(ctx, err)
	}
	s := e.current.Load()
	switch {
	case position.equal(s.position()):
		e.confirm(asked)
		return nil
	case position.Writes != s.writes: // the tables tell more than the records, or did
		return e.reload(ctx)
	case position.Revision <= s.revision: // restored from a backup: what was revoked since must be seen anew
		e.log.Warn("the store went back, or has another history", "from", s.revision, "to", position.Revision)
		return e.reload(ctx)
	}
	records, err := e.store.Since(ctx, s.revision, sinceLimit)
	if err == nil && len(records) < sinceLimit {
		if s, err = e.replay(s, records); err == nil && s.revision >= position.Revision {
			e.swap(s, asked)
			return nil
		}
	}
	if err != nil && !errors.Is(err, ErrGap) {
		e.log.Warn("reading everything anew", "reason", err)
	}
	return e.reload(ctx)
}

// replay applies records to a snapshot.
func (e *Engine) replay(s *snapshot, records []Record) (*snapshot, error) {
	for _, r := range records {
		if r.Revision != s.revision+1 || !r.Follows(s.hash, e.options.RecordKey) {
			return nil, fmt.Errorf("the record of revision %d doesn't follow on revision %d", r.Revision, s.revision)
		}
		c, err := r.Change()
		if err != nil {
			return nil, err
		}
		next, err := s.apply(c)
		if err != nil {
			return nil, err
		}
		if c.Action == ActionPolicySeed {
			next.milestones.Seeded = true
		}
		s = next
	}
	return s, nil
}

// reload reads everything, and puts on record what others wrote to it. What readers have
// stays until all of it is there and fits. The caller holds the writing token.
func (e *Engine) reload(ctx context.Context) error { return e.read(ctx, loadedTables.intact) }

// compare reads everything and holds it against the records, whether or not the store counted
// that someone wrote to it.
func (e *Engine) compare(ctx context.Context) error {
	return e.read(ctx, func(tables loadedTables) bool { return tables.revision == 0 })
}

func (e *Engine) read(ctx context.Context, trusted func(loadedTables) bool) error {
	for {
		asked := time.Now()
		tables, err := load(ctx, e.store, e.catalog.sorted)
		if err != nil {
			return e.unavailable(ctx, err)
		}
		s := tables.snapshot
		if !trusted(tables) {
			s, err = e.recordForeignWrites(ctx, tables)
		}
		switch {
		case errors.Is(err, ErrConflict):
			pause(ctx, conflictPause)
			continue // which ends with ctx
		case err != nil:
			return err
		}
		e.swap(s, asked)
		if n := len(s.badRows); n > 0 {
			e.log.Warn("the policy table has rows that can't be understood; see the status", "rows", n, "first_id", s.badRows[0].ID)
		}
		return nil
	}
}

// errTooSlow ends what the engine itself bounds.
var errTooSlow = errors.New("the store took too long")

// within bounds what the store may take. Its end is the store's fault, unlike that of the context
// that a caller brought.
func withStoreTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errTooSlow)
}

// unavailable notes that the store could not be used and wraps the reason. Where the caller hung
// up or had a deadline of their own, that says nothing of the store.
func (e *Engine) unavailable(ctx context.Context, err error) error {
	callers := ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTooSlow)
	if callers || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
	}
	text := err.Error()
	if e.trouble.Swap(&text) == nil {
		e.log.Error("the store can't be reached; decisions go on by the last policy", "revision", e.revision(), "error", err)
	}
	return fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
}

func (e *Engine) revision() Revision {
	if s := e.current.Load(); s != nil {
		return s.revision
	}
	return 0
}

// follow keeps up with the store until ctx ends.
func (e *Engine) follow(ctx context.Context) {
	hints := make(chan struct{}, 1)
	if e.options.Notifier != nil {
		e.tasks.Go(func() { e.listen(ctx, hints) })
	}
	tick := time.NewTicker(e.options.PollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-hints:
		}
		bounded, cancel := withStoreTimeout(ctx, e.options.WriteTimeout*importFactor) // everything may have to be read
		down := e.Trouble() != ""
		if err := e.Refresh(bounded); err == nil && down {
			e.log.Info("the store can be reached again", "revision", e.Revision())
		}
		cancel()
		pause(ctx, hintPause)
	}
}

// hintPause is how long the next hint waits, so that a flood of forged ones doesn't become a
// flood of questions to the store.
const hintPause = 5 * time.Millisecond

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// listen turns notifications into hints. A notifier that gives up is subscribed to again.
func (e *Engine) listen(ctx context.Context, hints chan<- struct{}) {
	hint := func() {
		select {
		case hints <- struct{}{}:
		default: // one is waiting already
		}
	}
	for ctx.Err() == nil {
		if err := e.options.Notifier.Subscribe(ctx, hint); err != nil && ctx.Err() == nil {
			e.log.Warn("notifications are lost; polling goes on", "error", err)
		}
		pause(ctx, min(e.options.PollInterval, maxSubscribePause))
	}
}

// conflictPause is how long a change waits to be tried again after someone else was first, but
// not by a change that moved the policy on: whoever writes to the tables by hand isn't done yet.
const conflictPause = 10 * time.Millisecond

// maxSubscribePause bounds the time after which a notifier that gave up is tried again.
const maxSubscribePause = 5 * time.Second
