package gormstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// batch is how many rows one statement handles. With at most ten variables each, that is far
// below what any database takes (SQLite 32,766, PostgreSQL 65,535).
const batch = 50

// idBatch is how many rows one statement handles that names them by their id alone.
const idBatch = 500

// Commit implements [authz.Store], in one transaction.
func (s *Store) Commit(ctx context.Context, c authz.Commit) (err error) {
	defer s.judge(&err)
	foreign, err := s.isUnadopted(s.db.WithContext(ctx))
	if err != nil {
		return err
	}
	if foreign {
		return s.prepareAdoption(ctx)
	}
	err = s.inTransaction(ctx, s.dialect.BeginWrite, func(tx *gorm.DB) error {
		c, err := s.overtaken(ctx, tx, c)
		if err != nil {
			return err
		}
		behind, err := s.advance(tx, c) // first, for it decides whether there is anything to do
		if err != nil {
			return err
		}
		err = inTurn(tx, c, s.renameAll, s.removeRows, s.addRows, s.writeEnds, s.writeGroups)
		if err != nil && behind { // what was written since may be in the way
			return fmt.Errorf("%w: %w", authz.ErrConflict, err)
		}
		if err != nil {
			return err
		}
		// The record is behind all rules, groups and ends: from there on, triggers count again.
		return inTurn(tx, c, s.writeUsers, s.decideAll, s.writeRecord, s.archive)
	})
	if err != nil && s.dialect.IsConflict(err) {
		return fmt.Errorf("%w: %w", authz.ErrConflict, err)
	}
	return err
}

// inTurn carries out steps of a commit until one fails.
func inTurn(tx *gorm.DB, c authz.Commit, steps ...func(*gorm.DB, authz.Commit) error) error {
	for _, step := range steps {
		if err := step(tx, c); err != nil {
			return err
		}
	}
	return nil
}

// advance moves the state on to the commit's revision, or returns [authz.ErrConflict] or
// [authz.ErrTooEarly], and reports whether the commit is behind other programs. From here until the record is inserted
// the triggers count nothing. Its first statement makes one of two commits wait for the other.
func (s *Store) advance(tx *gorm.DB, c authz.Commit) (behind bool, err error) {
	if c.Record.Revision != c.Onto.Revision+1 {
		return false, authz.ErrConflict
	}
	counted := c.Onto.Writes
	if c.Behind {
		if counted, err = s.writesNow(tx); err != nil {
			return false, err
		}
		if counted < c.Onto.Writes { // another state, from a backup
			return false, authz.ErrConflict
		}
	}
	due, dueArgs := s.due(c.NotBefore)
	args := append([]any{
		c.Record.Revision, notNil(c.Record.Hash), c.Milestones.Seeded, c.Milestones.HadAdministrator,
		counted, c.Onto.Writes, true, c.Onto.Revision, notNil(c.Onto.Hash), counted,
	}, dueArgs...)
	done := tx.Exec("UPDATE "+s.tables.State+` SET revision = ?, hash = ?, seeded = ?, had_administrator = ?,
		writes = ?, recorded = ?, committing = ? WHERE id = 1 AND revision = ? AND hash = ? AND `+s.tables.In(writes)+" = ?"+due, args...)
	if done.Error != nil {
		return false, fmt.Errorf("advance the revision: %w", done.Error)
	}
	if done.RowsAffected != 1 {
		return false, s.whyNot(tx, c, counted)
	}
	return counted != c.Onto.Writes, s.checkClock(c.NotBefore)
}

// writesNow keeps all other writers out, those of other programs included, and returns how often these have written.
func (s *Store) writesNow(tx *gorm.DB) (int64, error) {
	if err := s.keepOthersOut(tx); err != nil {
		return 0, err
	}
	now, err := s.readPosition(tx)
	return now.Writes, err
}

// keepOthersOut makes all other writers wait for the end of the transaction.
func (s *Store) keepOthersOut(tx *gorm.DB) error {
	// Every database locks the row for that, and gives it to those who wait in their order.
	if err := tx.Exec("UPDATE " + s.tables.State + " SET id = id WHERE id = 1").Error; err != nil {
		return fmt.Errorf("wait for other writers: %w", err)
	}
	return nil
}

func (s *Store) renameAll(tx *gorm.DB, c authz.Commit) error {
	for i, rename := range c.Renames {
		if err := s.rename(tx, rename); err != nil {
			return fmt.Errorf("rename %d: %w", i, err)
		}
	}
	return nil
}

// rename gives the group its new name, in its own row and in every row of the policy.
func (s *Store) rename(tx *gorm.DB, rename authz.Rename) error {
	from, to := string(rename.From.Subject()), string(rename.To.Subject())
	left, leftArgs := s.dialect.Equal("v0", from)
	right, rightArgs := s.dialect.Equal("v1", from)
	var lefts, rights []int64
	err := s.candidates(tx, left+" OR "+right, append(leftArgs, rightArgs...), func(r authz.Row) {
		if r.V[0] == from {
			lefts = append(lefts, r.ID)
		}
		if r.Type == "g" && r.V[1] == from {
			rights = append(rights, r.ID)
		}
	})
	if err != nil {
		return err
	}
	if err := s.setColumn(tx, "v0", to, lefts); err != nil {
		return err
	}
	if err := s.setColumn(tx, "v1", to, rights); err != nil {
		return err
	}
	err = tx.Exec("UPDATE "+s.tables.Groups+" SET name = ? WHERE name = ?", string(rename.To), string(rename.From)).Error
	if err != nil {
		return fmt.Errorf("rename the group: %w", err)
	}
	return s.renameEnds(tx, rename)
}

