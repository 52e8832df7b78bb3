package authz

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// requestKeeper takes access requests, deletes old ones, counts those that are open, and tells the host of them.
type requestKeeper struct {
	store      RequestStore
	options    RequestOptions // with every default
	timeout    time.Duration  // of one call of the store
	now        func() Until   // by the store's clock
	log        *slog.Logger
	supervisor *supervisor
	open       atomic.Int64 // requests, when last counted

	mu      sync.Mutex
	budgets budgets

	news chan AccessRequest // for [RequestOptions.Notify]
}

const (
	requestCountInterval = 30 * time.Second
	requestPruneInterval = 10 * time.Minute
	requestPruneStep     = 1000
	maxRequestNews       = 100
)

func newRequestKeeper(
	store RequestStore, options RequestOptions, timeout time.Duration, now func() Until, log *slog.Logger, s *supervisor,
) *requestKeeper {
	return &requestKeeper{
		store: store, options: options.withDefaults(), timeout: timeout, now: now, log: log, supervisor: s,
		budgets: newBudgets(requestBurst, 1/requestWait.Seconds()), news: make(chan AccessRequest, maxRequestNews),
	}
}

// spend reports whether the user may make one more request now.
func (k *requestKeeper) spend(user UserID, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := k.budgets.of(user, now)
	return b != nil && k.budgets.spend(b, now)
}

// add stores a request, or finds an open one for the same permissions. Its errors are the store's.
func (k *requestKeeper) add(ctx context.Context, r AccessRequest) (stored AccessRequest, created bool, err error) {
	stored, err = k.store.AddRequest(ctx, r, OpenRequests{All: k.options.MaxOpen, OfUser: k.options.MaxOpenOfUser})
	if err != nil || stored.ID != r.ID {
		return stored.storable(), false, err
	}
	k.open.Add(1)
	k.tell(r)
	return r, true, nil
}

// decided notes that a request isn't open any more.
func (k *requestKeeper) decided(r AccessRequest) {
	k.open.Add(-1)
	k.tell(r)
}

// tell queues a request for [RequestOptions.Notify].
func (k *requestKeeper) tell(r AccessRequest) {
	if k.options.Notify == nil {
		return
	}
	select {
	case k.news <- r:
	default:
		k.log.Warn("the host wasn't told of an access request, because its Notify takes too long", "request", r.ID, "state", r.State)
	}
}

// notify tells the host of requests, until ctx ends.
func (k *requestKeeper) notify(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-k.news:
			_ = k.supervisor.run("host's Notify for access requests", func() error { k.options.Notify(ctx, r); return nil })
		}
	}
}

// run counts and prunes until ctx ends.
func (k *requestKeeper) run(ctx context.Context) {
	tick := time.NewTicker(requestCountInterval)
	defer tick.Stop()
	var pruned time.Time
	for failed := false; ; {
		err := k.count(ctx)
		if err == nil && time.Since(pruned) >= requestPruneInterval {
			pruned = time.Now()
			err = k.prune(ctx)
		}
		if err != nil && !failed && ctx.Err() == nil {
			k.log.Warn("can't keep the access requests; trying again", "error", err)
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (k *requestKeeper) count(ctx context.Context) error {
	return k.call(ctx, func(ctx context.Context) error {
		n, err := k.store.CountOpen(ctx, k.now().Time())
		if err == nil {
			k.open.Store(int64(n))
		}
		return err
	})
}

// prune deletes what isn't kept any more, step by step.
func (k *requestKeeper) prune(ctx context.Context) error {
	for n := requestPruneStep; n == requestPruneStep; {
		err := k.call(ctx, func(ctx context.Context) (err error) {
			n, err = k.store.PruneRequests(ctx, k.options.bounds(k.now().Time()), requestPruneStep)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// call calls the store in the background.
func (k *requestKeeper) call(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	return k.supervisor.run("keeper of access requests", func() error { return do(ctx) })
}
