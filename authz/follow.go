package authz

import (
	"context"
	"errors"
	"time"
)

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
		down := e.storeFailure() != nil
		if err := e.Refresh(bounded); err == nil && down {
			e.log.Info("the store can be reached again", "revision", e.revision())
		}
		cancel()
		pause(ctx, hintPause)
	}
}

// hintPause is how long the next hint waits, so that a flood of forged ones doesn't become a
// flood of questions to the store.
const hintPause = 5 * time.Millisecond

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

// maxSubscribePause bounds the time after which a notifier that gave up is tried again.
const maxSubscribePause = 5 * time.Second
