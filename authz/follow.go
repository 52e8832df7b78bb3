package authz

import (
	"context"
	"errors"
	"time"
)

// Refresh reads the changes of other instances now. The engine does so by itself on a notification
// and every [Options.PollInterval]. It returns [ErrStoreUnavailable] if the store can't be read
// within [Options.WriteTimeout].
func (e *Engine) Refresh(ctx context.Context) error {
	// Confirming the revision takes no writing token: a long write must not make the policy expire.
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

// sinceLimit is how many records an instance applies one by one; an instance further behind reloads
// everything.
const sinceLimit = 1000

// refresh brings current to the store's position. The caller holds the writing token.
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
	case position.Writes != s.writes: // foreign writes, which the records don't contain
		return e.reload(ctx)
	case position.Revision <= s.revision: // restored from a backup: later revocations are gone
		e.log.Warn("store went back to an earlier revision or has a different history; reloading",
			"from", s.revision, "to", position.Revision)
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
		e.log.Warn("can't apply the new records; reloading the whole policy", "reason", err)
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
		bounded, cancel := withStoreTimeout(ctx, e.options.WriteTimeout*importFactor) // enough for a full reload
		down := e.storeFailure() != nil
		if err := e.Refresh(bounded); err == nil && down {
			e.log.Info("store reachable again", "revision", e.revision())
		}
		cancel()
		pause(ctx, hintPause)
	}
}

// hintPause is the least time between two hints, so that a flood of forged hints doesn't become a
// flood of queries.
const hintPause = 5 * time.Millisecond

// listen turns notifications into hints. If the notifier fails, listen subscribes again.
func (e *Engine) listen(ctx context.Context, hints chan<- struct{}) {
	hint := func() {
		select {
		case hints <- struct{}{}:
		default: // a hint is already pending
		}
	}
	for ctx.Err() == nil {
		if err := e.options.Notifier.Subscribe(ctx, hint); err != nil && ctx.Err() == nil {
			e.log.Warn("notifications interrupted; polling continues", "error", err)
		}
		pause(ctx, min(e.options.PollInterval, maxSubscribePause))
	}
}

// maxSubscribePause bounds the time until listen subscribes again to a notifier that failed.
const maxSubscribePause = 5 * time.Second
