package gormstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// Checkpoints implements [authz.CheckpointStore].
func (s *Store) Checkpoints(ctx context.Context) ([]authz.Checkpoint, error) {
	if foreign, err := s.isUnadopted(s.db.WithContext(ctx)); err != nil || foreign {
		return nil, err
	}
	rows, err := s.db.WithContext(ctx).Raw("SELECT revision, hash, digest, chunks FROM " + s.tables.Checkpoints +
		" WHERE chunk = 0 ORDER BY revision DESC").Rows()
	if err != nil {
		return nil, fmt.Errorf("read the checkpoints: %w", err)
	}
	defer rows.Close()
	var list []authz.Checkpoint
	for rows.Next() {
		var c authz.Checkpoint
		if err := rows.Scan(&c.Revision, &c.Hash, &c.Digest, or(&c.Chunks, 0)); err != nil {
			return nil, fmt.Errorf("read a checkpoint: %w", err)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the checkpoints: %w", err)
	}
	return list, nil
}

// CheckpointChunk implements [authz.CheckpointStore].
func (s *Store) CheckpointChunk(ctx context.Context, r authz.Revision, chunk int) (data []byte, err error) {
	err = s.db.WithContext(ctx).Raw("SELECT data FROM "+s.tables.Checkpoints+" WHERE revision = ? AND chunk = ?", r, chunk).
		Row().Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, authz.ErrGap
	}
	if err != nil {
		return nil, fmt.Errorf("read a chunk of a checkpoint: %w", err)
	}
	return data, nil
}

// AddCheckpoint implements [authz.CheckpointStore]. Each chunk is one statement, so that none is larger
// than databases accept.
func (s *Store) AddCheckpoint(ctx context.Context, c authz.Checkpoint, chunks [][]byte) error {
	err := s.inTransaction(ctx, s.dialect.BeginWrite, func(tx *gorm.DB) error {
		if err := s.checkCheckpoint(tx, c); err != nil {
			return err
		}
		for i, data := range chunks {
			row := []any{c.Revision, i, c.Chunks, notNil(c.Hash), notNil(c.Digest), notNil(data)}
			if err := insert(tx, s.tables.Checkpoints, "revision, chunk, chunks, hash, digest, data", slices.Values([][]any{row})); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || errors.Is(err, authz.ErrConflict) {
		return err
	}
	if s.dialect.IsConflict(err) || s.hasCheckpoint(ctx, c.Revision) { // another instance was faster
		return fmt.Errorf("%w: %w", authz.ErrConflict, err)
	}
	return err
}

// checkCheckpoint returns [authz.ErrConflict] unless a checkpoint fits a record and is the first there.
func (s *Store) checkCheckpoint(tx *gorm.DB, c authz.Checkpoint) error {
	var hash []byte
	err := tx.Raw("SELECT hash FROM "+s.tables.Changes+" WHERE revision = ?", c.Revision).Row().Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !bytes.Equal(hash, c.Hash) {
		return authz.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("read a hash: %w", err)
	}
	var n int
	if err := tx.Raw("SELECT COUNT(*) FROM "+s.tables.Checkpoints+" WHERE revision = ?", c.Revision).Row().Scan(&n); err != nil {
		return fmt.Errorf("look for a checkpoint: %w", err)
	}
	if n > 0 {
		return authz.ErrConflict
	}
	return nil
}

func (s *Store) hasCheckpoint(ctx context.Context, r authz.Revision) bool {
	_, err := s.CheckpointChunk(ctx, r, 0)
	return err == nil
}

// archive carries out [authz.Commit.Archive].
func (s *Store) archive(tx *gorm.DB, c authz.Commit) error {
	if c.Archive == 0 {
		return nil
	}
	for _, statement := range []string{
		"DELETE FROM {changes} WHERE revision <= ?",
		"DELETE FROM {change_keys} WHERE revision <= ?",
		"DELETE FROM {checkpoints} WHERE revision < ?",
		// By type, so that the index of the rules is used: without it, the time would grow with the square of the users.
		"DELETE FROM {users} WHERE version <= ? AND NOT EXISTS (SELECT 1 FROM {rules} WHERE ptype = 'p' AND v0 = user_id) " +
			"AND NOT EXISTS (SELECT 1 FROM {rules} WHERE ptype = 'g' AND v0 = user_id)",
	} {
		if err := tx.Exec(s.tables.In(statement), c.Archive).Error; err != nil {
			return fmt.Errorf("delete what is archived: %w", err)
		}
	}
	return nil
}
