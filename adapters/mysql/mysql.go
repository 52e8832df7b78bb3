// Package mysql keeps a policy in a database of MySQL or MariaDB. Start with [Open]; [New] is
// for a host that has the database in GORM already.
package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/server"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

// Open opens the store in the database at an address of the form
// mysql://USER:PASSWORD@HOST:PORT/DATABASE, with the parameters of Go's MySQL driver, such as tls,
// and socket=PATH for a socket in place of host and port. In the user and the password, characters
// with a meaning in URLs are percent-encoded.
//
// The store holds at most eight connections. Errors may name hosts, accounts and databases, but
// never a password.
func Open(ctx context.Context, address string, o gormstore.Options) (*gormstore.Store, error) {
	config, err := readAddress(address)
	if err != nil {
		return nil, err
	}
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, errAddress
	}
	pool := sql.OpenDB(readCommitted{connector})
	server.Limit(pool)
	return gormstore.Open(ctx, pool, ownPool(dialect), o)
}

// New opens the store in the host's own database of MySQL or MariaDB, which stays the host's:
// closing the store leaves it open, and none of its settings, plugins and callbacks changes or has
// any effect on the store. db must not be a transaction. The connections must carry utf8mb4, be in
// strict mode and have autocommit on, which are MySQL's defaults; otherwise New fails. With the driver's
// parameter interpolateParams=true a statement takes one round trip instead of two.
func New(ctx context.Context, db *gorm.DB, o gormstore.Options) (*gormstore.Store, error) {
	return gormstore.New(ctx, db, dialect, o)
}

// Dialector returns what gorm.Open takes for the database at an address that [Open] takes, for
// hosts that keep their own tables beside the policy and hand the database to [New]. The host's
// own times are read as times, in UTC. Its errors never show a password.
func Dialector(address string) (gorm.Dialector, error) {
	config, err := readAddress(address)
	if err != nil {
		return nil, err
	}
	config.ParseTime = true
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, errAddress
	}
	return gormmysql.New(gormmysql.Config{Conn: sql.OpenDB(connector)}), nil
}

// MigrationSQL returns the SQL that makes the tables of a store with a prefix, for people who
// run it by hand, see [gormstore.Options].
func MigrationSQL(prefix string) (string, error) { return dialect.MigrationSQL(prefix) }

// errAddress stands for the errors of the parsers, which may have parts of the address in them.
var errAddress = errors.New("the address of the database isn't of the form mysql://USER:PASSWORD@HOST:PORT/DATABASE?…")

// readAddress reads mysql://USER:PASSWORD@HOST:PORT/DATABASE with the parameters of Go's MySQL
// driver, and socket=PATH for a socket instead of host and port.
func readAddress(address string) (*driver.Config, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "mysql" || strings.Trim(parsed.Path, "/") == "" {
		return nil, errAddress
	}
	parameters, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return nil, errAddress
	}
	network, at := "tcp", net.JoinHostPort(parsed.Hostname(), "3306")
	if parsed.Port() != "" {
		at = parsed.Host
	}
	if socket := parameters.Get("socket"); socket != "" {
		network, at = "unix", socket
		parameters.Del("socket")
	}
	for name, value := range parameterDefaults {
		if !parameters.Has(name) {
			parameters.Set(name, value)
		}
	}
	// The driver reads the parameters; the rest could have characters that it cuts at.
	config, err := driver.ParseDSN(network + "(" + at + ")/?" + parameters.Encode())
	if err != nil {
		return nil, errAddress
	}
	config.User = parsed.User.Username()
	config.Passwd, _ = parsed.User.Password()
	config.DBName = strings.TrimPrefix(parsed.Path, "/")
	config.Logger = driver.Logger(&driver.NopLogger{}) // what it says, its errors say too
	return config, nil
}

// parameterDefaults hold unless an address says otherwise. Those that the driver doesn't know
// are variables of the session.
var parameterDefaults = map[string]string{
	"timeout":           server.ConnectTimeout.String(),
	"interpolateParams": "true", // one round trip a statement instead of two
	"sql_mode":          "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
	// For other writers, and for a definition of a table to be free.
	"innodb_lock_wait_timeout": fmt.Sprintf("%.0f", server.LockTimeout.Seconds()),
	"lock_wait_timeout":        fmt.Sprintf("%.0f", server.LockTimeout.Seconds()),
	// The server drops a process that was frozen during a commit. Twice the time after which
	// the pool closes an unused connection.
	"wait_timeout": fmt.Sprintf("%.0f", 2*server.IdleTimeout.Seconds()),
}
