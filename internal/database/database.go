// Package database opens databases of every supported kind, for the command, the examples and tests. It
// links every driver, so packages that a host imports must not import it. Start with [Open].
package database

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/mysql"
	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"gorm.io/gorm"
)

// kind is a kind of database: the functions of its package.
type kind struct {
	open         func(context.Context, string, gormstore.Options) (*gormstore.Store, error)
	over         func(context.Context, *gorm.DB, gormstore.Options) (*gormstore.Store, error)
	dialector    func(string) (gorm.Dialector, error)
	migrationSQL func(string) (string, error)
}

// kinds maps names of GORM's drivers.
var kinds = map[string]kind{
	"sqlite":   {sqlite.Open, sqlite.New, sqlite.Dialector, sqlite.MigrationSQL},
	"postgres": {postgres.Open, postgres.New, postgres.Dialector, postgres.MigrationSQL},
	"mysql":    {mysql.Open, mysql.New, mysql.Dialector, mysql.MigrationSQL},
}

// Open opens the store at an address: sqlite:PATH, postgres://… (or postgresql://…) or mysql://…,
// see Open of the packages sqlite, postgres and mysql. No error shows a password.
func Open(ctx context.Context, address string, o gormstore.Options) (*gormstore.Store, error) {
	k, err := kindOf(address)
	if err != nil {
		return nil, err
	}
	return k.open(ctx, address, o)
}

// Dialector returns the argument of gorm.Open for such an address.
func Dialector(address string) (gorm.Dialector, error) {
	k, err := kindOf(address)
	if err != nil {
		return nil, err
	}
	return k.dialector(address)
}

// New opens the store in a database that was opened with [Dialector]. Closing the store leaves the
// database open.
func New(ctx context.Context, db *gorm.DB, o gormstore.Options) (*gormstore.Store, error) {
	k, ok := kinds[db.Name()]
	if !ok {
		return nil, fmt.Errorf("GORM's %s driver is not supported; use sqlite, postgres or mysql", db.Name())
	}
	return k.over(ctx, db, o)
}

// MigrationSQL returns the SQL that creates the tables of a store. The database is "sqlite", "postgres"
// or "mysql".
func MigrationSQL(database, prefix string) (string, error) {
	k, ok := kinds[database]
	if !ok {
		return "", fmt.Errorf("databases of the kind %q are not supported; use sqlite, postgres or mysql", database)
	}
	return k.migrationSQL(prefix)
}

// kindOf returns the kind of the scheme. Its error doesn't repeat the address, which may be a password in
// the wrong place.
func kindOf(address string) (kind, error) {
	scheme, _, ok := strings.Cut(address, ":")
	if !ok {
		scheme = ""
	}
	if scheme == "postgresql" {
		scheme = "postgres"
	}
	if k, ok := kinds[scheme]; ok {
		return k, nil
	}
	return kind{}, errors.New("the address of the database must be of the form sqlite:PATH, postgres://… or mysql://…")
}
