package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/rightful-go/rightful/adapters/internal/storedb"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options say how a [Store] uses its database. The zero value is a store without a prefix that
// makes its tables itself. In a database where another program has filled the policy table, nothing
// is made and nothing is written until the engine adopts that table, see authz.AdoptOptions.
type Options struct {
	// Prefix begins the names of the tables, so that several stores share a database: a
	// tenant is a store with its own prefix. It matches [a-z][a-z0-9_]{0,23} or is empty,
	// and must never come from a request. As in gorm-adapter, an underscore is put behind
	// it unless it ends with one: "acme" and "acme_" are the same prefix.
	Prefix string

	// SkipMigration leaves the tables to someone else, who runs what MigrationSQL of the
	// package of the database returns. Opening fails if the tables aren't as this version of
	// Rightful needs them, or if the file of an SQLite database doesn't exist.
	SkipMigration bool
}

// Store is an [authz.Store], an [authz.CheckpointStore], an [authz.DenialStore], an [authz.RequestStore] and an
// [authz.UsageStore] in a database. Open one with Open or New of the package of the database.
type Store struct {
	pool    *sql.DB
	owned   bool     // Close closes the pool
	db      *gorm.DB // our own over the pool, so that neither its settings nor a host's reach the other
	dialect Dialect
	tables  Tables

	skipMigration bool
	unadopted     atomic.Bool // see unadopted.go
}

var (
	_ authz.Store           = (*Store)(nil)
	_ authz.CheckpointStore = (*Store)(nil)
	_ authz.DenialStore     = (*Store)(nil)
	_ authz.RequestStore    = (*Store)(nil)
	_ authz.UsageStore      = (*Store)(nil)
)

func init() {
	storedb.Of = func(store any) storedb.Database {
		s := store.(*Store)
		return storedb.Database{Pool: s.pool, GORM: s.db, Rules: s.tables.Rules}
	}
}

// New opens a store in db, a database of the host's that stays the host's: [Store.Close] leaves
// it open, and none of its settings, plugins and callbacks changes or has any effect on the
// store. It is an error if db is a transaction, or of another database than the dialect.
func New(ctx context.Context, db *gorm.DB, d Dialect, o Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("there is no *gorm.DB")
	}
	if name := db.Name(); name != d.Name {
		return nil, fmt.Errorf("the *gorm.DB is of GORM's %s driver; this package is for %s", name, d.Name)
	}
	if _, ok := db.Statement.ConnPool.(gorm.TxCommitter); ok {
		return nil, errors.New("the *gorm.DB is a transaction; a store needs the database itself")
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("get at the database behind GORM: %w", err)
	}
	return open(ctx, pool, d, o)
}

// Open opens a store in the database behind pool, which belongs to the store from now on:
// [Store.Close] closes it, and so does Open where it fails.
func Open(ctx context.Context, pool *sql.DB, d Dialect, o Options) (*Store, error) {
	s, err := open(ctx, pool, d, o)
	if err != nil {
		_ = pool.Close()
		return nil, err
	}
	s.owned = true
	return s, nil
}

func open(ctx context.Context, pool *sql.DB, d Dialect, o Options) (*Store, error) {
	d, err := d.complete()
	if err != nil {
		return nil, err
	}
	tables, err := TablesOf(o.Prefix)
	if err != nil {
		return nil, err
	}
	db, err := gorm.Open(d.Dialector(connPool{pool}), &gorm.Config{
		Logger:                 logger.Discard, // statements carry user ids
		SkipDefaultTransaction: true,           // ours are begun in inTransaction
		DisableAutomaticPing:   true,
	})
	if err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	s := &Store{pool: pool, db: db, dialect: d, tables: tables, skipMigration: o.SkipMigration}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// connPool hides from GORM that it has a database that it could close: gorm.Open does so
// when something fails, even if the database is the host's.
type connPool struct{ gorm.ConnPool }

// Close ends the use of the store. It closes the database, unless that is the host's.
func (s *Store) Close() error {
	if !s.owned {
		return nil
	}
	return s.pool.Close()
}
