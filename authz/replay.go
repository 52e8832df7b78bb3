package authz

import (
	"context"
	"errors"
	"fmt"
)

// replay applies records to a snapshot and returns the policy after them. Each must continue the
// chain of the policy before it.
func (e *Engine) replay(s *snapshot, records []Record) (*snapshot, error) {
	for _, r := range records {
		if r.Revision != s.revision+1 || !r.Follows(s.hash, e.options.RecordKey) {
			return nil, fmt.Errorf("the record of revision %d doesn't continue the chain after revision %d", r.Revision, s.revision)
		}
		c, err := r.change()
		if err != nil {
			return nil, err
		}
		next, err := s.apply(c.update())
		if err != nil {
			return nil, err
		}
		if c.Action == ActionPolicySeed {
			next.milestones.Seeded = true
		}
		s = next
	}
	return s, nil
}

// recordsAfter returns the records after a revision, at least one and at most historyBatch. If the
// next one is missing, it returns [ErrRecordsDoNotFit].
func (e *Engine) recordsAfter(ctx context.Context, revision Revision) ([]Record, error) {
	records, err := e.store.Since(ctx, revision, historyBatch)
	if errors.Is(err, ErrGap) { // the missing record may be a later one
		records, err = e.store.Since(ctx, revision, 1)
	}
	switch {
	case errors.Is(err, ErrGap) || err == nil && len(records) == 0:
		return nil, auditFault(revision+1, recordMissing)
	case err != nil:
		return nil, e.unavailable(ctx, err)
	}
	return records, nil
}

// replayUpTo applies the records after s, up to the revision last, and calls visit, if set, with the
// policy after each. A record that doesn't fit is [ErrRecordsDoNotFit].
func (e *Engine) replayUpTo(ctx context.Context, last Revision, s *snapshot, visit func(*snapshot) error) (*snapshot, error) {
	for s.revision < last {
		records, err := e.recordsAfter(ctx, s.revision)
		if err != nil {
			return nil, err
		}
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
			if err := visit(s); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

const recordMissing = "the record is missing"

const (
	defaultChanges = 100 // listed by [Engine.Changes]
	historyBatch   = 500 // records read at once
)
