package api_test

import (
	"context"
	"io"

	"github.com/rightful-go/rightful/authz"
)

// faultyStore is a store that can be away.
type faultyStore struct {
	*authz.MemoryStore
	away, awayAfterCommit bool
	deadlines             int // how often records were asked for within a time
}

func (s *faultyStore) err() error {
	if s.away {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (s *faultyStore) Commit(ctx context.Context, c authz.Commit) error {
	if s.away {
		return s.err()
	}
	s.away = s.awayAfterCommit
	return s.MemoryStore.Commit(ctx, c)
}

func (s *faultyStore) Before(ctx context.Context, before authz.Revision, limit int) ([]authz.Record, error) {
	if s.away {
		return nil, s.err()
	}
	if _, ok := ctx.Deadline(); ok {
		s.deadlines++
	}
	return s.MemoryStore.Before(ctx, before, limit)
}

func (s *faultyStore) Since(ctx context.Context, after authz.Revision, limit int) ([]authz.Record, error) {
	if s.away {
		return nil, s.err()
	}
	return s.MemoryStore.Since(ctx, after, limit)
}

func (s *faultyStore) UserVersion(ctx context.Context, id authz.UserID) (authz.Revision, error) {
	if s.away {
		return 0, s.err()
	}
	return s.MemoryStore.UserVersion(ctx, id)
}

func (s *faultyStore) Denial(ctx context.Context, id authz.DenialID) (authz.Denial, error) {
	if s.away {
		return authz.Denial{}, s.err()
	}
	return s.MemoryStore.Denial(ctx, id)
}

func (s *faultyStore) Denials(ctx context.Context, q authz.DenialQuery) ([]authz.Denial, error) {
	if s.away {
		return nil, s.err()
	}
	return s.MemoryStore.Denials(ctx, q)
}
