package authz

import (
	"context"
	"log/slog"
	"time"

	"github.com/rightful-go/rightful/internal/lograte"
)

// Open loads the policy and starts to follow the store. On a new store it first creates the group
// Administrators; then it applies [Options.Seed] and appoints [Options.Bootstrap], if that is still to be
// done. Each of these steps is a recorded change, and many instances can open a store at once.
//
// If another program filled the policy table, usually plain Casbin, Open writes nothing and fails with
// [ErrNotAdopted], unless [Options.Adopt] is set. Then it fails with [ErrAdoptionRefused] if rows of the
// table would be bad rows; see [CheckAdoption].
//
// It fails with [ErrStoreUnavailable] if the store can't be read or written, and if the catalog or the
// seed is invalid. ctx bounds only Open itself. The caller keeps the store and closes it after
// [Engine.Close].
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
	e := newEngine(ctx, store, options, known)
	for _, step := range []func(context.Context) error{e.reload, e.create, e.applySeed, e.bootstrap} {
		if err := step(ctx); err != nil {
			e.stop()
			return nil, err
		}
	}
	e.startBackground()
	return e, nil
}

// newEngine returns an engine that has no policy yet and runs nothing in the background.
func newEngine(ctx context.Context, store Store, options Options, known *catalog) *Engine {
	e := &Engine{
		options: options, log: options.Logger,
		token: make(chan struct{}, 1), gate: newGate(),
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	e.limited = lograte.New(e.log)
	e.catalog.Store(known)
	e.endings.Store(&endings{})
	e.confirm(time.Now()) // the age of a policy that nobody has confirmed is that of the engine
	e.supervisor.log = e.limited
	e.people = newPeopleFinder(options.Directory, e.limited)
	e.directory = newPromptDirectory(options.Directory)
	e.given, e.store = store, trackedStore{store, &e.calls, &e.counters}
	e.life, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	return e
}

// startBackground starts the goroutines of an engine; [Engine.Close] ends them.
func (e *Engine) startBackground() {
	if e.options.Verify.OneIn > 0 {
		e.verifier = newVerifier(e.options.Verify, e.limited, &e.supervisor)
		e.background.spawn(func() { e.verifier.run(e.life) })
	}
	e.background.spawn(func() { e.writeCheckpoints(e.life) })
	e.background.spawn(func() { e.endMemberships(e.life) })
	if store, ok := StoreAs[DenialStore](e.given); ok && !e.options.Denials.Off {
		e.denials = newDenialRecorder(e.life, store, e.options.Denials, e.options.WriteTimeout, e.log, &e.supervisor, &e.counters)
		go e.denials.run()
	}
	if store, ok := StoreAs[RequestStore](e.given); ok && !e.options.Requests.Off {
		e.requests = newRequestKeeper(store, e.options.Requests, e.options.WriteTimeout, e.clock.now, e.log, &e.supervisor)
		e.background.spawn(func() { e.requests.run(e.life) })
		e.background.spawn(func() { e.requests.notify(e.life) })
	}
	if store, ok := StoreAs[UsageStore](e.given); ok && e.options.Usage.On {
		e.usage = newUsageRecorder(e.life, store, e.options.Usage, e.options.WriteTimeout, e.log, &e.supervisor, &e.counters)
		go e.usage.run()
	}
	e.background.spawn(func() { e.follow(e.life) })
}
