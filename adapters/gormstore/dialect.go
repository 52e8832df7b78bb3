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

	// Equal returns a condition that an index can serve and that finds every row whose
	// column has just these bytes, NULL being empty. It may find more: what it finds is
	// compared in Go. The zero compares with =, and is for columns that hold only texts.
	Equal func(column, value string) (condition string, args []any)

	// Rows calls row for each row of a policy table in order of id, values exactly as they are
	// stored, NULL as empty. An error of row ends it and is returned. The zero reads the
	// columns one by one.
	Rows func(tx *gorm.DB, table string, row func(authz.Row) error) error

	// IsConflict reports whether an error says that the database gave up the transaction for
	// another one, so that it can be tried again. The zero is for databases that never do.
	IsConflict func(error) bool

	// HideValues returns an error whose text has no values of the policy in it: errors end up
	// in logs. The zero is for databases whose texts have none.
	HideValues func(error) error

	// Check returns an error if values wouldn't come back as they went in, with these tables
	// or on connections as the host has set them up. The zero checks nothing.
	Check func(tx *gorm.DB, t Tables) error

	// Migrations make the tables, in order of their versions. Required.
	Migrations []Migration

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
	if d.Rows == nil {
		d.Rows = rowsByColumn
	}
	if d.IsConflict == nil {
		d.IsConflict = func(error) bool { return false }
	}
	if d.HideValues == nil {
		d.HideValues = func(err error) error { return err }
	}
	if d.Check == nil {
		d.Check = func(*gorm.DB, Tables) error { return nil }
	}
	if d.Alone == nil {
		d.Alone = func(_ *gorm.DB, work func() error) error { return work() }
	}
	return d, nil
}

// plainEqual is the Equal of databases whose columns hold only texts.
func plainEqual(column, value string) (string, []any) {
	if value == "" {
		return "(" + column + " IS NULL OR " + column + " = '')", nil
	}
	return column + " = ?", []any{value}
}

// CountWrite is the statement with which a trigger counts a write of another program to the rules or
// the groups.
const CountWrite = "UPDATE {state} SET writes = writes + 1 WHERE id = 1 AND NOT committing"

// CountEarlierWrites is the statement of a migration that adds such triggers. It makes the next start
// look for earlier foreign writes.
const CountEarlierWrites = "UPDATE {state} SET writes = 1 WHERE revision > 0"

// CountingTriggers returns statements for a migration: they make triggers of this body for every
// row of the rules and the groups that is written. With replace, triggers of the same names are
// dropped first.
func CountingTriggers(body string, replace bool) []string {
	var statements []string
	for _, table := range []string{"rules", "groups"} {
		for _, event := range []string{"insert", "update", "delete"} {
			name := fmt.Sprintf("{%s}_%s_count", table, event)
			if replace {
				statements = append(statements, "DROP TRIGGER IF EXISTS "+name)
			}
			statements = append(statements, fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON {%s} FOR EACH ROW %s", name, strings.ToUpper(event), table, body))
		}
	}
	return statements
}

// Clone returns a copy of d that shares nothing with it.
func (d Dialect) Clone() Dialect {
	d.BeginRead, d.BeginWrite, d.Migrations = slices.Clone(d.BeginRead), slices.Clone(d.BeginWrite), slices.Clone(d.Migrations)
	for i := range d.Migrations {
		m := &d.Migrations[i]
		m.Rules, m.Adopted, m.Statements = slices.Clone(m.Rules), slices.Clone(m.Adopted), slices.Clone(m.Statements)
	}
	return d
}
