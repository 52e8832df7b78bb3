package authz

import (
	"context"
	"errors"
	"time"
)

// push takes a prepared proposal into the store and into the present policy. As long as the outcome of a
// commit is unknown, it commits the same record again, onto the same position: the store accepts one of
// them at most. It judges nothing on a newer policy before it has looked for its record there, so an
// operation is never refused because of its own effect and never made twice.
//
// If the outcome stays unknown, push returns the change with the error.
func (x *execution) push(ctx context.Context, p *proposal) (Change, error) {
	for failures := 0; ; {
		asked := time.Now()
		err := x.commit(ctx, p)
		if p.open && err != nil || errors.Is(err, ErrConflict) {
			err = x.settle(ctx, p, err)
		}
		switch {
		case err == nil:
			return x.finish(ctx, p, asked)
		case errors.Is(err, errMoved), errors.Is(err, ErrConflict):
			err = x.moveOn(ctx, p)
		case p.open && ctx.Err() == nil && failures == 0:
			failures++
			continue
		case p.open && ctx.Err() == nil && failures == 1: // the tables may have a foreign write that the store didn't notice
			failures++
			err = x.compareTables(ctx, p, err)
		}
		if err != nil && p.open {
			return p.change.detached(), err
		}
		if err != nil {
			return Change{}, err
		}
	}
}

// commit compares the proposal with the present policy, commits it and swaps in the policy after it, all
// under the token.
func (x *execution) commit(ctx context.Context, p *proposal) error {
	if err := x.takeToken(ctx); err != nil {
		return err
	}
	defer x.releaseToken()
	if err := x.compare(ctx, p); err != nil {
		return err
	}
	x.seal(p)
	var next successor
	p.commit.Behind = x.conflicts > 0 // else programs that write all the time would keep changes from being made
	if !p.open && x.conflicts >= freeConflicts {
		p.commit.Overtaken = x.succeed(p, &next)
	}
	asked := time.Now()
	err := x.engine.commit(ctx, p)
	x.token.exclude(time.Since(asked))
	p.become(next.take())
	switch {
	case err == nil:
		x.engine.adoptOwn(p, asked)
	case errors.Is(err, ErrConflict):
		x.conflicts++
	}
	return err
}

// compare makes sure that the present policy is the one that the proposal was checked on, and that the actor still has the
// rights of then, or moves the proposal onto it.
func (x *execution) compare(ctx context.Context, p *proposal) error {
	if p.open { // it may have been committed, so nothing is judged anew
		if !x.engine.current.Load().position().equal(p.before.position()) {
			return errMoved
		}
		return nil
	}
	if !x.rebase(ctx, p) {
		return errMoved
	}
	return nil
}

// settle finds out what became of a proposal whose commit failed with cause, be it a conflict: the record in
// the way may be its own. It returns nil if the proposal was written, [errMoved] if it never will be, and
// cause as long as nobody can know. It doesn't work for a caller who has given up: the follower finds what
// was written.
func (x *execution) settle(ctx context.Context, p *proposal, cause error) error {
	e := x.engine
	if x.caller.Err() != nil {
		return e.unavailable(ctx, cause)
	}
	bounded, cancel := withStoreTimeout(x.caller, e.options.WriteTimeout) // ctx may have ended at its limit
	defer cancel()
	decided, written, err := e.settle(bounded, p)
	switch {
	case written:
		return nil
	case decided:
		return errMoved
	case err != nil || !errors.Is(cause, ErrConflict): // a store that went back is as good as away
		return e.unavailable(ctx, cause)
	}
	return ErrConflict // a foreign write is in the way
}

// catchUp reads what the store has that a policy lacks. If the policy stays the present one, another program
// is writing to the tables right now, and catchUp waits a moment for it.
func (e *Engine) catchUp(ctx context.Context, s *snapshot) error {
	if e.current.Load() == s {
		if _, err := e.step(ctx); err != nil { // once: while others write all the time, there is always more
			return err
		}
		if e.current.Load() == s {
			pause(ctx, conflictPause)
		}
	}
	return newPace(ctx).now()
}

// moveOn catches up with the store, and moves the proposal onto the present policy.
func (x *execution) moveOn(ctx context.Context, p *proposal) error {
	if err := x.engine.catchUp(ctx, p.before); err != nil {
		return err
	}
	if p.open { // it needn't be: the store's records decide
		return nil
	}
	if !x.rebase(ctx, p) {
		return errDraftLost
	}
	return nil
}

// compareTables looks for a foreign write that explains why a commit failed twice. If there is none, it
// returns why the commit failed.
func (x *execution) compareTables(ctx context.Context, p *proposal, cause error) error {
	if err := x.engine.compareTables(ctx); err != nil {
		return err
	}
	if x.engine.current.Load().position().equal(p.before.position()) {
		return cause
	}
	return nil
}

// finish makes sure that the present policy contains a committed proposal, and announces it.
func (x *execution) finish(ctx context.Context, p *proposal, asked time.Time) (Change, error) {
	e := x.engine
	if !e.adoptOwn(p, asked) {
		if err := e.Refresh(ctx); err != nil {
			return p.change, err
		}
	}
	c := p.change
	e.announce(c)
	var err error
	c.View, err = x.view(nil, p)
	return c, err
}
