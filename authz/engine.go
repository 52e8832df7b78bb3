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

// Options configure an engine. Every field is optional; its zero value selects the default that is
// documented with it.
type Options struct {
	// Catalog declares the permissions of the application. The default is the catalog of Seed. If
	// that is empty too, any permission can be granted.
	Catalog Catalog

	// Seed is the initial policy. It is applied once to a store, as a recorded change. The default
	// is none.
	Seed *Seed

	// Bootstrap becomes the first administrator of a store that never had one. The default is
	// nobody; [Admin.Bootstrap] can appoint one later.
	Bootstrap UserID

	// Directory tells which users can sign in; see [Directory]. By default every member of
	// Administrators is assumed to be able to.
	Directory Directory

	// Notifier tells the other instances of changes at once. By default they learn of them by
	// polling.
	Notifier Notifier

	// PollInterval is the time between two checks of the store for changes; one second by default.
	PollInterval time.Duration

	// WriteTimeout bounds every operation that writes; five seconds by default. Imports, reverts,
	// the seed and the adoption of an existing table may take twelve times as long.
	WriteTimeout time.Duration

	// MaxAge is the time after which everything is denied if the store hasn't confirmed that the
	// policy is current. By default decisions continue with the last policy for any time.
	MaxAge time.Duration

	// RecordKey is the key of the hashes of the records (HMAC-SHA-256). With it, someone who can
	// write to the database can't forge records. Every instance must have the same key, and it can't
	// be changed later. By default the hashes have no key (SHA-256).
	RecordKey []byte

	// Verify compares a sample of the decisions with Casbin's; see [Verification]. The default is
	// none.
	Verify Verification

	// Denials say which refused requests are kept, and for how long; see [DenialOptions] for the
	// defaults.
	Denials DenialOptions

	// Logger receives every change, with the head of the record chain, and every problem with the
	// store. The default is [slog.Default].
	Logger *slog.Logger
}

const (
	defaultPollInterval = time.Second
	defaultWriteTimeout = 5 * time.Second
	importFactor        = 12
)

// Engine decides who may do what and carries out the administrators' operations. Get one from [Open]
// and end it with [Engine.Close]. It is safe for concurrent use.
type Engine struct {
	store   Store
	options Options
	catalog *catalog
	log     *slog.Logger

	current   atomic.Pointer[snapshot]
	confirmed atomic.Int64          // when the store last confirmed current, as a duration since started
	started   time.Time             // has a monotonic clock reading
	writing   chan struct{}         // the writing token: full while a goroutine may change current
	storeErr  atomic.Pointer[error] // why the store could not be reached when last tried; nil if it could
	verifier  *verifier             // nil if nothing is verified
	denials   *denialRecorder       // nil if none are recorded

	stop   context.CancelFunc
	tasks  sync.WaitGroup
	closed atomic.Bool
}

// Close waits for the write in progress and, for at most two seconds, until the queued denials are
// written; then it stops following the store. It doesn't close the store, which belongs to the
// caller. Afterwards decisions continue with the last policy, and operations that write return
// [ErrStoreUnavailable]. Close always returns nil and may be called more than once.
func (e *Engine) Close() error {
	e.writing <- struct{}{} // a write in progress ends first
	first := !e.closed.Swap(true)
	e.unlock()
	if first {
		e.denials.close()
		e.stop()
		e.tasks.Wait()
	}
	return nil
}

// View returns the present policy for reading. It reads memory alone.
func (e *Engine) View() *View {
	return &View{s: e.current.Load(), catalog: e.catalog, expired: e.expired()}
}

// Status is the state of an engine at one moment.
type Status struct {
	// Head is the revision of the policy that decides, and the hash of its record. If you keep it
	// outside the database, [AuditRecords] can show later that the records up to it weren't forged.
	Head     Head
	Age      time.Duration // since the store last confirmed that revision
	StoreErr error         // why the store could not be reached when last tried; nil if it could
	Verify   VerifyStats   // what [Options.Verify] has found so far
}

// Status returns the state of the engine. It reads memory alone.
func (e *Engine) Status() Status {
	s := Status{Head: e.current.Load().head().clone(), Age: e.age(), StoreErr: e.storeFailure()}
	if v := e.verifier; v != nil {
		s.Verify = VerifyStats{Equal: v.equal.Load(), Different: v.different.Load(), Skipped: v.skipped.Load()}
	}
	return s
}

func (e *Engine) age() time.Duration {
	return time.Since(e.started) - time.Duration(e.confirmed.Load())
}

// storeFailure returns why the store could not be reached when last tried, nil if it could.
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

// swap makes s the policy of the next decision; the store confirmed it at the time given. The caller
// holds the writing token.
func (e *Engine) swap(s *snapshot, confirmed time.Time) {
	e.current.Store(s)
	e.confirm(confirmed)
}

// confirm notes that the store was reached and confirmed the present policy at a time.
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

// lock takes the writing token, or fails when ctx ends.
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

// errTooSlow is the cause of a context that ended at a time limit of the engine.
var errTooSlow = errors.New("the store did not answer in time")

// withStoreTimeout bounds the time that the store may take. When this bound is reached, the store is
// at fault; when the caller's own context ends, it isn't.
func withStoreTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errTooSlow)
}

// unavailable wraps an error of the store in [ErrStoreUnavailable] and notes it for [Status], unless
// the caller's own context ended, which says nothing about the store.
func (e *Engine) unavailable(ctx context.Context, err error) error {
	callerGaveUp := ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTooSlow)
	if callerGaveUp || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
	}
	if e.storeErr.Swap(&err) == nil {
		e.log.Error("store unreachable; decisions continue with the last revision", "revision", e.revision(), "error", err)
	}
	return fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
}

func (e *Engine) revision() Revision {
	if s := e.current.Load(); s != nil {
		return s.revision
	}
	return 0
}

// pause waits for a time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// conflictPause is how long a write waits after a conflict that no new record explains: another
// program is still writing to the tables.
const conflictPause = 10 * time.Millisecond

// busy returns the error of an operation that didn't get the writing token in time.
func (e *Engine) busy(err error) error {
	return fmt.Errorf("%w in time, because another change is still being written: %w", ErrStoreUnavailable, err)
}
