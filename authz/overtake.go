package authz

import (
	"context"
	"slices"
	"sync"
)

// freeConflicts is how many commits of an operation may lose to those of other instances. The store makes the next one
// wait for its turn and then tells what it has lost to ([Commit.Overtaken]), so that an instance that writes all the
// time doesn't keep the others from writing.
const freeConflicts = 2

// successor is what an overtaken proposal became while the store kept other writers out. The store may still ask for
// it when nobody waits for its answer any more: then it gets none.
type successor struct {
	mu       sync.Mutex
	proposal *proposal // nil if the store wasn't given one
	closed   bool      // the store gets none any more
}

// offer makes a proposal the one that the store is given, and reports whether it still may be.
func (s *successor) offer(p *proposal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.proposal = p
	}
	return !s.closed
}

// take returns the proposal that the store was given, nil if none. From then on it gets none.
func (s *successor) take() *proposal {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.proposal
}

// become makes p the proposal that the store was given instead, unless it is nil. Whether the outcome is known is
// what was found out of either.
func (p *proposal) become(next *proposal) {
	if next != nil {
		open := p.open
		*p = *next
		p.open = open
	}
}

// succeed returns the [Commit.Overtaken] of a proposal. The function works on copies, since it may run longer than
// anyone waits for it.
func (x *execution) succeed(p *proposal, s *successor) func(context.Context, []Record) (Commit, error) {
	y, q := *x, *p
	y.token = nil
	return func(ctx context.Context, records []Record) (Commit, error) {
		ctx, cancel := context.WithTimeout(ctx, heldDraft)
		defer cancel()
		next := y.moveOver(ctx, &q, records)
		if next == nil || !s.offer(next) {
			return Commit{}, ErrConflict
		}
		return next.commit, nil
	}
}

// moveOver returns a sealed proposal onto the policy after the records that overtook p, or nil if that takes more than
// moving p or one new draft: the rest is left to the stages, which can also say why an operation is refused.
func (x *execution) moveOver(ctx context.Context, p *proposal, records []Record) *proposal {
	present, changes, err := x.engine.replayChanges(p.before, records)
	if err != nil || x.key != "" && slices.ContainsFunc(changes, x.mayHaveKeyOf) {
		return nil
	}
	x.engine.advance(p.before, present, changes...)
	from := x.engine.endingsOf(p.from, present, changes)
	if !x.rebaseOnto(ctx, p, from, changes) {
		if p = x.draftAgain(ctx, from); p == nil {
			return nil
		}
	}
	x.seal(p)
	return p
}

// draftAgain returns a prepared proposal onto the policy of some endings, or nil.
func (x *execution) draftAgain(ctx context.Context, onto *endings) *proposal {
	keys, err := x.idempotencyKeys()
	if err != nil {
		return nil
	}
	p, err := x.draftAndCheckOn(ctx, onto.present, onto)
	if err != nil || p.changesNothing() || p.prepare(keys...) != nil {
		return nil
	}
	return p
}
