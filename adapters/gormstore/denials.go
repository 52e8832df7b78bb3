package gormstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// denialColumns are those of the table of denials, as written and as scanned. Lists are JSON.
const denialColumns = "id, at, user_id, method, route, required, one_is_enough, missing, revision, suppressed"

// newestFirst is the order of denials; an index on the time has the id as well.
const newestFirst = " ORDER BY at DESC, id DESC"

// AddDenials implements [authz.DenialStore].
func (s *Store) AddDenials(ctx context.Context, denials []authz.Denial) (err error) {
	defer s.judge(&err)
	rows := make([][]any, len(denials))
	for i, d := range denials {
		rows[i] = []any{
			string(d.ID), d.At.UnixMicro(), string(d.User), d.Method, d.Route, listed(d.Required),
			d.OneIsEnough, listed(d.Missing), d.Revision, d.Suppressed,
		}
	}
	return s.inTransaction(ctx, s.dialect.BeginWrite, func(tx *gorm.DB) error {
		return insert(tx, s.tables.Denials, denialColumns, slices.Values(rows))
	})
}

func listed(permissions []authz.Permission) string {
	text, err := json.Marshal(slices.Concat([]authz.Permission{}, permissions)) // never null
	if err != nil {                                                             // texts always encode
		panic(err)
	}
	return string(text)
}

// unlisted decodes a list of [listed]. If the text isn't one, which another program wrote, it returns none: otherwise
// one row would keep all others of a list from being read.
func unlisted(text []byte) (permissions []authz.Permission) {
	if json.Unmarshal(text, &permissions) != nil {
		return nil
	}
	return permissions
}

// Denial implements [authz.DenialStore].
func (s *Store) Denial(ctx context.Context, id authz.DenialID) (d authz.Denial, err error) {
	defer s.judge(&err)
	list, err := s.denials(s.db.WithContext(ctx), "WHERE id = ?", string(id))
	if err == nil && len(list) == 0 {
		err = authz.ErrNoSuchDenial
	}
	if err != nil {
		return authz.Denial{}, err
	}
	return list[0], nil
}

// Denials implements [authz.DenialStore].
func (s *Store) Denials(ctx context.Context, q authz.DenialQuery) (list []authz.Denial, err error) {
	defer s.judge(&err)
	where, args := "WHERE 1 = 1", []any{}
	if q.User != "" {
		where += " AND user_id = ?"
		args = append(args, string(q.User))
	}
	if !q.Before.IsZero() {
		at := q.Before.UnixMicro()
		where += " AND at <= ? AND (at < ? OR id < ?)"
		args = append(args, at, at, string(q.BeforeID))
	}
	return s.denials(s.db.WithContext(ctx), where+newestFirst+" LIMIT ?", append(args, max(q.Limit, 0))...)
}

// denials reads those that the rest of a statement selects.
func (s *Store) denials(tx *gorm.DB, rest string, args ...any) ([]authz.Denial, error) {
	rows, err := tx.Raw("SELECT "+denialColumns+" FROM "+s.tables.Denials+" "+rest, args...).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the denials: %w", err)
	}
	defer rows.Close()
	var list []authz.Denial
	for rows.Next() {
		d, err := scanDenial(rows)
		if err != nil {
			return nil, fmt.Errorf("read a denial: %w", err)
		}
		list = append(list, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the denials: %w", err)
	}
	return list, nil
}

func scanDenial(rows *sql.Rows) (d authz.Denial, err error) {
	var at int64
	var required, missing []byte
	err = rows.Scan(&d.ID, or(&at, 0), &d.User, &d.Method, &d.Route, &required, or(&d.OneIsEnough, false), &missing, or(&d.Revision, 0), or(&d.Suppressed, 0))
	d.At, d.Required, d.Missing = time.UnixMicro(at).UTC(), unlisted(required), unlisted(missing)
	return d, err
}

// PruneDenials implements [authz.DenialStore].
func (s *Store) PruneDenials(ctx context.Context, keep authz.DenialBounds, limit int) (int, error) {
	p := pruning{s, ctx, s.tables.Denials, "1 = 1", newestFirst}
	return p.run(
		limit,
		func(most int) ([]string, error) {
			return p.ids("WHERE at < ? ORDER BY at, id LIMIT ?", keep.Since.UnixMicro(), most)
		},
		func(most int) ([]string, error) { return p.excessOfUsers(keep.CountOfUser, most) },
		func(most int) ([]string, error) { return p.excess(keep.Count, most) },
	)
}
