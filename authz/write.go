package authz

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// do carries out an operation. It takes the operation through its stages, each a function of its name:
//
//   - draft: the delta of the change, on the present policy ([Admin.draftChange])
//   - check: rights, promises and everything else that can refuse it ([Admin.draftAndCheck])
//   - compare: is the policy still the one that it was drafted on? ([execution.compare])
//   - commit: write it to the store ([Engine.commit])
//   - settle: find out whether a commit that failed was written after all ([Engine.settle])
//   - swap: make the policy after it the one of the next decision ([Engine.adoptOwn])
//
// Only compare, commit and swap hold the commit token. A dry run ends after the checks and never takes it.
// If the policy has moved on from the draft, the change is moved onto the present policy where that is
// certain to give the same result (see [execution.rebase]); otherwise it is drafted again.
func (a Admin) do(ctx context.Context, w write) (c Change, err error) {
	if trace := a.engine.options.Trace; trace != nil {
		traced, end := trace(ctx, w.Action, a.dryRun)
		defer func() { end(c, err) }()
		ctx = traced
	}
	return a.carryOut(ctx, w)
}

func (a Admin) carryOut(ctx context.Context, w write) (Change, error) {
	e := a.engine
	if !e.writes.begin() {
		return Change{}, fmt.Errorf("%w: the engine is closed", ErrStoreUnavailable)
	}
	defer e.writes.end()
	caller, leave := context.WithCancel(ctx)
	defer leave()
	defer context.AfterFunc(e.life, leave)() // when Close waits no longer
	ctx, cancel := withStoreTimeout(caller, e.timeoutOf(a, w))
	defer cancel()
	leaveGate, err := a.enterGate(ctx, w)
	if err != nil {
		return Change{}, err
	}
	defer leaveGate()
	if a.dryRun && !a.isExpensive(w) {
		var done func()
		ctx, done = e.gate.later(ctx)
		defer done()
	}
	if w.begin != nil {
		if err := w.begin(ctx); err != nil {
			return Change{}, err
		}
	}
	x := execution{Admin: a, write: w, caller: caller}
	defer x.releaseToken()
	for {
		c, err := x.attempt(ctx)
		if !errors.Is(err, errDraftLost) {
			return c, err
		}
		if err := newPace(ctx).now(); err != nil {
			return Change{}, err
		}
		x.lost++
	}
}

// timeoutOf returns how long an operation may take.
func (e *Engine) timeoutOf(a Admin, w write) time.Duration {
	switch w.Action {
	case ActionPolicySeed, ActionPermissionRename, ActionAuditArchive:
		return e.options.WriteTimeout * importFactor
	}
	if a.isExpensive(w) {
		return e.options.WriteTimeout * importFactor
	}
	return e.options.WriteTimeout
}

// manyListed is how many rules and members an input can list before its dry run is expensive. The REST interface
// takes no more.
const manyListed = 1000

// isExpensive reports whether an operation takes a place at the gate. Writes of other kinds don't, batches and large
// ones included: any of them may be a revocation, which waits for nobody's imports. They are bounded otherwise: over REST
// by 1,000 rules and members in all of an input, by [Options.WriteTimeout], and by the token, for which one after the
// other waits.
func (a Admin) isExpensive(w write) bool {
	return w.Action == ActionPolicyImport || w.Action == ActionChangeRevert || a.dryRun && w.listed() > manyListed
}

// enterGate waits for a place if the operation is expensive. Before that it checks the rights that don't depend
// on the target of a revert; the drafts check all of them.
func (a Admin) enterGate(ctx context.Context, w write) (leave func(), err error) {
	if !a.isExpensive(w) {
		return func() {}, nil
	}
	if err := a.authorize(a.engine.counted.Load(), w.requirement(UserID(a.actor.ID))); err != nil {
		return nil, err
	}
	return a.enterFor(ctx)
}

// enterFor takes a place at the gate for a write, or for its dry run, which others wait for no longer than for a read.
func (a Admin) enterFor(ctx context.Context) (leave func(), err error) {
	if a.dryRun {
		return a.engine.gate.enter(ctx)
	}
	return a.engine.gate.enterToWrite(ctx)
}

