// Package postgres keeps a policy in a PostgreSQL database. Start with [Open]; [New] is for a
// host that has the database in GORM already. [NewNotifier] lets the instances on one database
// hear of each other's changes at once.
package postgres

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/server"
	driver "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Open opens the store in the database at an address of the form
// postgres://USER:PASSWORD@HOST:PORT/DATABASE, or postgresql://, with the parameters of libpq that
// pgx knows, such as sslmode and search_path; what the address leaves out comes from libpq's
// environment variables. In the user and the password, characters with a meaning in URLs are
// percent-encoded.
//
// The store holds at most eight connections. Errors may name hosts, accounts and databases, but
// never a password.
func Open(ctx context.Context, address string, o gormstore.Options) (*gormstore.Store, error) {
	config, err := readAddress(address)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(address, "default_query_exec_mode") {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec // one round trip a statement, the first one included
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionShouldPing(shouldPing))
	server.Limit(pool)
	return gormstore.Open(ctx, pool, dialect, o)
}

// shouldPing decides whether a connection from the pool is tested before its use.
func shouldPing(ctx context.Context, p stdlib.ShouldPingParams) bool {
	return p.IdleDuration > time.Second && !server.MayBeUntested(ctx)
}

// New opens the store in the host's own PostgreSQL database, which stays the host's: closing the
// store leaves it open, and none of its settings, plugins and callbacks changes or has any effect
// on the store. db must not be a transaction. The encoding of the database must be UTF8. A statement that a connection
// executes for the first time takes two round trips unless the host sets pgx's default_query_exec_mode=exec.
func New(ctx context.Context, db *gorm.DB, o gormstore.Options) (*gormstore.Store, error) {
	return gormstore.New(ctx, db, dialect, o)
}

// Dialector returns what gorm.Open takes for the database at an address that [Open] takes, for
// hosts that keep their own tables beside the policy and hand the database to [New]. Its errors
// never show a password.
func Dialector(address string) (gorm.Dialector, error) {
	config, err := readAddress(address)
	if err != nil {
		return nil, err
	}
	return driver.New(driver.Config{Conn: stdlib.OpenDB(*config)}), nil
}

// MigrationSQL returns the SQL that makes the tables of a store with a prefix, for people who
// run it by hand, see [gormstore.Options].
func MigrationSQL(prefix string) (string, error) { return dialect.MigrationSQL(prefix) }

// addressForm keeps parts of a password from being taken for a host or a database, which
// errors name: all before the last @ is user and password.
var addressForm = regexp.MustCompile(`^postgres(ql)?://([^@/?#]*@)?[^@]*$`)

func readAddress(address string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil || !addressForm.MatchString(address) { // pgx's own error may have parts of the address in it
		return nil, errors.New("the address of the database isn't of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE?…, " +
			"with @ / ? # in its user or password written %40 %2F %3F %23")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = server.ConnectTimeout
	}
	return config, nil
}
