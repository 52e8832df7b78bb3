package authz

import (
	"context"
	"log/slog"
	"time"
)

// Open loads the policy and starts to follow the store. On a new store it first creates the group
// Administrators, or adopts a table that plain Casbin filled; then it applies [Options.Seed] and
// appoints [Options.Bootstrap], if that is still to be done. Each of these steps is a recorded change,
// and many instances can open a store at once.
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
	for _, step := range []func(context.Context) error{e.adopt, e.applySeed, e.bootstrap} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	e.startBackground(ctx)
	return e, nil
}

// startBackground starts the goroutines of an engine; [Engine.Close] ends them.
func (e *Engine) startBackground(ctx context.Context) {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	if e.options.Verify.OneIn > 0 {
		e.verifier = newVerifier(e.options.Verify, e.catalog, e.log)
		e.tasks.Go(func() { e.verifier.run(background) })
	}
	e.tasks.Go(func() { e.follow(background) })
	if store, ok := e.store.(DenialStore); ok && !e.options.Denials.Off {
		e.denials = newDenialRecorder(store, e.options.Denials, e.options.WriteTimeout, e.log)
		go e.denials.run()
	}
}