// setColumn writes a value into a column of the policy rows with these ids.
func (s *Store) setColumn(tx *gorm.DB, column, value string, ids []int64) error {
	for some := range slices.Chunk(ids, idBatch) {
		done := tx.Exec("UPDATE "+s.tables.Rules+" SET "+column+" = ? WHERE id IN ?", value, some)
		if err := checkCount(done, len(some)); err != nil {
			return fmt.Errorf("update rows of the policy table: %w", err)
		}
	}
	return nil
}

// removeRows removes RemoveRows and RemoveIDs. What to remove is compared here and not in
// SQL, where collations differ; it goes by id, and the count must be right.
func (s *Store) removeRows(tx *gorm.DB, c authz.Commit) error {
	ids, err := s.findRows(tx, c.RemoveRows)
	if err != nil {
		return err
	}
	if err := s.checkIDs(tx, c.RemoveIDs); err != nil {
		return err
	}
	ids = append(ids, c.RemoveIDs...)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for some := range slices.Chunk(ids, idBatch) {
		done := tx.Exec("DELETE FROM "+s.tables.Rules+" WHERE id IN ?", some)
		if err := checkCount(done, len(some)); err != nil {
			return fmt.Errorf("remove rows of the policy table: %w", err)
		}
	}
	return nil
}

