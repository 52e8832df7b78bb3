package gormstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// requestColumns are those of the table of access requests, as written and as scanned. Permissions are JSON. While a
// request is open, it has a slot of its user's, of which the table has each once, and closed_at is when it expires.
const requestColumns = "id, user_id, slot, denial_id, reason, permissions, one_is_enough, state, created_at, expires_at, ends_at, " +
	"closed_at, decided_by_kind, decided_by_id, decision, revision"

// requestsNewestFirst is the order of requests; the indexes have the id as well.
const requestsNewestFirst = " ORDER BY created_at DESC, id DESC"

// AddRequest implements [authz.RequestStore]. If two of one user come at once, both want the same slot, and the second
// looks again.
func (s *Store) AddRequest(ctx context.Context, r authz.AccessRequest, most authz.OpenRequests) (stored authz.AccessRequest, err error) {
	defer s.judge(&err)
	attempts := most.OfUser + 1
	for range attempts {
		err = s.inTransaction(ctx, s.dialect.BeginWrite, func(tx *gorm.DB) error {
			stored, err = s.addRequest(tx, r, most)
			return err
		})
		if err == nil || !s.dialect.IsConflict(err) && !s.dialect.RefusesValue(err) {
			break
		}
	}
	return stored, err
}

func (s *Store) addRequest(tx *gorm.DB, r authz.AccessRequest, most authz.OpenRequests) (authz.AccessRequest, error) {
	err := tx.Exec("UPDATE "+s.tables.Requests+" SET state = ?, slot = NULL WHERE user_id = ? AND slot IS NOT NULL AND closed_at <= ?",
		string(authz.RequestExpired), string(r.User), r.CreatedAt.UnixMicro()).Error
	if err != nil {
		return authz.AccessRequest{}, fmt.Errorf("close expired access requests: %w", err)
	}
	open, err := s.readRequests(tx, "WHERE user_id = ? AND slot IS NOT NULL ORDER BY slot", string(r.User))
	if err != nil {
		return authz.AccessRequest{}, err
	}
	slot := 0
	for _, other := range open {
		if other.State == authz.RequestOpen && other.SameAccess(r) { // another program may have decided it
			return other.AccessRequest, nil
		}
		if other.slot.Int64 == int64(slot) {
			slot++
		}
	}
	all, err := s.countOpen(tx, r.CreatedAt, most.All)
	switch {
	case err != nil:
		return authz.AccessRequest{}, err
	case slot >= most.OfUser || len(open) >= most.OfUser || all >= most.All:
		return authz.AccessRequest{}, authz.ErrTooManyRequests
	}
	return r, insert(tx, s.tables.Requests, requestColumns, slices.Values([][]any{{
		string(r.ID), string(r.User), slot, string(r.Denial), r.Reason, listed(r.Permissions), r.OneIsEnough, string(r.State),
		r.CreatedAt.UnixMicro(), r.ExpiresAt.UnixMicro(), endOf(r.Until), r.ExpiresAt.UnixMicro(), "", "", "", 0,
	}}))
}

// endOf returns when an access ends, 0 for no end.
func endOf(until time.Time) int64 { return int64(authz.UntilTime(until)) }

// Request implements [authz.RequestStore].
func (s *Store) Request(ctx context.Context, id authz.RequestID) (r authz.AccessRequest, err error) {
	defer s.judge(&err)
	list, err := s.readRequests(s.db.WithContext(ctx), "WHERE id = ?", string(id))
	if err == nil && len(list) == 0 {
		err = authz.ErrNoSuchRequest
	}
	if err != nil {
		return authz.AccessRequest{}, err
	}
	return list[0].AccessRequest, nil
}

// Requests implements [authz.RequestStore].
func (s *Store) Requests(ctx context.Context, q authz.RequestQuery) (list []authz.AccessRequest, err error) {
	defer s.judge(&err)
	where, args := "WHERE 1 = 1", []any{}
	add := func(condition string, values ...any) {
		where += " AND " + condition
		args = append(args, values...)
	}
	if q.User != "" {
		add("user_id = ?", string(q.User))
	}
	switch q.State {
	case "":
	case authz.RequestOpen:
		add("state = ? AND closed_at > ?", string(q.State), q.At.UnixMicro())
	case authz.RequestExpired:
		add("(state = ? OR state = ? AND closed_at <= ?)", string(q.State), string(authz.RequestOpen), q.At.UnixMicro())
	default:
		add("state = ?", string(q.State))
	}
	if !q.Before.IsZero() {
		at := q.Before.UnixMicro()
		add("created_at <= ? AND (created_at < ? OR id < ?)", at, at, string(q.BeforeID))
	}
	rows, err := s.readRequests(s.db.WithContext(ctx), where+requestsNewestFirst+" LIMIT ?", append(args, max(q.Limit, 0))...)
	for _, r := range rows {
		list = append(list, r.AccessRequest)
	}
	return list, err
}

