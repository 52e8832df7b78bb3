package authz

import (
	"context"
	"errors"
	"fmt"
)

// errWrittenMeanwhile makes an adoption start again, because another program wrote to the table.
var errWrittenMeanwhile = errors.New("another program keeps writing to the policy table; stop it during the adoption, or adopt a copy")

// create makes the first change of a store: it creates Administrators, and adopts the rows that another
// program wrote to the table if [Options.Adopt] says so. It returns [ErrNotAdopted] if there are rows and
// it doesn't. An adoption starts again as often as other programs write meanwhile, until its time is over.
func (e *Engine) create(ctx context.Context) error {
	if e.current.Load().revision > 0 {
		return nil
	}
	ctx, cancel := withStoreTimeout(ctx, e.options.WriteTimeout*importFactor)
	defer cancel()
	for {
		err := e.createOnce(ctx)
		switch {
		case errors.Is(err, errWrittenMeanwhile) && ctx.Err() != nil:
			return fmt.Errorf("%w: %w", ErrConflict, err)
		case errors.Is(err, errWrittenMeanwhile):
			pause(ctx, conflictPause)
		case err != nil:
			return err
		default:
			return e.reload(ctx) // for the ids of bad rows
		}
	}
}

// createOnce tries to make the first change. It does nothing if another instance has made it.
func (e *Engine) createOnce(ctx context.Context) error {
	plan, onto, err := e.planFirstChange(ctx)
	if err != nil || plan == nil {
		return err
	}
	c := e.firstChange()
	c.Delta = plan.delta
	if len(plan.rows) > 0 {
		c.Action = ActionPolicyAdopt
	}
	before := emptySnapshot(e.catalog.Load().sorted) // the rows weren't a policy of Rightful before
	after, err := before.apply(c.update())
	if err != nil {
		return bug(err)
	}
	p := &proposal{change: c, before: before, after: after}
	if err := p.prepare(); err != nil {
		return err
	}
	e.seal(p)
	p.commit.Onto, p.commit.AddRules, p.commit.AddRows, p.commit.RemoveIDs = onto, nil, plan.add, plan.remove
	switch err := e.store.Commit(ctx, p.commit); {
	case errors.Is(err, ErrConflict):
		return errWrittenMeanwhile
	case err != nil && !e.isAt(ctx, p.change.head()):
		return e.unavailable(ctx, err)
	}
	e.announce(p.change)
	return nil
}

// isAt reports whether the store is at a head, which it reached although Commit returned an error.
func (e *Engine) isAt(ctx context.Context, head Head) bool {
	ctx, cancel := withStoreTimeout(context.WithoutCancel(ctx), e.options.WriteTimeout)
	defer cancel()
	present, err := e.store.Position(ctx)
	return err == nil && present.Head.equal(head)
}

// firstChange returns the change that creates a policy, still without a delta.
func (e *Engine) firstChange() Change {
	c := newChange(0, Actor{Kind: ActorStart}, ActionPolicyCreate)
	c.Channel = "start"
	if o := e.options.Adopt; o != nil {
		c.Reason = o.Reason
		if o.Command != "" {
			c.Actor, c.Channel = Actor{ActorCommand, o.Command}, "command"
		}
	}
	return c
}

// planFirstChange plans the adoption of the rows that there are, if any, and returns the position of
// the engine's own store to commit it onto. The plan is nil if the store has a policy already.
func (e *Engine) planFirstChange(ctx context.Context) (*adoptionPlan, Position, error) {
	var o AdoptOptions
	if e.options.Adopt != nil {
		o = *e.options.Adopt
	}
	state, rows, err := readForAdoption(ctx, e.store, o)
	if err != nil {
		return nil, Position{}, e.unavailable(ctx, err)
	}
	if state.Revision > 0 {
		return nil, Position{}, nil
	}
	if err := o.check(); err != nil {
		return nil, Position{}, err
	}
	if n := len(rows); n > 0 && (e.options.Adopt == nil || o.From != nil) {
		return nil, Position{}, &Error{Kind: ErrNotAdopted, Count: n}
	}
	if o.From != nil {
		var source State
		if source, rows, err = readForAdoption(ctx, o.From, o); err != nil {
			return nil, Position{}, fmt.Errorf("read the table to adopt: %w", err)
		}
		if source.Revision > 0 {
			return nil, Position{}, fmt.Errorf("%w: the table to copy is a Rightful policy already, at revision %d", ErrInvalid, source.Revision)
		}
	}
	old, err := newOldModel(o.Model, rows)
	if err != nil {
		return nil, Position{}, err
	}
	plan, err := planAdoption(ctx, rows, o, e.catalog.Load().sorted)
	if err != nil {
		return nil, Position{}, err
	}
	report := plan.report()
	report.Comparison.Domains = old.hasDomains()
	return plan, state.Position, report.refusal(o.AcceptBad)
}
