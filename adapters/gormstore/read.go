package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// Load implements [authz.Store]. It holds a read transaction; on SQLite in WAL mode commits
// go on meanwhile.
func (s *Store) Load(ctx context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	return s.inTransaction(ctx, s.dialect.BeginRead, func(tx *gorm.DB) error {
		foreign, err := s.isUnadopted(tx)
		if err != nil {
			return err
		}
		if foreign {
			return s.loadUnadopted(tx, state, row)
		}
		present, err := s.state(tx)
		if err != nil {
			return err
		}
		if present.Groups, err = s.groups(tx); err != nil {
			return err
		}
		if present.Ends, err = s.ends(tx); err != nil {
			return err
		}
		if err := state(present); err != nil {
			return err
		}
		return s.dialect.Rows(tx, s.tables.Rules, row)
	})
}

// state reads all of the state but its groups and ends.
func (s *Store) state(tx *gorm.DB) (authz.State, error) {
	var state authz.State
	err := tx.Raw(s.tables.In("SELECT "+s.position()+", recorded, seeded, had_administrator FROM {state} WHERE id = 1")).
		Row().Scan(&state.Revision, &state.Hash, &state.Writes, &state.Now, &state.Recorded, &state.Milestones.Seeded, &state.Milestones.HadAdministrator)
	if err != nil {
		return authz.State{}, fmt.Errorf("read the state of the policy: %w", err)
	}
	state.Now = s.clock(state.Now)
	return state, nil
}

func (s *Store) groups(tx *gorm.DB) ([]authz.GroupRow, error) {
	rows, err := tx.Raw("SELECT name, description, version, version_hash, updated_at, updated_by_kind, updated_by_id FROM " + s.tables.Groups).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the groups: %w", err)
	}
	defer rows.Close()
	var list []authz.GroupRow
	for rows.Next() {
		var g authz.GroupRow
		var revision authz.Revision
		var hash []byte
		err := rows.Scan(&g.Name, &g.Description, or(&revision, 0), &hash, or(&g.UpdatedAt, 0), &g.UpdatedBy.Kind, &g.UpdatedBy.ID)
		if err != nil {
			return nil, fmt.Errorf("read a group: %w", err)
		}
		g.Version = authz.NewVersion(revision, hash)
		list = append(list, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the groups: %w", err)
	}
	return list, nil
}

// writes is the number of foreign writes, as the triggers count them. MySQL has no trigger for
// TRUNCATE, so the number is one higher where the table lacks the rule that it always has after
// the first commit, and where the table of ends is empty and wasn't after the last commit.
const writes = "writes + CASE WHEN revision = 0 OR EXISTS (SELECT 1 FROM {rules} WHERE ptype = 'p' AND " +
	"v0 = 'group:Administrators' AND v1 = '*' AND v2 = '*' AND v3 = 'allow') THEN 0 ELSE 1 END + " +
	"CASE WHEN has_ends AND NOT EXISTS (SELECT 1 FROM {memberships}) THEN 1 ELSE 0 END"

// position selects what is in an [authz.Position].
func (s *Store) position() string { return "revision, hash, " + writes + ", " + s.now() }

// Position implements [authz.Store].
func (s *Store) Position(ctx context.Context) (p authz.Position, err error) {
	foreign, err := s.isUnadopted(s.db.WithContext(ctx))
	if err != nil {
		return authz.Position{}, err
	}
	if foreign {
		return s.unadoptedPosition(s.db.WithContext(ctx))
	}
	return s.readPosition(s.db.WithContext(ctx))
}

func (s *Store) readPosition(tx *gorm.DB) (p authz.Position, err error) {
	err = tx.Raw(s.tables.In("SELECT "+s.position()+" FROM {state} WHERE id = 1")).Row().Scan(&p.Revision, &p.Hash, &p.Writes, &p.Now)
	if err != nil {
		return authz.Position{}, fmt.Errorf("read the revision: %w", err)
	}
	p.Now = s.clock(p.Now)
	return p, nil
}

// upToBytes continues a statement that selects the records after a revision, at most so many: it selects those before
// which the deltas of the others have fewer bytes. A bound in the statement, because drivers read what is left of
// a result before they can use the connection again. Compressed deltas count less here, and as they are in what is returned.
const upToBytes = ` AND revision <= (SELECT MAX(revision) FROM (
	SELECT revision, SUM(bytes) OVER (ORDER BY revision) - bytes AS earlier FROM (
		SELECT revision, LENGTH(delta) AS bytes FROM {changes} WHERE revision > ? ORDER BY revision LIMIT ?) AS sizes) AS sums
	WHERE earlier < ?)`

