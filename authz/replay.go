package authz

import (
	"context"
	"errors"
	"fmt"
)

// replay applies records to a snapshot and returns the policy after them. Each must continue the
// chain of the policy before it.
func (e *Engine) replay(s *snapshot, records []Record) (*snapshot, error) {
	s, _, err := e.replayChanges(s, records)
	return s, err
}

// replayChanges is [Engine.replay] that returns the changes as well.
func (e *Engine) replayChanges(s *snapshot, records []Record) (*snapshot, []Change, error) {
	changes := make([]Change, 0, len(records))
	for _, r := range records {
		if r.Revision != s.revision+1 || !r.Follows(s.hash, e.options.RecordKey) {
			return nil, nil, fmt.Errorf("the record of revision %d doesn't continue the chain after revision %d", r.Revision, s.revision)
		}
		c, err := r.change()
		if err != nil {
			return nil, nil, err
		}
		if err := c.Delta.check(); err != nil {
			return nil, nil, fmt.Errorf("the record of revision %d has an impossible change: %w", r.Revision, err)
		}
		next, err := s.apply(c.update())
		if err != nil {
			return nil, nil, err
		}
		if err := next.checkRecorded(c.Delta); err != nil {
			return nil, nil, err
		}
		if c.Action == ActionPolicySeed {
			next.milestones.Seeded = true
		}
		s, changes = next, append(changes, c)
	}
	return s, changes, nil
}

// checkRecorded returns an error if a policy can't be one that the change with this delta left: it breaks
// promise 1, or has a cycle or a chain that is too long.
func (s *snapshot) checkRecorded(d Delta) error {
	if !s.administratorsIntact() {
		return ErrProtectedGroup
	}
	for _, r := range d.Added {
		if r.Kind != KindInherit {
			continue
		}
		heir, giver := s.groupOf(r.Subject).id, s.group(r.Group).id
		if s.heirs().longest(heir, maxInheritance)+1+s.inheritance().longest(giver, maxInheritance) > maxInheritance {
			return fmt.Errorf("%s is part of a cycle or of a chain that is too long", r.describe())
		}
	}
	return nil
}

// recordsAfter returns the records after a revision, at least one, at most limit, and of about maxBatchBytes at most
// unless the first is larger. If the next one is missing, it returns [ErrRecordsDoNotFit].
func (e *Engine) recordsAfter(ctx context.Context, revision Revision, limit int) ([]Record, error) {
	records, err := e.store.Since(ctx, revision, limit, maxBatchBytes)
	if errors.Is(err, ErrGap) { // the missing record may be a later one
		records, err = e.store.Since(ctx, revision, 1, 0)
	}
	switch {
	case errors.Is(err, ErrGap) || err == nil && len(records) == 0:
		return nil, e.missing(ctx, revision+1)
	case err != nil:
		return nil, e.unavailable(ctx, err)
	}
	return records, nil
}

// replayUpTo applies the records after s, up to the revision last, and calls visit, if set, with the
// record and the policy after each. A record that doesn't fit is [ErrRecordsDoNotFit].
func (e *Engine) replayUpTo(ctx context.Context, last Revision, s *snapshot, visit func(Record, *snapshot) error) (*snapshot, error) {
	var batch batchSize
	for s.revision < last {
		records, err := e.recordsAfter(ctx, s.revision, batch.next())
		if err != nil {
			return nil, err
		}
		batch.read(records)
		for _, r := range records {
			if s.revision == last {
				break
			}
			if s, err = e.replay(s, []Record{r}); err != nil {
				return nil, auditFault(r.Revision, err.Error())
			}
			if visit == nil {
				continue
			}
			if err := visit(r, s); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}
