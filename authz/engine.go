package authz

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rightful-go/rightful/internal/lograte"
)

// Options configure an engine. Every field is optional; its zero value selects the default that is
// documented with it.
type Options struct {
	// Catalog declares the permissions of the application. The default is the catalog of Seed. If
	// that is empty too, any permission can be granted. [Engine.SetCatalog] replaces it.
	Catalog Catalog

	// Seed is the initial policy. It is applied once to a store, as a recorded change. The default
	// is none.
	Seed *Seed

	// Bootstrap becomes the first administrator of a store that never had one. The default is
	// nobody; [Admin.Bootstrap] can appoint one later.
	Bootstrap UserID

	// Adopt makes a table that another program filled the policy, as one recorded change. By default Open
	// refuses such a table, because the other program can't read it any more afterwards. Once the table is
	// adopted, Adopt has no effect.
	Adopt *AdoptOptions

	// Directory tells which users can sign in; see [Directory]. By default every member of
	// Administrators is assumed to be able to. If it is a [PeopleDirectory], lists of users have names.
	Directory Directory

	// Notifier tells the other instances of changes at once. By default they learn of them by
	// polling.
	Notifier Notifier

	// PollInterval is the time between two checks of the store for changes; one second by default.
	PollInterval time.Duration

	// WriteTimeout bounds how long an operation that writes may take until it is committed; five seconds
	// by default. Imports, reverts, renames of permissions, archives, the seed, the adoption of an
	// existing table, and dry runs with more than 1,000 rules and members in their input may take twelve
	// times as long, their wait for other expensive work included. If the answer to the commit is lost, the
	// operation takes up to WriteTimeout more to find out whether it was made: ten seconds in all.
	WriteTimeout time.Duration

	// MaxAge is the time after which everything is denied if the store hasn't confirmed that the
	// policy is current. By default decisions continue with the last policy for any time.
	MaxAge time.Duration

	// RecordKey is the key of the hashes of the records (HMAC-SHA-256). With it, someone who can
	// write to the database can't forge records or checkpoints. Every instance must have the same key,
	// and it can't be changed later. By default the hashes have no key (SHA-256).
	RecordKey []byte

	// Verify compares a sample of the decisions with Casbin's; see [Verification]. The default is
	// none.
	Verify Verification

	// Denials say which refused requests are kept, and for how long; see [DenialOptions] for the
	// defaults.
	Denials DenialOptions

	// Requests say whether users can ask for access, and which requests are kept; see [RequestOptions] for the
	// defaults.
	Requests RequestOptions

	// Usage says whether the day of the last use of each permission is kept for each user, and for how long. By
	// default nothing is recorded; see [UsageOptions].
	Usage UsageOptions

	// Trace, if it is set, is called when an operation that writes begins, dry runs included. The operation goes on with
	// the context that it returns, and so do the calls of the store that are made for it. The function that it returns is
	// called once, with what the operation returns. No decision is traced. Package adapters/otel has one for OpenTelemetry.
	Trace func(ctx context.Context, action Action, dryRun bool) (context.Context, func(Change, error))

	// Logger receives every change, with the head of the record chain, and every problem with the
	// store. The default is [slog.Default].
	Logger *slog.Logger

	checkpointEvery Revision // for tests; checkpointEvery by default
}

const (
	defaultPollInterval = time.Second
	defaultWriteTimeout = 5 * time.Second
	importFactor        = 12
)

// Engine decides who may do what and carries out the administrators' operations. Get one from [Open]
// and end it with [Engine.Close]. It is safe for concurrent use.
type Engine struct {
	given   Store // by the host, for its optional interfaces
	store   Store // the same, with its calls tracked
	options Options
	catalog atomic.Pointer[catalog] // nil in an audit
	log     *slog.Logger
	limited *lograte.Logger // log, for what can happen again and again

	current   atomic.Pointer[snapshot]
	counted   atomic.Pointer[snapshot]     // current without the memberships that have ended: the policy that decides
	endings   atomic.Pointer[endings]      // of current, with counted; never nil
	confirmed atomic.Pointer[confirmation] // of current by the store, the last one; never nil

	swapping sync.Mutex // held for a moment to replace current together with counted, endings and recent
	recent   recentChanges
	removing atomic.Bool // a goroutine removes memberships that have ended
	clock    storeClock

	token chan struct{} // the commit token: full while one of the engine's own changes is being committed
	gate  *gate         // of expensive work
	// For tests: called after a draft, after the next endings were derived and before they are swapped in, and with how
	// long the token was held beside the store's own time.
	drafted  func()
	derived  func()
	released func(held time.Duration)

	storeErr atomic.Pointer[error] // why the store could not be reached when last tried; nil if it could
	calls    storeCalls            // of store
	counters counters
	verifier *verifier       // nil if nothing is verified
	denials  *denialRecorder // nil if none are recorded
	requests *requestKeeper  // nil if none are taken
	usage    *usageRecorder  // nil if no uses are recorded
	people   *peopleFinder   // nil if the host has no names
	// directory says who can sign in; nil if the host has none
	directory Directory

	life       context.Context //nolint:containedctx // ends with the engine
	stop       context.CancelFunc
	writes     tasks // operations, and the commits that they left behind
	background tasks
	supervisor supervisor
}

