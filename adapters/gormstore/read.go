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
		present, err := s.state(tx)
		if err != nil {
			return err
		}
		if present.Groups, err = s.groups(tx); err != nil {
			return err
		}
		if err := state(present); err != nil {
			return err
		}
		return s.dialect.Rows(tx, s.tables.Rules, row)
	})
}

// state reads all of the state but its groups.
func (s *Store) state(tx *gorm.DB) (authz.State, error) {
	var state authz.State
	err := tx.Raw(s.tables.In("SELECT revision, hash, "+writes+", recorded, seeded, had_administrator FROM {state} WHERE id = 1")).
		Row().Scan(&state.Revision, &state.Hash, &state.Writes, &state.Recorded, &state.Milestones.Seeded, &state.Milestones.HadAdministrator)
	if err != nil {
		return authz.State{}, fmt.Errorf("read the state of the policy: %w", err)
	}
	return state, nil
}

func (s *Store) groups(tx *gorm.DB) ([]authz.GroupRow, error) {
	rows, err := tx.Raw("SELECT name, description, version, updated_at, updated_by_kind, updated_by_id FROM " + s.tables.Groups).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the groups: %w", err)
	}
	defer rows.Close()
	var list []authz.GroupRow
	for rows.Next() {
		var g authz.GroupRow
		err := rows.Scan(&g.Name, &g.Description, &g.Version, &g.UpdatedAt, &g.UpdatedBy.Kind, &g.UpdatedBy.ID)
		if err != nil {
			return nil, fmt.Errorf("read a group: %w", err)
		}
		list = append(list, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the groups: %w", err)
	}
	return list, nil
}

// writes is the number of foreign writes, as the triggers count them. MySQL has no trigger for
// TRUNCATE, so the number is one higher where the table lacks the rule that it always has after
// the first commit.
const writes = "CASE WHEN revision = 0 OR EXISTS (SELECT 1 FROM {rules} WHERE ptype = 'p' AND " +
	"v0 = 'group:Administrators' AND v1 = '*' AND v2 = '*' AND v3 = 'allow') THEN writes ELSE writes + 1 END"

// Position implements [authz.Store].
func (s *Store) Position(ctx context.Context) (p authz.Position, err error) {
	err = s.db.WithContext(ctx).Raw(s.tables.In("SELECT revision, hash, "+writes+" FROM {state} WHERE id = 1")).
		Row().Scan(&p.Revision, &p.Hash, &p.Writes)
	if err != nil {
		return authz.Position{}, fmt.Errorf("read the revision: %w", err)
	}
	return p, nil
}

// Since implements [authz.Store].
func (s *Store) Since(ctx context.Context, after authz.Revision, limit int) ([]authz.Record, error) {
	var list []authz.Record
	err := s.inTransaction(ctx, s.dialect.BeginRead, func(tx *gorm.DB) error {
		state, err := s.state(tx)
		if err != nil {
			return err
		}
		list, err = s.records(tx, "WHERE revision > ? ORDER BY revision LIMIT ?", after, max(limit, 0))
		if err != nil {
			return err
		}
		return checkGap(list, after, state.Revision, limit)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// checkGap returns [authz.ErrGap] unless list has all records after one revision, up to
// another or to the limit.
func checkGap(list []authz.Record, after, upTo authz.Revision, limit int) error {
	for i, r := range list {
		if r.Revision != after+1+authz.Revision(i) {
			return authz.ErrGap
		}
	}
	if len(list) < limit && after+authz.Revision(len(list)) < upTo {
		return authz.ErrGap
	}
	return nil
}

// Before implements [authz.Store].
func (s *Store) Before(ctx context.Context, before authz.Revision, limit int) ([]authz.Record, error) {
	tx := s.db.WithContext(ctx)
	if before == 0 {
		return s.records(tx, "ORDER BY revision DESC LIMIT ?", max(limit, 0))
	}
	return s.records(tx, "WHERE revision < ? ORDER BY revision DESC LIMIT ?", before, max(limit, 0))
}

// records reads those that the rest of a statement selects.
func (s *Store) records(tx *gorm.DB, rest string, args ...any) ([]authz.Record, error) {
	rows, err := tx.Raw(`SELECT revision, at, actor_kind, actor_id, channel, reason, action, target, delta, hash
		FROM `+s.tables.Changes+" "+rest, args...).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	defer rows.Close()
	var list []authz.Record
	for rows.Next() {
		var r authz.Record
		err := rows.Scan(&r.Revision, &r.At, &r.Actor.Kind, &r.Actor.ID, &r.Channel, &r.Reason,
			&r.Action, &r.Target, &r.Delta, &r.Hash)
		if err != nil {
			return nil, fmt.Errorf("read a change: %w", err)
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	return list, nil
}

// UserVersion implements [authz.Store].
func (s *Store) UserVersion(ctx context.Context, id authz.UserID) (r authz.Revision, err error) {
	err = s.db.WithContext(ctx).Raw("SELECT version FROM "+s.tables.Users+" WHERE user_id = ?", string(id)).Row().Scan(&r)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of a user: %w", err)
	}
	return r, nil
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
