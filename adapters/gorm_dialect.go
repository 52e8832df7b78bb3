package adapters

import (
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// dialect is all that differs between databases. What isn't here is the same for each.
type dialect struct {
	// over makes the dialect that writes statements for GORM.
	over func(gorm.ConnPool) gorm.Dialector

	// beginRead begins a transaction that sees one moment, beginWrite one that makes other
	// writers wait, or lets them fail, from its first statement on.
	beginRead, beginWrite string

	// hasTable counts the tables of a name.
	hasTable string

	// equal returns a condition that an index can serve and that finds every row whose
	// column has just these bytes (NULL counting as empty). It may find more.
	equal func(column, value string) (condition string, args []any)

	// rows calls row for each row of a policy table in order of id.
	rows func(tx *gorm.DB, table string, row func(authz.Row) error) error

	migrations []migration
}

// dialects are by the name that GORM's driver gives itself.
var dialects = map[string]*dialect{"sqlite": &sqliteDialect}
