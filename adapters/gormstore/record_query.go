package gormstore

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// keyColumns divides the keys of a record into those that go into its own row and the others. Most
// records have at most three, so that their keys need no statement of their own.
func keyColumns(keys []string) (first [3]string, others []string) {
	return first, keys[copy(first[:], keys):]
}

// Before implements [authz.Store].
func (s *Store) Before(ctx context.Context, q authz.RecordQuery) (list []authz.Record, err error) {
	defer s.judge(&err)
	if foreign, err := s.isUnadopted(s.db.WithContext(ctx)); err != nil || foreign {
		return nil, err
	}
	r := s.newRecordQuery(q)
	switch {
	case len(q.Keys) > 0:
		for _, keys := range q.Keys {
			r.joinKeys(keys)
		}
		r.where("at >= ? AND at < ?", r.since, r.until)
	case r.timed:
		r.joinTimes()
	default:
		r.where("revision < ?", r.before)
	}
	return s.records(s.db.WithContext(ctx), q.MaxBytes, r.sql.String()+" ORDER BY revision DESC LIMIT ?", append(r.args, r.limit)...)
}

// recordQuery builds the part of a statement that selects records. Databases would rather read the
// whole table in order of the revisions than combine indexes. So the revisions come from subqueries
// that indexes answer alone, and only those records are read.
type recordQuery struct {
	tables               Tables
	before, since, until int64
	timed                bool
	limit                int
	most                 int // of the revisions that each key can contribute, 0 for all

	sql   strings.Builder
	args  []any
	joins int
}

func (s *Store) newRecordQuery(q authz.RecordQuery) *recordQuery {
	r := &recordQuery{
		tables: s.tables, limit: max(q.Limit, 0),
		before: cmp.Or(int64(q.Before), math.MaxInt64),
		since:  cmp.Or(q.Since, math.MinInt64), until: cmp.Or(q.Until, math.MaxInt64),
		timed: q.Since != 0 || q.Until != 0,
	}
	if len(q.Keys) == 1 && !r.timed {
		r.most = r.limit // what else a key has is older than all that is returned
	}
	return r
}

func (r *recordQuery) where(condition string, args ...any) {
	r.sql.WriteString(" WHERE " + condition)
	r.args = append(r.args, args...)
}

// joinKeys selects the records that have one of the keys.
func (r *recordQuery) joinKeys(keys []string) {
	var parts []string
	for _, key := range keys {
		for _, column := range []string{"key_1", "key_2", "key_3"} {
			parts = append(parts, r.newest(r.tables.Changes, column+" = ?", key))
		}
		parts = append(parts, r.newest(r.tables.ChangeKeys, "change_key = ?", key))
	}
	r.join(strings.Join(parts, " UNION "))
}

// joinTimes selects the newest records of the period.
func (r *recordQuery) joinTimes() {
	r.most = r.limit
	r.join(r.newest(r.tables.Changes, "at >= ? AND at < ?", r.since, r.until))
}

func (r *recordQuery) join(revisions string) {
	r.joins++
	r.sql.WriteString(" JOIN (" + revisions + ") AS found_" + strconv.Itoa(r.joins) + " USING (revision)")
}

// newest returns a query for the revisions in a table that meet a condition, and notes its arguments.
func (r *recordQuery) newest(table, condition string, args ...any) string {
	query := "SELECT revision FROM " + table + " WHERE " + condition + " AND revision < ?"
	r.args = append(append(r.args, args...), r.before)
	if r.most > 0 {
		query = "SELECT revision FROM (" + query + " ORDER BY revision DESC LIMIT ?) AS newest"
		r.args = append(r.args, r.most)
	}
	return query
}
