package authz

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// do carries out an operation. An attempt takes it through its stages on the present policy; if
// another instance or program wrote to the store first, do catches up and tries again from the
// start, as long as ctx lasts.
func (a Admin) do(ctx context.Context, w write) (Change, error) {
	e := a.engine
	ctx, cancel := withStoreTimeout(ctx, e.timeoutOf(w.Action))
	defer cancel()
	if err := e.lock(ctx); err != nil {
		return Change{}, e.busy(err)
	}
	defer e.unlock()
	if e.closed.Load() {
		return Change{}, fmt.Errorf("%w: the engine is closed", ErrStoreUnavailable)
	}
	for compared := false; ; {
		c, err := a.attempt(ctx, w)
		var unwritten *unwrittenError
		switch {
		case errors.Is(err, ErrConflict):
			err = e.catchUp(ctx)
		case errors.As(err, &unwritten) && compared:
			return Change{}, e.unavailable(ctx, unwritten.cause)
		case errors.As(err, &unwritten): // the tables may have a foreign write that the store didn't notice
			compared = true
			err = e.compare(ctx)
		default:
			return c, err
		}
		if err != nil {
			return Change{}, err
		}
	}
}

// timeoutOf returns how long an operation may take.
func (e *Engine) timeoutOf(action Action) time.Duration {
	switch action {
	case ActionPolicyImport, ActionPolicySeed, ActionPolicyAdopt, ActionChangeRevert:
		return e.options.WriteTimeout * importFactor
	}
	return e.options.WriteTimeout
}

// catchUp reads what made a commit conflict. If the store's records haven't moved on, another
// program is writing to the tables right now, and the next attempt waits a moment for it.
func (e *Engine) catchUp(ctx context.Context) error {
	before := e.current.Load()
	if err := e.refresh(ctx); err != nil {
		return err
	}
	if e.current.Load() == before {
		pause(ctx, conflictPause)
	}
	if err := ctx.Err(); err != nil {
		return e.busy(err)
	}
	return nil
}

// attempt takes an operation through its stages once: draft and check the change, stop if there is
// nothing to write, commit it, and swap in the new policy. It returns [ErrConflict] if the store
// has moved on from the policy that the change was drafted on.
func (a Admin) attempt(ctx context.Context, w write) (Change, error) {
	before := a.base()
	c := newChange(before.revision, a.actor, w.Action)
	c.Channel, c.Reason, c.Target = a.channel, a.reason, w.target()
	after, err := a.draftAndCheck(ctx, w, a.newDraft(before), &c)
	if err != nil {
		return Change{}, err
	}
	if w.milestones != nil {
		w.milestones(&after.milestones)
	}
	switch {
	case a.dryRun:
		c.Revision, c.At, c.View = 0, time.Time{}, a.view(after)
		a.observe(before, after, &c)
		return c, nil
	case c.Delta.isEmpty() && after.milestones == before.milestones:
		return a.changeNothing(ctx, c, before)
	}
	return a.commit(ctx, w, c, before, after)
}

// base returns the policy to draft a change on.
func (a Admin) base() *snapshot {
	if a.at != nil {
		return a.at
	}
	return a.engine.current.Load()
}

// changeNothing returns the change of an operation that found everything as it should be. It returns
// [ErrConflict] if the store has moved on: what was so in the policy of before may not be so any
// more, and a revocation that another instance made necessary must not be acknowledged without
// being made.
func (a Admin) changeNothing(ctx context.Context, c Change, before *snapshot) (Change, error) {
	present, err := a.engine.store.Position(ctx)
	switch {
	case err != nil:
		return Change{}, a.engine.unavailable(ctx, err)
	case !present.equal(before.position()):
		return Change{}, ErrConflict
	}
	c.Revision, c.At, c.View = 0, time.Time{}, a.view(before)
	return c, nil
}

// view returns the policy that an operation left.
func (a Admin) view(s *snapshot) *View { return &View{s: s, catalog: a.engine.catalog} }

// commit writes a checked change to the store, makes its policy the one of the next decision and
// announces it. If the outcome of the commit is unknown, it returns the change with the error.
func (a Admin) commit(ctx context.Context, w write, c Change, before, after *snapshot) (Change, error) {
	e := a.engine
	record, err := e.seal(&c, before, after)
	if err != nil {
		return Change{}, err
	}
	commit := newCommit(after, c.Delta, record)
	commit.Onto = before.position()
	if w.commit != nil {
		w.commit(&commit)
	}
	asked := time.Now()
	switch err := e.store.Commit(ctx, commit); {
	case errors.Is(err, ErrConflict):
		return Change{}, ErrConflict
	case err != nil:
		if err := e.settle(ctx, record, err); err != nil {
			return c, err
		}
		after = e.current.Load() // nobody else changes it before the lock is released
	default:
		e.swap(after, asked)
	}
	c.View = a.view(after)
	e.announce(c)
	return c, nil
}

// unwrittenError is the cause of a failed commit that is known not to have been written.
type unwrittenError struct{ cause error }

func (e *unwrittenError) Error() string { return e.cause.Error() }

// settle finds out whether a commit that ended with an error was written after all. If so, it brings
// the engine up to date and returns nil.
func (e *Engine) settle(ctx context.Context, r Record, cause error) error {
	ctx, cancel := withStoreTimeout(context.WithoutCancel(ctx), e.options.WriteTimeout)
	defer cancel()
	records, err := e.store.Since(ctx, r.Revision-1, 1)
	switch {
	case err != nil:
		return e.unavailable(ctx, cause)
	case len(records) == 0:
		return &unwrittenError{cause}
	case string(records[0].Hash) != string(r.Hash):
		return ErrConflict // the revision belongs to another instance's change
	}
	return e.refresh(ctx)
}
