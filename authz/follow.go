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
	for {
		if done, err := e.step(ctx); done || err != nil {
			return err
		}
	}
}

// step moves on to what the store has now, as far as others don't write meanwhile, and reports whether the policy has all of
// it.
func (e *Engine) step(ctx context.Context) (done bool, err error) {
	from, asked := e.current.Load(), time.Now()
	position, err := e.position(ctx)
	if err != nil {
		return false, err
	}
	// If from is no longer present, its successor may be ahead of the position: a commit of this engine, or
	// another attempt to follow, was faster.
	if e.current.Load() == from && !position.equal(from.position()) {
		if err := e.moveTo(ctx, from, position, asked); err != nil {
			return false, err
		}
	}
	if now := e.current.Load(); position.equal(now.position()) || now != from && now.covers(position) {
		e.confirm(asked)
		return true, nil
	}
	return false, nil
}

// covers reports whether a policy that was swapped in after a position was read is at least as new.
func (s *snapshot) covers(p Position) bool { return s.revision >= p.Revision && s.writes >= p.Writes }

// moveTo makes the policy at the store's position the present one, if from is still the present one then.
// It takes no token: a commit of this engine that happens meanwhile names the position that it is made onto.
func (e *Engine) moveTo(ctx context.Context, from *snapshot, position Position, asked time.Time) error {
	switch {
	case position.Writes != from.writes: // foreign writes, which the records don't contain
		e.takeRecords(ctx, from, position.Revision)
		return e.reload(ctx)
	case position.Revision <= from.revision: // restored from a backup: later revocations are gone
		e.log.Error("store went back to an earlier revision or has a different history; reloading; later revocations are gone",
			"from", from.revision, "to", position.Revision)
		return e.reload(ctx)
	case position.Revision-from.revision >= maxBehind:
		return e.reload(ctx)
	}
	err := e.applyRecords(ctx, from, position.Revision, asked)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return e.unavailable(ctx, ctx.Err())
	case !errors.Is(err, ErrGap):
		e.limited.Warn(ctx, "", "can't apply the new records; reloading the whole policy", "reason", err)
	}
	return e.reload(ctx)
}

// applyRecords applies the records after from, at least up to a revision that the store had at the time given. It
// reads them in batches of about maxBatchBytes and makes the policy after each the present one: memory is bounded, and
// a revocation among the first records doesn't wait for large ones behind it. It stops when the policy has moved
// otherwise.
func (e *Engine) applyRecords(ctx context.Context, from *snapshot, upTo Revision, asked time.Time) error {
	for {
		to, changes, err := e.nextRecords(ctx, from)
		switch {
		case err != nil:
			return err
		case to.revision >= upTo:
			e.swap(from, to, asked, changes...)
			return nil
		case !e.advance(from, to, changes...):
			return nil
		}
		from = to
	}
}

// follow keeps up with the store until ctx ends.
func (e *Engine) follow(ctx context.Context) {
	hints := make(chan struct{}, 1)
	if e.options.Notifier != nil {
		e.background.spawn(func() { e.listen(ctx, hints) })
	}
	tick := time.NewTicker(e.options.PollInterval)
	defer tick.Stop()
	var o outage
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-hints:
		}
		down := e.storeFailure() != nil
		err := e.look(ctx)
		switch {
		case err == nil && down:
			e.log.Info("store reachable again", "revision", e.revision())
		case err != nil && ctx.Err() == nil:
			e.reportOutage(&o)
		}
		if err == nil {
			o = outage{}
		}
		pause(ctx, hintPause)
	}
}

// outage is what was logged about one, beside its beginning.
type outage struct{ lasts, expired bool }

// outageLasts is the age of the policy from which an outage needs somebody. Shorter ones heal by themselves.
const outageLasts = 30 * time.Second

// reportOutage logs that an outage lasts, and that everything is denied because of it, once each.
func (e *Engine) reportOutage(o *outage) {
	age := e.age()
	if age >= outageLasts && !o.lasts {
		o.lasts = true
		e.log.Error("store still unreachable; revocations made elsewhere don't take effect here", "age", age, "error", e.storeFailure())
	}
	if e.expired() && !o.expired {
		o.expired = true
		e.log.Error("the policy is older than MaxAge; everything is denied", "age", age, "max_age", e.options.MaxAge)
	}
}

// hintPause is the least time between two hints, so that a flood of forged hints doesn't become a
// flood of queries.
const hintPause = 5 * time.Millisecond

const (
	// An attempt to follow that has waited for one answer of the store for so long gets company: its
	// connection may be dead, which nobody notices before a time limit, and the next one may not be.
	patience = 80 * time.Millisecond
	// maxAttempts is how many attempts there are at once.
	maxAttempts = 4
)

// look follows the store once, whatever single reads hang or fail: it starts another attempt when the last
// one has waited too long or failed, and returns when one succeeds or all have failed.
func (e *Engine) look(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the attempts that are no longer needed end
	answers := make(chan error, maxAttempts)
	var attempts []*attempt
	another := true
	for answered := 0; ; {
		if another && len(attempts) < maxAttempts {
			attempts = append(attempts, e.tryToFollow(ctx, answers))
		}
		select {
		case err := <-answers:
			if answered++; err == nil || answered == maxAttempts {
				return err
			}
			another = true
			pause(ctx, patience)
		case <-time.After(patience):
			another = attempts[len(attempts)-1].waited() >= patience
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, a := range attempts {
			if a.waited() > e.options.WriteTimeout {
				a.cancel(errTooSlow)
			}
		}
	}
}

// attempt is one attempt to follow the store.
type attempt struct {
	*storeWatch
	cancel context.CancelCauseFunc
}

func (e *Engine) tryToFollow(ctx context.Context, answers chan<- error) *attempt {
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, watch := withWatch(ctx)
	e.background.spawn(func() {
		defer cancel(nil)
		bounded, done := withStoreTimeout(ctx, e.options.WriteTimeout*importFactor) // enough for a full reload
		defer done()
		answers <- e.supervisor.run("follower", func() error { return e.Refresh(bounded) })
	})
	return &attempt{watch, cancel}
}

// listen turns notifications into hints. If the notifier fails, listen subscribes again.
func (e *Engine) listen(ctx context.Context, hints chan<- struct{}) {
	hint := func() {
		if e.counters.unsubscribed.Swap(false) {
			e.log.Info("notifications arrive again")
		}
		select {
		case hints <- struct{}{}:
		default: // a hint is already pending
		}
	}
	for ctx.Err() == nil {
		err := e.supervisor.run("notifier", func() error { return e.options.Notifier.Subscribe(ctx, hint) })
		down := e.counters.unsubscribed.Swap(true)
		if err != nil && ctx.Err() == nil && !down {
			e.log.Warn("notifications interrupted; polling continues", "error", err)
		}
		pause(ctx, min(e.options.PollInterval, maxSubscribePause))
	}
}

// maxSubscribePause bounds the time until listen subscribes again to a notifier that failed.
const maxSubscribePause = 5 * time.Second