// Close ends the engine: it refuses further operations, waits until those in progress have ended and the
// queued denials and uses are written, and stops following the store. If ctx ends before that, Close cancels what is
// left, doesn't wait for it, and returns the context's error. Close it before the store, which belongs to
// the caller.
//
// Afterwards decisions continue with the last policy, and operations that write return
// [ErrStoreUnavailable]. Close may be called more than once.
func (e *Engine) Close(ctx context.Context) error {
	e.writes.close()
	e.denials.close()
	e.usage.close()
	err := e.writes.wait(ctx)
	if left := e.denials.wait(ctx); err == nil {
		err = left
	}
	if left := e.usage.wait(ctx); err == nil {
		err = left
	}
	e.stop()
	if left := e.background.wait(ctx); err == nil {
		err = left
	}
	if left := e.writes.wait(ctx); err == nil { // what the follower began to commit meanwhile
		err = left
	}
	return err
}

// View returns the present policy for reading. It reads memory alone.
func (e *Engine) View() *View {
	return &View{s: e.counted.Load(), catalog: e.catalog.Load(), expired: e.expired()}
}

// Status is the state of an engine at one moment.
type Status struct {
	// Head is the revision of the policy that decides, and the hash of its record. If you keep it
	// outside the database, [AuditRecords] can show later that the records up to it weren't forged.
	Head Head
	Age  time.Duration // since the store last confirmed that revision, by the machine's monotonic or wall clock, the greater
	// Expired reports that the age is beyond [Options.MaxAge]: everything is denied. An instance is ready to serve
	// while it is false, whether or not the store can be reached.
	Expired bool
	// StoreErr is why the store could not be reached when last tried, or which call it has not answered for
	// more than a second. It is nil if neither is the case.
	StoreErr error
	// Fault is the last panic of the engine's work in the background, nil if there was none. It is a bug in
	// Rightful or in a value of [Options]. Decisions continue with the last policy, and the engine still
	// follows the store.
	Fault  error
	Verify VerifyStats // what [Options.Verify] has found so far
}

// Status returns the state of the engine. It reads memory alone.
func (e *Engine) Status() Status {
	s := Status{Head: e.current.Load().head().clone(), Age: e.age(), Expired: e.expired(), StoreErr: e.storeFailure(), Fault: e.supervisor.fault()}
	if s.StoreErr == nil {
		s.StoreErr = e.calls.overdue()
	}
	if v := e.verifier; v != nil {
		s.Verify = VerifyStats{Equal: v.equal.Load(), Different: v.different.Load(), Skipped: v.skipped.Load()}
	}
	return s
}

// confirmation is when the store confirmed the policy, by both clocks of the machine.
type confirmation struct {
	at   time.Time // by the monotonic clock, which stands still while the machine is suspended
	wall time.Time // by the other one, which can be set back
}

// age is how long ago the store confirmed the policy, by the clock that says more.
func (e *Engine) age() time.Duration {
	last, now := e.confirmed.Load(), time.Now()
	return max(now.Sub(last.at), now.Round(0).Sub(last.wall))
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

// confirm notes that the store was reached and confirmed the present policy at a time.
func (e *Engine) confirm(at time.Time) {
	now := &confirmation{at, at.Round(0)}
	for {
		latest := e.confirmed.Load()
		if latest != nil && !at.After(latest.at) || e.confirmed.CompareAndSwap(latest, now) {
			break
		}
	}
	e.storeErr.Store(nil)
}

// withStoreTimeout bounds the time that the store may take. When this bound is reached, the store is
// at fault; when the caller's own context ends, it isn't.
func withStoreTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errTooSlow)
}

// unavailable wraps an error of the store in [ErrStoreUnavailable] and notes it for [Status], unless
// the caller's own context ended or the store refused a value, which says nothing about the store.
func (e *Engine) unavailable(ctx context.Context, err error) error {
	if errors.Is(err, ErrValueRefused) {
		return fmt.Errorf("the operation failed: %w", err)
	}
	if givenUp(ctx, err) {
		return fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
	}
	if e.storeErr.Swap(&err) == nil {
		e.log.Warn("store unreachable; decisions continue with the last revision", "revision", e.revision(), "error", err)
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
