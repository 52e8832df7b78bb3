package adapters

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// GormOptions say how a [GormStore] uses its database.
type GormOptions struct {
	// Prefix begins the names of the tables, so that several stores share a database: a
	// tenant is a store with its own prefix. It matches [a-z][a-z0-9_]{0,23} or is empty,
	// and must never come from a request. As in gorm-adapter, an underscore is put behind
	// it unless it ends with one: "acme" and "acme_" are the same prefix.
	Prefix string

	// SkipMigration leaves the tables to someone else, who runs what [MigrationSQL]
	// returns. Opening fails if they aren't as this version of Rightful needs them.
	SkipMigration bool
}

// GormStore is an [authz.Store] in a database, with the policy in gorm-adapter's table, and an
// [authz.DenialStore].
// Open one with [OpenSQLite], [OpenGorm] or [Open].
type GormStore struct {
	pool    *sql.DB
	owned   bool     // Close closes the pool
	db      *gorm.DB // our own over the pool, so that neither its settings nor a host's reach the other
	dialect *dialect
	tables  tables
}

var _ authz.Store = (*GormStore)(nil)

// Open opens the store at an address, which is of one of these kinds:
//
//   - sqlite:PATH, see [OpenSQLite];
//   - postgres://USER:PASSWORD@HOST:PORT/DATABASE, or postgresql://, with the parameters of
//     libpq that pgx knows, such as sslmode and search_path;
//   - mysql://USER:PASSWORD@HOST:PORT/DATABASE for MySQL and MariaDB, with the parameters of
//     Go's MySQL driver, such as tls, and socket=PATH for a socket.
//
// In a user name and a password, characters that URLs give a meaning to are percent-encoded.
// A store on a server holds at most eight connections. Errors may name hosts, accounts,
// databases and the path of a file, but never a password.
func Open(ctx context.Context, dsn string, o GormOptions) (*GormStore, error) {
	scheme, path, ok := strings.Cut(dsn, ":")
	if !ok {
		scheme = ""
	}
	switch scheme {
	case "sqlite":
		if strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///") {
			return nil, errors.New("the address of the database begins with sqlite://; write sqlite:PATH, without the slashes")
		}
		return OpenSQLite(ctx, path, o)
	case "postgres", "postgresql":
		return openPostgres(ctx, dsn, o)
	case "mysql":
		return openMySQL(ctx, dsn, o)
	}
	return nil, errors.New("the address of the database must be of the form sqlite:PATH, postgres://… or mysql://…")
}

// supported are the keys of dialects, for people.
const supported = "sqlite, postgres and mysql"

// OpenGorm opens a store in the host's own database, which stays the host's: Close leaves it
// open, and none of its settings, plugins and callbacks changes or has any effect here. db
// must not be a transaction. How long what was acknowledged lasts is then up to the host: on
// SQLite, journal_mode(WAL), synchronous(FULL) and a busy_timeout are recommended. On MySQL the
// connections must carry utf8mb4 and be in strict mode, which are its defaults; less is refused.
func OpenGorm(ctx context.Context, db *gorm.DB, o GormOptions) (*GormStore, error) {
	d, ok := dialects[db.Name()]
	if !ok {
		return nil, fmt.Errorf("databases of GORM's %s driver aren't supported; those of %s are", db.Name(), supported)
	}
	if _, ok := db.Statement.ConnPool.(gorm.TxCommitter); ok {
		return nil, errors.New("the database that was handed over is a transaction")
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("get at the database behind GORM: %w", err)
	}
	return openPool(ctx, pool, d, o)
}

// Close ends the use of the store. It closes the database, unless that is the host's.
func (s *GormStore) Close() error {
	if !s.owned {
		return nil
	}
	return s.pool.Close()
}

func openPool(ctx context.Context, pool *sql.DB, d *dialect, o GormOptions) (*GormStore, error) {
	if err := checkPrefix(o.Prefix); err != nil {
		return nil, err
	}
	db, err := gorm.Open(d.over(connPool{pool}), &gorm.Config{
		Logger:                 logger.Discard, // statements carry user ids
		SkipDefaultTransaction: true,           // ours are begun in inTransaction
		DisableAutomaticPing:   true,
	})
	if err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	s := &GormStore{pool: pool, db: db, dialect: d, tables: tablesOf(o.Prefix)}
	if err := s.prepare(ctx, o.SkipMigration); err != nil {
		return nil, err
	}
	return s, nil
}

// connPool hides from GORM that it has a database that it could close: gorm.Open does so
// when something fails, even if the database is the host's.
type connPool struct{ gorm.ConnPool }

var prefixForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,23}$`)

func checkPrefix(prefix string) error {
	if prefix != "" && !prefixForm.MatchString(prefix) {
		return fmt.Errorf("the table prefix %q doesn't match [a-z][a-z0-9_]{0,23}", prefix)
	}
	return nil
}

// tables are the names of a store's tables. They hold nothing that would need quoting.
type tables struct {
	rules   string // gorm-adapter's
	groups  string
	users   string
	changes string
	denials string
	state   string
}

func tablesOf(prefix string) tables {
	if prefix != "" && !strings.HasSuffix(prefix, "_") {
		prefix += "_"
	}
	return tables{
		rules:   prefix + "casbin_rule",
		groups:  prefix + "rightful_groups",
		users:   prefix + "rightful_users",
		changes: prefix + "rightful_changes",
		denials: prefix + "rightful_denials",
		state:   prefix + "rightful_state",
	}
}
