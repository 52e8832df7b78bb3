package gormstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// Dialect is all that differs between databases. Fields that aren't said to be required have a
// useful zero.
type Dialect struct {
	// Name is what GORM's driver of the database calls itself, such as "postgres". Required.
	Name string

	// Dialector returns GORM's dialect over a pool. It asks the database nothing. Required.
	Dialector func(gorm.ConnPool) gorm.Dialector

	// BeginRead begins a transaction that sees the database at one moment. Required.
	BeginRead []string

	// BeginWrite begins a transaction that makes other writers wait, or fail, from the first
	// statement of a commit on. Required.
	BeginWrite []string

	// HasTable is a query that counts the tables of a name, its only variable. Required.
	HasTable string

	// HasTriggers is a query that counts the triggers of a table, its only variable, that count the writes of other
	// programs; their names contain "_count". If the account can't see triggers, it returns 1. The zero checks nothing.
	HasTriggers string

	// Equal returns a condition that an index can serve and that finds every row whose
	// column has just these bytes, NULL being empty. It may find more: what it finds is
	// compared in Go. The zero compares with =, and is for columns that hold only texts.
	Equal func(column, value string) (condition string, args []any)

	// Replace returns the end of an INSERT that replaces a row of a table of ours if its key exists already: it
	// sets the columns to the values of the INSERT. A key of several columns has commas between them. The zero
	// is for databases that know ON CONFLICT.
	Replace func(key string, columns []string) string

	// Raise returns the end of an INSERT into a table of ours that, if the key exists already, sets one column to the
	// value of the INSERT where that is greater. The zero is for databases that know ON CONFLICT.
	Raise func(table, key, column string) string

	// Now is an expression for the database's clock at that moment, in whole microseconds since 1970, UTC,
	// whatever the time zone of the connection. The zero is for databases on the machine of the program: its
	// clock is theirs.
	Now string

	// Rows calls row for each row of a policy table in order of id, values exactly as they are
	// stored, NULL as empty. An error of row ends it and is returned. The zero reads the
	// columns one by one.
	Rows func(tx *gorm.DB, table string, row func(authz.Row) error) error

	// IsConflict reports whether an error says that the database gave up the transaction for
	// another one, so that it can be tried again. The zero is for databases that never do.
	IsConflict func(error) bool

	// RefusesValue reports whether an error says that the database can't take a value: it can be reached, and
	// would refuse the value again. The zero is for databases that take all.
	RefusesValue func(error) bool

	// IsDuplicate reports whether an error says that the index of the policy table takes a row for one that is there, in a
	// database to whose indexes texts are equal that differ in spaces at their ends. The zero is for the others.
	IsDuplicate func(error) bool

	// HideValues returns an error whose text has no values of the policy in it: errors end up
	// in logs. The zero is for databases whose texts have none.
	HideValues func(error) error

	// Check returns an error if values wouldn't come back as they went in, in this database or on
	// connections as the host has set them up. The zero checks nothing.
	Check func(tx *gorm.DB, t Tables) error

	// CheckRules returns an error if the policy table doesn't keep values as they are written. A
	// table that isn't adopted yet isn't checked. The zero checks nothing.
	CheckRules func(tx *gorm.DB, t Tables) error

	// Migrations make the tables, in order of their versions. Required.
	Migrations []Migration

	// Adopting are statements that run outside a transaction before the tables are made beside a policy
	// table that another program filled.
	Adopting []string

	// Alone runs work in the transaction tx while no other process migrates. The zero is for
	// databases that have one writing transaction at a time.
	Alone func(tx *gorm.DB, work func() error) error

	// ScriptBegin and ScriptEnd are the lines around each migration in MigrationSQL, empty
	// where definitions of tables can't be taken back.
	ScriptBegin, ScriptEnd string
}

