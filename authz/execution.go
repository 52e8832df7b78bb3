package authz

import (
	"context"
	"fmt"
	"time"
)

// execution is one execution of an operation.
type execution struct {
	Admin
	write
	caller context.Context //nolint:containedctx // of the caller, without a time limit of the engine

	token *token // nil while the execution doesn't hold it
	lost  int    // drafts that were lost because the policy moved on

	conflicts int  // commits that lost to those of other instances
	compared  bool // the last draft was compared with what the actor holds
	memberOf  int  // in how many groups the actor was when it began
}

// isCompared reports whether a change of the actor onto a policy is compared with what the actor holds (promise 3).
func (a Admin) isCompared(before *snapshot, from *endings) bool {
	return a.actor.Kind == ActorUser && !a.rights(before, from).isAdministrator(UserID(a.actor.ID))
}

// memberships returns in how many groups the actor is on a policy, of memberships that haven't ended.
func (a Admin) memberships(before *snapshot, from *endings) (count int) {
	if a.actor.Kind != ActorUser {
		return 0
	}
	if u := a.rights(before, from).user(UserID(a.actor.ID)); u != nil {
		for range u.inGroups {
			count++
		}
	}
	return count
}

// view returns the policy that a proposal leads to.
func (a Admin) view(work *pace, p *proposal) (*View, error) {
	s := p.after
	if p.from != nil {
		var err error
		if s, err = a.engine.countedAfter(work, p.from, s, p.change); err != nil {
			return nil, err
		}
	}
	return &View{s: s, catalog: a.engine.catalog.Load()}, nil
}

// token is the commit token in the hands of one execution. Holding it, no other change of this engine is
// committed; the store's own time apart, it is held for milliseconds (promise 11).
type token struct {
	since time.Time
	store time.Duration // how long the store took meanwhile
}

// exclude notes how long the store took.
func (t *token) exclude(d time.Duration) { t.store += d }

// excludeStore notes that the time since began was the store's, if the execution holds the token.
func (x *execution) excludeStore(began time.Time) {
	if x.token != nil {
		x.token.exclude(time.Since(began))
	}
}

// takeToken takes the commit token, unless the execution has it already.
func (x *execution) takeToken(ctx context.Context) error {
	if x.token != nil {
		return nil
	}
	select {
	case x.engine.token <- struct{}{}:
		x.token = &token{since: time.Now()}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w in time, because another change is still being written: %w", ErrStoreUnavailable, ctx.Err())
	}
}

// releaseToken gives the commit token back, if the execution has it.
func (x *execution) releaseToken() {
	if x.token == nil {
		return
	}
	held := time.Since(x.token.since) - x.token.store
	x.token = nil
	<-x.engine.token
	if x.engine.released != nil {
		x.engine.released(held)
	}
}

// heldDraft bounds a draft during which all other changes wait.
const heldDraft = 50 * time.Millisecond

// draftAndCheckOn drafts the change on a policy, which has these endings unless it is that of a view, and checks it.
func (x *execution) draftAndCheckOn(ctx context.Context, before *snapshot, from *endings) (*proposal, error) {
	if err := newPace(ctx).now(); err != nil {
		return nil, err
	}
	x.memberOf = x.memberships(before, from)
	x.compared = x.isCompared(before, from)
	c := newChange(before.revision, x.actor, x.Action)
	c.Channel, c.Reason, c.Target = x.channel, x.reason, x.target()
	d := x.newDraft(ctx, before)
	d.from = from
	after, err := x.draftAndCheck(ctx, x.write, d, &c)
	if err != nil {
		return nil, err
	}
	if x.milestones != nil {
		x.milestones(&after.milestones)
	}
	if x.engine.drafted != nil {
		x.engine.drafted()
	}
	return &proposal{change: c, before: before, after: after, from: from}, nil
}

func (p *proposal) changesNothing() bool {
	return p.change.Delta.isEmpty() && p.after.milestones == p.before.milestones
}

// seal completes a proposal, onto the policy that it was moved to or drafted on.
func (x *execution) seal(p *proposal) {
	x.engine.seal(p)
	p.commit.Overtaken = nil
	if _, keeps := StoreAs[RequestStore](x.engine.given); keeps {
		p.commit.Requests = x.withdrawals(p.record)
	}
	if x.write.commit != nil {
		x.write.commit(&p.commit)
	}
}
