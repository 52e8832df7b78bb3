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
	confirmed atomic.Int64          // when the store last confirmed current, since started
	started   time.Time             // carries the monotonic clock
	writing   chan struct{}         // holds a token while someone changes current
	storeErr  atomic.Pointer[error] // why the store could not be read; nil while it can
	verifier  *verifier             // nil where nothing is verified
	denials   *denialRecorder       // nil where none are recorded

	stop   context.CancelFunc
	tasks  sync.WaitGroup
	closed atomic.Bool
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

// Status is how an engine stands at a moment.
type Status struct {
	// Head is the revision that decisions are made by, and the hash of its record. Kept elsewhere, it
	// shows later whether the records were forged; see [AuditRecords].
	Head     Head
	Age      time.Duration // since the store last confirmed that revision
	StoreErr error         // why the store could not be read when it was last tried; nil if it could
	Verify   VerifyStats   // what [Options.Verify] has found so far
}

// Status returns how the engine stands. It reads memory alone.
func (e *Engine) Status() Status {
	s := Status{Head: e.current.Load().head(), Age: e.age(), StoreErr: e.storeFailure()}
	if v := e.verifier; v != nil {
		s.Verify = VerifyStats{Equal: v.equal.Load(), Different: v.different.Load(), LeftOut: v.leftOut.Load()}
	}
	return s
}

func (e *Engine) age() time.Duration {
	return time.Since(e.started) - time.Duration(e.confirmed.Load())
}

// storeFailure returns why the store could not be read when it was last tried, nil if it could.
func (e *Engine) storeFailure() error {
	if err := e.storeErr.Load(); err != nil {
		return *err
	}
	return nil
}

// expired reports whether the policy is too old to allow anything.
func (e *Engine) expired() bool {
	return e.options.MaxAge > 0 && e.age() > e.options.MaxAge
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
	e.storeErr.Store(nil)
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
	if e.storeErr.Swap(&err) == nil {
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

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// conflictPause is how long a change waits to be tried again after someone else was first, but
// not by a change that moved the policy on: whoever writes to the tables by hand isn't done yet.
const conflictPause = 10 * time.Millisecond

// busy is the error of an operation that got no turn in time.
func (e *Engine) busy(err error) error {
	return fmt.Errorf("%w in time: another change is still being written (%w)", ErrStoreUnavailable, err)
}
