package authz

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// replay applies records to a snapshot.
func (e *Engine) replay(s *snapshot, records []Record) (*snapshot, error) {
	for _, r := range records {
		if r.Revision != s.revision+1 || !r.Follows(s.hash, e.options.RecordKey) {
			return nil, fmt.Errorf("the record of revision %d doesn't follow on revision %d", r.Revision, s.revision)
		}
		c, err := r.change()
		if err != nil {
			return nil, err
		}
		next, err := s.apply(c)
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

// recordsAfter returns the next records, at least one.
func (e *Engine) recordsAfter(ctx context.Context, revision Revision) ([]Record, error) {
	records, err := e.store.Since(ctx, revision, historyBatch)
	if errors.Is(err, ErrGap) { // somewhere among them; the first may be there
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

// replayUpTo applies the records after s, up to a revision. Each is visited with the policy
// after it. A record that doesn't fit is an [*AuditError].
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
	defaultChanges = 100
	historyBatch   = 500
	// Records are in the order of time as nearly as the clocks of instances are.
	clockSkew = 10 * time.Minute
)