// complete fills in what may be left out, and says what is missing.
func (d Dialect) complete() (Dialect, error) {
	switch {
	case d.Name == "":
		return d, errors.New("the dialect has no Name")
	case d.Dialector == nil, len(d.BeginRead) == 0, len(d.BeginWrite) == 0, d.HasTable == "", len(d.Migrations) == 0:
		return d, fmt.Errorf("the dialect %s lacks one of Dialector, BeginRead, BeginWrite, HasTable and Migrations", d.Name)
	case !slices.IsSortedFunc(d.Migrations, func(a, b Migration) int { return a.Version - b.Version }):
		return d, fmt.Errorf("the migrations of the dialect %s aren't in order of their versions", d.Name)
	}
	if d.Equal == nil {
		d.Equal = plainEqual
	}
	if d.Replace == nil {
		d.Replace = replaceOnConflict
	}
	if d.Raise == nil {
		d.Raise = raiseOnConflict
	}
	if d.Rows == nil {
		d.Rows = rowsByColumn
	}
	if d.IsConflict == nil {
		d.IsConflict = func(error) bool { return false }
	}
	if d.RefusesValue == nil {
		d.RefusesValue = func(error) bool { return false }
	}
	if d.IsDuplicate == nil {
		d.IsDuplicate = func(error) bool { return false }
	}
	if d.HideValues == nil {
		d.HideValues = func(err error) error { return err }
	}
	if d.Check == nil {
		d.Check = func(*gorm.DB, Tables) error { return nil }
	}
	if d.CheckRules == nil {
		d.CheckRules = func(*gorm.DB, Tables) error { return nil }
	}
	if d.Alone == nil {
		d.Alone = func(_ *gorm.DB, work func() error) error { return work() }
	}
	return d, nil
}

// latest returns the version of the tables that this code is written for.
func (d Dialect) latest() int { return d.Migrations[len(d.Migrations)-1].Version }

// plainEqual is the Equal of databases whose columns hold only texts.
func plainEqual(column, value string) (string, []any) {
	if value == "" {
		return "(" + column + " IS NULL OR " + column + " = '')", nil
	}
	return column + " = ?", []any{value}
}

// replaceOnConflict is the Replace of PostgreSQL and SQLite.
func replaceOnConflict(key string, columns []string) string {
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = c + " = excluded." + c
	}
	return "ON CONFLICT (" + key + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// raiseOnConflict is the Raise of PostgreSQL and SQLite. A row that stays is not written.
func raiseOnConflict(table, key, column string) string {
	return replaceOnConflict(key, []string{column}) + " WHERE " + table + "." + column + " < excluded." + column
}

// CountWrite is the statement with which a trigger counts a write of another program to the rules, the
// groups or the ends of memberships.
const CountWrite = "UPDATE {state} SET writes = writes + 1 WHERE id = 1 AND NOT committing"

// CountAgain is the statement with which a trigger on the changes ends a commit: their record is the last row that
// a commit inserts.
const CountAgain = "UPDATE {state} SET committing = false, has_ends = EXISTS (SELECT 1 FROM {memberships}) WHERE id = 1"

// CountEarlierWrites is the statement of a migration that adds such triggers. It makes the next start
// look for earlier foreign writes.
const CountEarlierWrites = "UPDATE {state} SET writes = 1 WHERE revision > 0"

// CountingTriggers returns statements for a migration: they make triggers of this body for every
// row of the rules, the groups and the ends that is written, and triggers of the body again for the end of a commit. With
// replace, triggers of the same names are dropped first.
func CountingTriggers(body, again string, replace bool) []string {
	var statements []string
	add := func(name, event, table, body string) {
		if replace {
			statements = append(statements, "DROP TRIGGER IF EXISTS "+name)
		}
		statements = append(statements, fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON {%s} FOR EACH ROW %s", name, strings.ToUpper(event), table, body))
	}
	for _, table := range []string{"rules", "groups", "memberships"} {
		for _, event := range []string{"insert", "update", "delete"} {
			add(fmt.Sprintf("{%s}_%s_count", table, event), event, table, body)
		}
	}
	add("{changes}_count_again", "insert", "changes", again)
	return statements
}

// Clone returns a copy of d that shares nothing with it.
func (d Dialect) Clone() Dialect {
	d.BeginRead, d.BeginWrite, d.Migrations = slices.Clone(d.BeginRead), slices.Clone(d.BeginWrite), slices.Clone(d.Migrations)
	d.Adopting = slices.Clone(d.Adopting)
	for i := range d.Migrations {
		m := &d.Migrations[i]
		m.Rules, m.Adopted, m.Statements = slices.Clone(m.Rules), slices.Clone(m.Adopted), slices.Clone(m.Statements)
	}
	return d
}
