// Package database opens databases by addresses of any kind, for the command, the examples and
// tests. It links every driver, so nothing that a host imports may import it. Start with [Open].
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

// kind is a kind of database: what its package can do.
type kind struct {
	open         func(context.Context, string, gormstore.Options) (*gormstore.Store, error)
	over         func(context.Context, *gorm.DB, gormstore.Options) (*gormstore.Store, error)
	dialector    func(string) (gorm.Dialector, error)
	migrationSQL func(string) (string, error)
}

// kinds are by the name that GORM's driver gives itself.
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

// Dialector returns what gorm.Open takes for such an address.
func Dialector(address string) (gorm.Dialector, error) {
	k, err := kindOf(address)
	if err != nil {
		return nil, err
	}
	return k.dialector(address)
}

// New opens the store in a database that [Dialector] led to. Closing the store leaves it open.
func New(ctx context.Context, db *gorm.DB, o gormstore.Options) (*gormstore.Store, error) {
	k, ok := kinds[db.Name()]
	if !ok {
		return nil, fmt.Errorf("databases of GORM's %s driver aren't supported; those of sqlite, postgres and mysql are", db.Name())
	}
	return k.over(ctx, db, o)
}

// MigrationSQL returns the SQL that makes the tables of a store in a database of a kind: "sqlite",
// "postgres" or "mysql".
func MigrationSQL(database, prefix string) (string, error) {
	k, ok := kinds[database]
	if !ok {
		return "", fmt.Errorf("there are no tables for databases of the kind %q; there are for sqlite, postgres and mysql", database)
	}
	return k.migrationSQL(prefix)
}

// kindOf knows the kind by the scheme. Its error has nothing of the address in it, which may be a
// password in the wrong place.
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
