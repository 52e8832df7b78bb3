package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	driver "github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// Dialect returns what this package knows of SQLite, as a model for another database: change the
// copy and call gormstore.Open or gormstore.New with it.
func Dialect() gormstore.Dialect { return dialect.Clone() }

var dialect = gormstore.Dialect{
	Name:         "sqlite",
	Dialector:    func(pool gorm.ConnPool) gorm.Dialector { return &driver.Dialector{Conn: pool} },
	BeginRead:    []string{"BEGIN"},
	BeginWrite:   []string{"BEGIN IMMEDIATE"}, // two that read first and write then would deadlock
	HasTable:     "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
	HasTriggers:  "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? AND instr(name, '_count') > 0",
	Equal:        equal,
	Rows:         readRows,
	Migrations:   migrations,
	RefusesValue: refusesValue,

	ScriptBegin: "BEGIN IMMEDIATE;",
	ScriptEnd:   "COMMIT;",
}

// equal finds texts and, since SQLite lets any value into any column, blobs of the same
// bytes: they load as the same row and have to go with it.
func equal(column, value string) (string, []any) {
	if value == "" {
		return "(" + column + " IS NULL OR " + column + " IN ('', x''))", nil
	}
	return column + " IN (?, CAST(? AS BLOB))", []any{value, value}
}

// refusesValue knows values that are too large, of another type or against a constraint,
// https://www.sqlite.org/rescode.html.
func refusesValue(err error) bool {
	const tooBig, constraint, mismatch = 18, 19, 20
	var coded interface{ Code() int }
	return errors.As(err, &coded) && slices.Contains([]int{tooBig, constraint, mismatch}, coded.Code()&0xff)
}

// separator stands between the values of a row on their way out of SQLite.
var separator = []byte{0x1f}

// readRows reads the columns joined into one, because what costs time in the driver is
// each value: a million rows take half as long as by columns. A row with the separator in
// one of its values, which no name may have, is read again by its columns.
func readRows(tx *gorm.DB, table string, row func(authz.Row) error) error {
	rows, err := tx.Raw(`SELECT id,
		COALESCE(ptype, '') || char(31) || COALESCE(v0, '') || char(31) || COALESCE(v1, '') || char(31) ||
		COALESCE(v2, '') || char(31) || COALESCE(v3, '') || char(31) || COALESCE(v4, '') || char(31) || COALESCE(v5, '')
		FROM ` + table + ` ORDER BY id`).Rows()
	if err != nil {
		return fmt.Errorf("read the policy table: %w", err)
	}
	defer rows.Close()
	var joined sql.RawBytes
	for rows.Next() {
		var r authz.Row
		if err := rows.Scan(&r.ID, &joined); err != nil {
			return fmt.Errorf("read a row of the policy table: %w", err)
		}
		if !splitRow(joined, &r) {
			if r, err = rowByID(tx, table, r.ID); err != nil {
				return err
			}
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

// splitRow takes joined values apart, unless the separator is in one of them.
func splitRow(joined []byte, r *authz.Row) bool {
	if bytes.Count(joined, separator) != len(r.V) {
		return false
	}
	value, joined, _ := bytes.Cut(joined, separator)
	r.Type = string(value)
	for i := range r.V {
		value, joined, _ = bytes.Cut(joined, separator)
		r.V[i] = string(value)
	}
	return true
}

// rowByID reads a row by its columns.
func rowByID(tx *gorm.DB, table string, id int64) (authz.Row, error) {
	var values [7]sql.NullString
	err := tx.Raw("SELECT ptype, v0, v1, v2, v3, v4, v5 FROM "+table+" WHERE id = ?", id).Row().
		Scan(&values[0], &values[1], &values[2], &values[3], &values[4], &values[5], &values[6])
	if err != nil {
		return authz.Row{}, fmt.Errorf("read a row of the policy table: %w", err)
	}
	r := authz.Row{ID: id, Type: values[0].String}
	for i := range r.V {
		r.V[i] = values[i+1].String
	}
	return r, nil
}
