package gormstore

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Column is the column of the host's table that has the ids of the records.
type Column struct {
	// Table is a table or an alias in the query. The zero is the table that the query is about.
	Table string
	// Name has letters, digits, "_" and "$", and so has Table.
	Name string
	// Type is the type of the column. The zero is [TextColumn].
	Type ColumnType
}

// ColumnType is the type of a [Column]. It must be right: MySQL would take the text "7a" for the integer 7.
type ColumnType int

// The types of columns.
const (
	TextColumn    ColumnType = iota // texts of any length and collation; on PostgreSQL text, varchar, char or citext
	IntegerColumn                   // integers of any size
	UUIDColumn                      // PostgreSQL's uuid; elsewhere it is a TextColumn
)

// Scope returns a scope for a host's own query: it finds the records that a user may do an action to, by
// [authz.View.Permitted].
//
//	db.Scopes(gormstore.Scope(engine.View(), user, "files", "view", gormstore.Column{Name: "id"})).Order("id").Find(&files)
//
// A row is found if [authz.View.Can] of "TYPE.ID:action" is true for its id, and no OR elsewhere in the query lets another
// one through. Ids are compared exactly, whatever the collation of the column: "a", "A", "á" and "a " are four ids. An
// integer or UUID is compared by its canonical form: a rule on "007" or "+7" is about no row. A row whose id is NULL is
// never found. The scope works for Update, Updates and Delete too. An insert with it fails, and so do Save and FirstOrCreate
// of a record that it hides, which they would write over.
//
// If the user may see only some records, an index on the column serves; on MySQL only if all their ids are ASCII, where they
// are texts. The condition has two variables for each text, or one for each integer, and never more than 30,000: SQLite
// takes 32,766 in one statement, other databases 65,535. If the user may see all but some records, the database looks at
// every row that the rest of the query finds.
//
// With an error of Permitted the query fails with it and finds nothing. So does a query on another database than SQLite,
// PostgreSQL, MySQL and MariaDB, one with another name of a column, and one that is written with Raw, which no scope
// changes. The work ends with the context of the query. A view is for one request: take a new one for each.
func Scope(view *authz.View, user authz.UserID, recordType, action string, column Column) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		condition, err := newCondition(db, column)
		if err == nil {
			condition.ids, err = view.Permitted(db.Statement.Context, user, recordType, action)
		}
		if err != nil {
			condition = &scopeCondition{} // which is false, because a group of conditions loses the error
		}
		tx := db.Where(condition)
		if err != nil {
			_ = tx.AddError(err)
		}
		condition.guard(tx)
		return tx
	}
}

var columnName = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_$]*$`)

func newCondition(db *gorm.DB, column Column) (*scopeCondition, error) {
	// GORM's own quoting gives dots and quotes in a name a meaning, and can be switched off.
	if !columnName.MatchString(column.Name) || column.Table != "" && !columnName.MatchString(column.Table) {
		return nil, fmt.Errorf("the column %q of the table %q: a name has letters, digits, _ and $", column.Name, column.Table)
	}
	if db.Statement.SQL.Len() > 0 {
		return nil, errors.New("a scope doesn't change a query that is written with Raw; write it with Where")
	}
	texts, known := exactTexts[db.Name()]
	if !known {
		return nil, fmt.Errorf("the database %q isn't SQLite, PostgreSQL or MySQL, so that its comparison of ids isn't known", db.Name())
	}
	c := &scopeCondition{column: clause.Column{Table: column.Table, Name: column.Name}, texts: texts}
	if column.Table == "" {
		c.column.Table = clause.CurrentTable
	}
	c.typed = typedColumns[db.Name()][column.Type]
	return c, nil
}

// conditionsKey is where a statement keeps its conditions by scopes. No clause has this name, so that nothing is built
// from it.
const conditionsKey = "rightful_scopes"

// guard keeps an OR from getting around a condition of a statement. GORM joins conditions without parentheses: "x OR y" and
// the condition would be "x OR (y AND condition)", and scopes that run later can add an OR as well. So the clause is built
// by us, with the condition around all others. A statement that becomes a group of another one's conditions keeps the
// condition within that group.
func (c *scopeCondition) guard(tx *gorm.DB) {
	clauses := tx.Statement.Clauses
	where := clauses["WHERE"]
	all, _ := clauses[conditionsKey].Expression.(scopeConditions)
	if all == nil && where.Builder != nil {
		_ = tx.AddError(errors.New("a plugin builds the conditions of this query, so that the scope can't keep its place"))
	}
	all = append(slices.Clip(all), c)
	clauses[conditionsKey] = clause.Clause{Expression: all}
	where.Builder = all.buildWhere
	clauses["WHERE"] = where
	for _, name := range []string{"INSERT", "VALUES"} { // each dialect builds at most one of them itself
		insert := clauses[name]
		insert.Builder = func(_ clause.Clause, b clause.Builder) { _ = b.AddError(errInsert) }
		clauses[name] = insert
	}
}

// errInsert is of Save, too: what an update doesn't find, it inserts, and replaces what is there.
var errInsert = errors.New("a scope has no effect on an insert; insert without it, and use Updates in place of Save")

// scopeConditions are the conditions by scopes of one statement.
type scopeConditions []*scopeCondition

// Build implements [clause.Expression].
func (all scopeConditions) Build(b clause.Builder) {
	for i, c := range all {
		if i > 0 {
			write(b, clause.AndWithSpace)
		}
		c.Build(b)
	}
}

// buildWhere builds the clause with the conditions in front of all others.
func (all scopeConditions) buildWhere(c clause.Clause, b clause.Builder) {
	where, _ := c.Expression.(clause.Where)
	c.Builder, c.Expression = nil, all
	if rest := all.without(where.Exprs); len(rest) > 0 {
		c.Expression = scoped{all, clause.Where{Exprs: rest}}
	}
	c.Build(b)
}

// without returns expressions without the conditions, in new slices.
func (all scopeConditions) without(list []clause.Expression) (rest []clause.Expression) {
	for _, e := range list {
		switch e := e.(type) {
		case *scopeCondition:
			if slices.Contains(all, e) {
				continue
			}
		case clause.AndConditions: // soft deletion puts all conditions into one of these
			if e.Exprs = all.without(e.Exprs); len(e.Exprs) == 0 {
				continue
			}
			rest = append(rest, e)
			continue
		}
		rest = append(rest, e)
	}
	return rest
}

// scoped are conditions by scopes and all others of a statement.
type scoped struct {
	conditions scopeConditions
	others     clause.Where
}

// Build implements [clause.Expression].
func (s scoped) Build(b clause.Builder) {
	s.conditions.Build(b)
	write(b, clause.AndWithSpace+"(")
	s.others.Build(b)
	write(b, ")")
}