// CountOpen implements [authz.RequestStore].
func (s *Store) CountOpen(ctx context.Context, now time.Time) (n int, err error) {
	defer s.judge(&err)
	const all = 1 << 30
	return s.countOpen(s.db.WithContext(ctx), now, all)
}

// countOpen counts at most so many.
func (s *Store) countOpen(tx *gorm.DB, now time.Time, most int) (n int, err error) {
	err = tx.Raw("SELECT COUNT(*) FROM (SELECT 1 AS one FROM "+s.tables.Requests+" WHERE closed_at > ? AND state = ? LIMIT ?) AS still_open",
		now.UnixMicro(), string(authz.RequestOpen), most).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count the open access requests: %w", err)
	}
	return n, nil
}

// Decide implements [authz.RequestStore].
func (s *Store) Decide(ctx context.Context, d authz.RequestDecision) (err error) {
	defer s.judge(&err)
	return s.writing(ctx, func(tx *gorm.DB) error { return s.decide(tx, d) })
}

// decideAll carries out the decisions of a commit.
func (s *Store) decideAll(tx *gorm.DB, c authz.Commit) error {
	for _, d := range c.Requests {
		if err := s.decide(tx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) decide(tx *gorm.DB, d authz.RequestDecision) error {
	set := "state = ?, slot = NULL, closed_at = ?, decided_by_kind = ?, decided_by_id = ?, decision = ?, revision = ?"
	args := []any{string(d.State), d.At.UnixMicro(), string(d.By.Kind), d.By.ID, d.Reason, d.Revision}
	if d.State == authz.RequestApproved {
		set += ", ends_at = ?"
		args = append(args, endOf(d.Until))
	}
	which, key := "id", string(d.ID)
	if d.ID == "" {
		which, key = "user_id", string(d.User)
	}
	done := tx.Exec("UPDATE "+s.tables.Requests+" SET "+set+" WHERE "+which+" = ? AND state = ? AND closed_at > ?",
		append(args, key, string(authz.RequestOpen), d.At.UnixMicro())...)
	switch {
	case done.Error != nil:
		return fmt.Errorf("decide an access request: %w", done.Error)
	case d.ID == "" || done.RowsAffected == 1:
		return nil
	}
	list, err := s.readRequests(tx, "WHERE id = ?", key)
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return authz.ErrNoSuchRequest
	}
	return authz.ErrRequestDecided
}

// PruneRequests implements [authz.RequestStore].
func (s *Store) PruneRequests(ctx context.Context, keep authz.RequestBounds, limit int) (int, error) {
	p := pruning{s, ctx, s.tables.Requests, "state <> 'open'", requestsNewestFirst}
	return p.run(
		limit,
		func(most int) ([]string, error) {
			return p.ids("WHERE closed_at < ? ORDER BY closed_at, id LIMIT ?", keep.Since.UnixMicro(), most)
		},
		func(most int) ([]string, error) { return p.excessOfUsers(keep.CountOfUser, most) },
		func(most int) ([]string, error) { return p.excess(keep.Count, most) },
	)
}

// requestRow is a row of the table.
type requestRow struct {
	authz.AccessRequest
	slot sql.NullInt64 // while it is open
}

// readRequests reads those that the rest of a statement selects.
func (s *Store) readRequests(tx *gorm.DB, rest string, args ...any) ([]requestRow, error) {
	rows, err := tx.Raw("SELECT "+requestColumns+" FROM "+s.tables.Requests+" "+rest, args...).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the access requests: %w", err)
	}
	defer rows.Close()
	var list []requestRow
	for rows.Next() {
		r, err := scanRequest(rows)
		if err != nil {
			return nil, fmt.Errorf("read an access request: %w", err)
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the access requests: %w", err)
	}
	return list, nil
}

func scanRequest(rows *sql.Rows) (r requestRow, err error) {
	var created, expires, ends, closed int64
	var permissions []byte
	err = rows.Scan(&r.ID, &r.User, or(&r.slot, sql.NullInt64{}), &r.Denial, &r.Reason, &permissions, or(&r.OneIsEnough, false), &r.State,
		or(&created, 0), or(&expires, 0), or(&ends, ended), or(&closed, 0), &r.DecidedBy.Kind, &r.DecidedBy.ID, &r.Decision, or(&r.Revision, 0))
	r.CreatedAt, r.ExpiresAt, r.Until = time.UnixMicro(created).UTC(), time.UnixMicro(expires).UTC(), authz.Until(ends).Time()
	if r.State != authz.RequestOpen && r.State != authz.RequestExpired {
		r.DecidedAt = time.UnixMicro(closed).UTC()
	}
	r.Permissions = unlisted(permissions)
	return r, err
}
