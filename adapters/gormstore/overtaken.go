package gormstore

import (
	"context"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

const (
	maxOvertaking      = 200     // records, while all other writers wait
	maxOvertakingBytes = 1 << 20 // of their deltas
)

// overtaken returns the commit to write: c, or what it becomes after the records that were faster. From then on all
// other writers wait for the end of the transaction.
func (s *Store) overtaken(ctx context.Context, tx *gorm.DB, c authz.Commit) (authz.Commit, error) {
	if c.Overtaken == nil {
		return c, nil
	}
	if err := s.keepOthersOut(tx); err != nil {
		return c, err
	}
	now, err := s.readPosition(tx)
	switch {
	case err != nil:
		return c, err
	case now.Revision <= c.Onto.Revision || now.Writes != c.Onto.Writes:
		return c, nil // nothing was faster, or it is a conflict
	}
	records, err := s.recordsAfter(tx, c.Onto.Revision, maxOvertaking, maxOvertakingBytes)
	if err != nil {
		return c, err
	}
	if checkGap(records, c.Onto.Revision, now.Revision, -1, 0) != nil {
		return c, authz.ErrConflict // too many, or one is missing, which a load finds out
	}
	return c.Overtaken(ctx, records)
}
