package authz

import (
	"context"
	"log/slog"
	"time"
)

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
	if options.Verify.OneIn > 0 {
		e.verifier = newVerifier(options.Verify, known, e.log)
		e.tasks.Go(func() { e.verifier.run(background) })
	}
	e.tasks.Go(func() { e.follow(background) })
	if denials, ok := store.(DenialStore); ok && !options.Denials.Off {
		e.denials = newDenialRecorder(denials, options.Denials, options.WriteTimeout, e.log)
		go e.denials.run()
	}
	return e, nil
}

// start puts the store in order when an engine opens: it takes over a table that plain Casbin
// filled, applies the seed and makes the first administrator. Each step looks at what is there
// and does nothing where nothing is due, so that many instances can start at once. What others
// wrote since the last record was taken in before, as at any time; see [Engine.takeIn].
func (e *Engine) start(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		e.adopt, e.applySeed, e.bootstrap,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
