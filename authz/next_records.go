package authz

import (
	"context"
	"time"
)

// position reads the store's position.
func (e *Engine) position(ctx context.Context) (Position, error) {
	ctx, cancel := withStoreTimeout(ctx, e.options.WriteTimeout)
	defer cancel()
	asked := time.Now()
	position, err := e.store.Position(ctx)
	if err != nil {
		return Position{}, e.unavailable(ctx, err)
	}
	e.clock.read(position.Now, asked, time.Now())
	return position, nil
}

// maxBehind is how many records an instance applies one by one; an instance further behind reloads
// everything.
const maxBehind = 1000

// takeRecords makes the policy after the next records the present one, as far as they can be read and applied, before
// everything is read: there may be a revocation among them, and while a program writes all the time, the record of what it wrote
// can lose to those of other instances several times.
func (e *Engine) takeRecords(ctx context.Context, from *snapshot, upTo Revision) {
	for from.revision < upTo && upTo-from.revision < maxBehind {
		to, changes, err := e.nextRecords(ctx, from)
		if err != nil || !e.advance(from, to, changes...) {
			return
		}
		from = to
	}
}

// nextRecords reads one batch of the records after a policy, and returns the policy after them and their changes. It
// returns [ErrGap] if there are none: the store went back since its position was read.
func (e *Engine) nextRecords(ctx context.Context, s *snapshot) (to *snapshot, changes []Change, err error) {
	ctx, cancel := withStoreTimeout(ctx, e.options.WriteTimeout)
	defer cancel()
	records, err := e.store.Since(ctx, s.revision, maxBehind, maxBatchBytes)
	if err == nil && len(records) == 0 {
		err = ErrGap
	}
	if err != nil {
		return nil, nil, err
	}
	err = e.supervisor.run("replay of records", func() (err error) {
		to, changes, err = e.replayChanges(s, records)
		return err
	})
	return to, changes, err
}
