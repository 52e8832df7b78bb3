package adapters

import (
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// dialect is all that differs between databases. What isn't here is the same for each.
type dialect struct {
	// over makes the dialect that writes statements for GORM. It asks the database nothing.
	over func(gorm.ConnPool) gorm.Dialector

	// beginRead begins a transaction that sees one moment, beginWrite one that makes other
	// writers wait, or lets them fail, from the first statement of a commit on.
	beginRead, beginWrite []string

	// hasTable counts the tables of a name.
	hasTable string

	// equal returns a condition that an index can serve and that finds every row whose
	// column has just these bytes (NULL counting as empty). It may find more.
	equal func(column, value string) (condition string, args []any)

	// rows calls row for each row of a policy table in order of id.
	rows func(tx *gorm.DB, table string, row func(authz.Row) error) error

	// conflict reports whether an error says that the database gave up the transaction for
	// the sake of another one.
	conflict func(error) bool

	// hide returns an error whose text tells no values.
	hide func(error) error

	// check returns an error if values wouldn't come back as they went in, with these
	// tables or on the connections that a host set up.
	check func(*gorm.DB, tables) error

	migrations []migration

	// alone lets no other process migrate while work runs in the transaction tx.
	alone func(tx *gorm.DB, work func() error) error

	// scriptBegin and scriptEnd stand around a migration that someone runs by hand.
	scriptBegin, scriptEnd string
}

// dialects are by the name that GORM's driver gives itself.
var dialects = map[string]*dialect{
	"sqlite":   &sqliteDialect,
	"postgres": &postgresDialect,
	"mysql":    &mysqlDialect,
}

// plainEqual is the equal of databases whose columns hold nothing but text.
func plainEqual(column, value string) (string, []any) {
	if value == "" {
		return "(" + column + " IS NULL OR " + column + " = '')", nil
	}
	return column + " = ?", []any{value}
}

func neverConflict(error) bool { return false }

func hideNothing(err error) error { return err }

func checkNothing(*gorm.DB, tables) error { return nil }

// countWrite is what a trigger does when someone has written to the rules or the groups.
const countWrite = "UPDATE {state} SET writes = writes + 1 WHERE id = 1 AND NOT committing"

// uncounted has the next start look for what was written before there were triggers.
const uncounted = "UPDATE {state} SET writes = 1 WHERE revision > 0"

// countingTriggers returns what makes triggers of this body for every write of a row. With
// replace, those that are there go first.
func countingTriggers(body string, replace bool) []string {
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

// unguarded is the alone of databases whose write transactions are alone anyway.
func unguarded(_ *gorm.DB, work func() error) error { return work() }