// findRows returns the ids of all rows that are byte for byte among wanted. An error names a
// wanted row that isn't there by its place and not by its values, which don't belong in logs.
func (s *Store) findRows(tx *gorm.DB, wanted []authz.Row) ([]int64, error) {
	found := make(map[authz.Row]bool, len(wanted))
	for _, r := range wanted {
		found[withoutID(r)] = false
	}
	var ids []int64
	for some := range slices.Chunk(wanted, batch) {
		query, args := s.anyOf(some)
		err := readRows(tx.Raw(query, args...), func(r authz.Row) error {
			if _, ok := found[withoutID(r)]; ok {
				found[withoutID(r)] = true
				ids = append(ids, r.ID)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for i, r := range wanted {
		if !found[withoutID(r)] {
			return nil, fmt.Errorf("row %d to remove isn't in the policy table", i)
		}
	}
	return ids, nil
}

// anyOf returns a query that finds at least the rows that are wanted, by the columns that the index of the table
// begins with. It looks for each by itself: where many share a column, PostgreSQL would rather read all that
// share it than look for each of a list of alternatives.
func (s *Store) anyOf(wanted []authz.Row) (string, []any) {
	alternatives := make([]string, len(wanted))
	var all []any
	for i, r := range wanted {
		kind, kindArgs := s.dialect.Equal("ptype", r.Type)
		left, leftArgs := s.dialect.Equal("v0", r.V[0])
		right, rightArgs := s.dialect.Equal("v1", r.V[1])
		alternatives[i] = "SELECT " + ruleColumns + " FROM " + s.tables.Rules + " WHERE " + kind + " AND " + left + " AND " + right
		all = slices.Concat(all, kindArgs, leftArgs, rightArgs)
	}
	return strings.Join(alternatives, " UNION ALL "), all
}

// candidates calls row for each row of the policy table that meets a condition.
func (s *Store) candidates(tx *gorm.DB, condition string, args []any, row func(authz.Row)) error {
	query := tx.Raw("SELECT "+ruleColumns+" FROM "+s.tables.Rules+" WHERE "+condition, args...)
	return readRows(query, func(r authz.Row) error { row(r); return nil })
}

// checkIDs returns an error that names the first row that isn't there.
func (s *Store) checkIDs(tx *gorm.DB, ids []int64) error {
	for some := range slices.Chunk(ids, idBatch) {
		var there []int64
		if err := tx.Raw("SELECT id FROM "+s.tables.Rules+" WHERE id IN ?", some).Scan(&there).Error; err != nil {
			return fmt.Errorf("look for rows of the policy table: %w", err)
		}
		for _, id := range some {
			if !slices.Contains(there, id) {
				return fmt.Errorf("the row to remove with id %d isn't in the policy table", id)
			}
		}
	}
	return nil
}

func (s *Store) addRows(tx *gorm.DB, c authz.Commit) error {
	some := make([]authz.Row, 0, batch)
	for r := range c.Added() {
		if some = append(some, r); len(some) < batch {
			continue
		}
		if err := s.addSome(tx, some); err != nil {
			return err
		}
		some = some[:0]
	}
	return s.addSome(tx, some)
}

// addSome adds rows. To the index of some databases, texts that differ in spaces at their ends are equal, and so a
// bad row that another program wrote keeps the rule that it resembles out of the table. That rule is added with NULL in its last
// column, which no index takes for equal and everyone reads as empty.
func (s *Store) addSome(tx *gorm.DB, rows []authz.Row) error {
	err := insertRows(tx, s.tables.Rules, rows, "")
	if err == nil || !s.dialect.IsDuplicate(err) {
		return err
	}
	if half := len(rows) / 2; half > 0 {
		if err := s.addSome(tx, rows[:half]); err != nil {
			return err
		}
		return s.addSome(tx, rows[half:])
	}
	if _, missing := s.findRows(tx, rows); missing == nil {
		return err
	}
	return insertRows(tx, s.tables.Rules, rows, nil)
}

func insertRows(tx *gorm.DB, table string, rows []authz.Row, last any) error {
	return insert(tx, table, "ptype, v0, v1, v2, v3, v4, v5", func(yield func([]any) bool) {
		for _, r := range rows {
			values := []any{r.Type, r.V[0], r.V[1], r.V[2], r.V[3], r.V[4], r.V[5]}
			if last == nil {
				values[6] = nil
			}
			if !yield(values) {
				return
			}
		}
	})
}

func (s *Store) writeGroups(tx *gorm.DB, c authz.Commit) error {
	rows := make([][]any, len(c.PutGroups))
	for i, g := range c.PutGroups {
		rows[i] = []any{
			string(g.Name), g.Description, g.Version.Revision, g.Version.Hash[:], g.UpdatedAt, string(g.UpdatedBy.Kind), g.UpdatedBy.ID,
		}
	}
	if err := deleteKeys(tx, s.tables.Groups, "name", c.DeleteGroups); err != nil {
		return err
	}
	return s.put(tx, s.tables.Groups, "name", []string{"description", "version", "version_hash", "updated_at", "updated_by_kind", "updated_by_id"}, slices.Values(rows))
}

func (s *Store) writeUsers(tx *gorm.DB, c authz.Commit) error {
	ids := slices.Clone(c.Users)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	version := authz.NewVersion(c.Record.Revision, c.Record.Hash)
	return s.put(tx, s.tables.Users, "user_id", []string{"version", "version_hash"}, func(yield func([]any) bool) {
		for _, id := range ids {
			if !yield([]any{string(id), version.Revision, version.Hash[:]}) {
				return
			}
		}
	})
}

func (s *Store) writeRecord(tx *gorm.DB, c authz.Commit) error {
	r := c.Record
	first, others := keyColumns(c.Keys)
	err := insert(tx, s.tables.Changes,
		"revision, at, actor_kind, actor_id, channel, reason, action, target, delta, hash, key_1, key_2, key_3", slices.Values([][]any{{
			r.Revision, r.At, string(r.Actor.Kind), r.Actor.ID, r.Channel, r.Reason, string(r.Action),
			r.Target, stored(r.Delta), notNil(r.Hash), first[0], first[1], first[2],
		}}))
	if err != nil {
		return err
	}
	rows := make([][]any, len(others))
	for i, key := range others {
		rows[i] = []any{key, r.Revision}
	}
	return insert(tx, s.tables.ChangeKeys, "change_key, revision", slices.Values(rows))
}

// deleteKeys deletes the rows with these keys. Keys without a row are skipped.
func deleteKeys[S ~string](tx *gorm.DB, table, column string, keys []S) error {
	for some := range slices.Chunk(keys, batch) {
		if err := tx.Exec("DELETE FROM "+table+" WHERE "+column+" IN ?", some).Error; err != nil {
			return fmt.Errorf("delete from %s: %w", table, err)
		}
	}
	return nil
}

// put inserts rows into a table of ours: the key, which may be of several columns, and then the other columns. A row
// whose key exists already is replaced.
func (s *Store) put(tx *gorm.DB, table, key string, columns []string, rows iter.Seq[[]any]) error {
	return insertOr(tx, table, key+", "+strings.Join(columns, ", "), rows, " "+s.dialect.Replace(key, columns))
}

func insert(tx *gorm.DB, table, columns string, rows iter.Seq[[]any]) error {
	return insertOr(tx, table, columns, rows, "")
}

// insertOr inserts rows; or says what becomes of a row that exists already.
func insertOr(tx *gorm.DB, table, columns string, rows iter.Seq[[]any], or string) error {
	some := make([]any, 0, batch)
	flush := func() error {
		if len(some) == 0 {
			return nil
		}
		values := strings.TrimSuffix(strings.Repeat("?,", len(some)), ",")
		if err := tx.Exec("INSERT INTO "+table+" ("+columns+") VALUES "+values+or, some...).Error; err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
		some = some[:0]
		return nil
	}
	for row := range rows {
		if some = append(some, row); len(some) < batch { // GORM writes a list in parentheses
			continue
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return flush()
}

func checkCount(done *gorm.DB, want int) error {
	if done.Error == nil && done.RowsAffected != int64(want) {
		return fmt.Errorf("%d rows instead of %d", done.RowsAffected, want)
	}
	return done.Error
}

func withoutID(r authz.Row) authz.Row {
	r.ID = 0
	return r
}

// notNil keeps empty bytes from being stored as NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