// attempt takes the operation through its stages once, from a draft on the present policy.
func (x *execution) attempt(ctx context.Context) (Change, error) {
	defer x.releaseToken()
	keys, err := x.idempotencyKeys()
	if err != nil {
		return Change{}, err
	}
	p, err := x.propose(ctx)
	switch {
	case errors.Is(err, errDraftLost):
		return Change{}, err
	case x.dryRun && err == nil:
		return x.preview(ctx, p)
	case !x.dryRun:
		if c, found, fault := x.recall(ctx, keys); found || fault != nil {
			return c, fault
		}
	}
	switch {
	case err != nil:
		return Change{}, err
	case p.changesNothing():
		return x.changeNothing(ctx, p)
	}
	if err := p.prepare(keys...); err != nil {
		return Change{}, err
	}
	if p.change.Delta.size() > manyListed && x.isRebasable() { // that takes too long while it holds the token
		p.footprint = x.footprintOf(p)
	}
	return x.push(ctx, p)
}

// After so many lost drafts, the next one is made while holding the token, so that no other change of this
// engine can overtake it. If that takes too long, so many more are made without it.
const freeDrafts = 3

// propose drafts the change and checks it.
func (x *execution) propose(ctx context.Context) (*proposal, error) {
	if x.dryRun || x.lost%(freeDrafts+1) < freeDrafts {
		before, from := x.base()
		return x.draftAndCheckOn(ctx, before, from)
	}
	if err := x.takeToken(ctx); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, heldDraft)
	defer cancel()
	before, from := x.base()
	p, err := x.draftAndCheckOn(bounded, before, from)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = errDraftLost
	}
	return p, err
}

// base returns the policy to draft a change on, and its endings if it is the present one.
func (a Admin) base() (*snapshot, *endings) {
	if a.at != nil {
		return a.at, nil
	}
	from := a.engine.endings.Load()
	return from.present, from
}

// preview returns the change of a dry run.
func (x *execution) preview(ctx context.Context, p *proposal) (Change, error) {
	c := p.change
	var err error
	if c.View, err = x.view(newPace(ctx), p); err != nil {
		return Change{}, err
	}
	c.Revision, c.At = 0, time.Time{}
	if err := x.observe(ctx, p.before, p.after, &c); err != nil {
		return Change{}, err
	}
	return c, nil
}

// changeNothing returns the change of an operation that found everything as it should be, once the store
// confirms that this is so: otherwise a revocation that another instance made necessary could be
// acknowledged without being made.
func (x *execution) changeNothing(ctx context.Context, p *proposal) (Change, error) {
	e := x.engine
	x.releaseToken()
	for {
		position, err := e.position(ctx)
		if err != nil {
			return Change{}, err
		}
		if position.equal(p.before.position()) && x.keepsMemberships(p.before, p.from) {
			c := p.change
			if err := x.decideAlone(ctx, c); err != nil {
				return Change{}, err
			}
			c.Revision, c.At, c.View = 0, time.Time{}, &View{s: e.countedNow(p.from), catalog: e.catalog.Load()}
			return c, nil
		}
		if err := e.catchUp(ctx, p.before); err != nil {
			return Change{}, err
		}
		if !x.rebase(ctx, p) {
			return Change{}, errDraftLost
		}
	}
}

// decideAlone carries out the decisions that go with a change if it changes nothing else.
func (x *execution) decideAlone(ctx context.Context, c Change) error {
	if x.unchanged != nil {
		return x.unchanged(ctx)
	}
	store, keeps := StoreAs[RequestStore](x.engine.given)
	if !keeps {
		return nil
	}
	for _, d := range x.withdrawals(Record{Actor: c.Actor, At: int64(UntilTime(c.At)), Reason: c.Reason}) {
		if err := store.Decide(ctx, d); err != nil {
			return x.engine.unavailable(ctx, err)
		}
	}
	return nil
}