// Since implements [authz.Store].
func (s *Store) Since(ctx context.Context, after authz.Revision, limit, maxBytes int) ([]authz.Record, error) {
	limit = max(limit, 0)
	var list []authz.Record
	err := s.inTransaction(ctx, s.dialect.BeginRead, func(tx *gorm.DB) error {
		foreign, err := s.isUnadopted(tx)
		if err != nil || foreign {
			return err
		}
		state, err := s.state(tx)
		if err != nil {
			return err
		}
		if list, err = s.recordsAfter(tx, after, limit, maxBytes); err != nil {
			return err
		}
		return checkGap(list, after, state.Revision, limit, maxBytes)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// recordsAfter reads what [Store.Since] returns.
func (s *Store) recordsAfter(tx *gorm.DB, after authz.Revision, limit, maxBytes int) ([]authz.Record, error) {
	query, args := "WHERE revision > ?", []any{after}
	if maxBytes != 0 && limit > 1 {
		query, args = query+s.tables.In(upToBytes), append(args, after, limit, maxBytes)
	}
	return s.records(tx, maxBytes, query+" ORDER BY revision LIMIT ?", append(args, limit)...)
}

// checkGap returns [authz.ErrGap] unless list has all records after one revision, up to
// another or to a limit.
func checkGap(list []authz.Record, after, upTo authz.Revision, limit, maxBytes int) error {
	bytes := 0
	for i, r := range list {
		if r.Revision != after+1+authz.Revision(i) {
			return authz.ErrGap
		}
		bytes += len(r.Delta)
	}
	full := len(list) == limit || maxBytes != 0 && bytes >= maxBytes
	if !full && after+authz.Revision(len(list)) < upTo {
		return authz.ErrGap
	}
	return nil
}

// records reads those that the rest of a statement selects, until their deltas have so many bytes; 0 for no bound.
func (s *Store) records(tx *gorm.DB, maxBytes int, rest string, args ...any) ([]authz.Record, error) {
	rows, err := tx.Raw(`SELECT revision, at, actor_kind, actor_id, channel, reason, action, target, delta, hash
		FROM `+s.tables.Changes+" "+rest, args...).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	defer rows.Close()
	var list []authz.Record
	for bytes := 0; (maxBytes == 0 || bytes < maxBytes) && rows.Next(); {
		var r authz.Record
		err := rows.Scan(&r.Revision, or(&r.At, 0), &r.Actor.Kind, &r.Actor.ID, &r.Channel, &r.Reason,
			&r.Action, &r.Target, &r.Delta, &r.Hash)
		if err != nil {
			return nil, fmt.Errorf("read a change: %w", err)
		}
		r.Delta = unpacked(r.Delta)
		list = append(list, r)
		bytes += len(r.Delta)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	return list, nil
}

// UserVersion implements [authz.Store].
func (s *Store) UserVersion(ctx context.Context, id authz.UserID) (v authz.Version, err error) {
	defer s.judge(&err)
	if foreign, err := s.isUnadopted(s.db.WithContext(ctx)); err != nil || foreign {
		return authz.Version{}, err
	}
	var revision authz.Revision
	var hash []byte
	err = s.db.WithContext(ctx).Raw("SELECT version, version_hash FROM "+s.tables.Users+" WHERE user_id = ?", string(id)).
		Row().Scan(or(&revision, 0), &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return authz.Version{}, nil
	}
	if err != nil {
		return authz.Version{}, fmt.Errorf("read the version of a user: %w", err)
	}
	return authz.NewVersion(revision, hash), nil
}

// ruleColumns are those of gorm-adapter's table, as rowScanner expects them.
const ruleColumns = "id, ptype, v0, v1, v2, v3, v4, v5"

// rowScanner reads rows of ruleColumns; NULL is empty. What it reads into is made once.
type rowScanner struct {
	id     int64
	values [7]sql.NullString
	dest   [8]any
}

func newRowScanner() *rowScanner {
	s := &rowScanner{}
	s.dest[0] = &s.id
	for i := range s.values {
		s.dest[i+1] = &s.values[i]
	}
	return s
}

func (s *rowScanner) scan(rows interface{ Scan(...any) error }) (authz.Row, error) {
	if err := rows.Scan(s.dest[:]...); err != nil {
		return authz.Row{}, fmt.Errorf("read a row of the policy table: %w", err)
	}
	r := authz.Row{ID: s.id, Type: s.values[0].String}
	for i := range r.V {
		r.V[i] = s.values[i+1].String
	}
	return r, nil
}

// rowsByColumn reads a policy table as it is.
func rowsByColumn(tx *gorm.DB, table string, row func(authz.Row) error) error {
	return readRows(tx.Raw("SELECT "+ruleColumns+" FROM "+table+" ORDER BY id"), row)
}

// readRows calls row for each row that a query for ruleColumns finds.
func readRows(query *gorm.DB, row func(authz.Row) error) error {
	rows, err := query.Rows()
	if err != nil {
		return fmt.Errorf("read the policy table: %w", err)
	}
	defer rows.Close()
	scanner := newRowScanner()
	for rows.Next() {
		r, err := scanner.scan(rows)
		if err != nil {
			return err
		}
		if err := row(r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the policy table: %w", err)
	}
	return nil
}
