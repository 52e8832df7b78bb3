package adapters

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
)

// openMySQL opens the store at a mysql:// address, on MySQL or MariaDB.
func openMySQL(ctx context.Context, address string, o GormOptions) (*GormStore, error) {
	config, err := mysqlConfig(address)
	if err != nil {
		return nil, err
	}
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, errMySQLAddress
	}
	return openServer(ctx, sql.OpenDB(connector), &mysqlDialect, o)
}

// The errors of the parsers may have parts of the address in them.
var errMySQLAddress = errors.New("the address of the database isn't of the form mysql://USER:PASSWORD@HOST:PORT/DATABASE?…")

// mysqlConfig reads mysql://USER:PASSWORD@HOST:PORT/DATABASE with the parameters of Go's MySQL
// driver, and socket=PATH for a socket instead of host and port.
func mysqlConfig(address string) (*driver.Config, error) {
	parsed, err := url.Parse(address)
	if err != nil || strings.Trim(parsed.Path, "/") == "" {
		return nil, errMySQLAddress
	}
	parameters, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return nil, errMySQLAddress
	}
	network, at := "tcp", net.JoinHostPort(parsed.Hostname(), "3306")
	if parsed.Port() != "" {
		at = parsed.Host
	}
	if socket := parameters.Get("socket"); socket != "" {
		network, at = "unix", socket
		parameters.Del("socket")
	}
	for name, value := range mysqlParameters {
		if !parameters.Has(name) {
			parameters.Set(name, value)
		}
	}
	// The driver reads the parameters; the rest could have characters that it cuts at.
	config, err := driver.ParseDSN(network + "(" + at + ")/?" + parameters.Encode())
	if err != nil {
		return nil, errMySQLAddress
	}
	config.User = parsed.User.Username()
	config.Passwd, _ = parsed.User.Password()
	config.DBName = strings.TrimPrefix(parsed.Path, "/")
	config.Logger = driver.Logger(&driver.NopLogger{}) // what it says, its errors say too
	return config, nil
}

// mysqlParameters hold unless an address says otherwise. Those that the driver doesn't know
// are variables of the session.
var mysqlParameters = map[string]string{
	"timeout":           connectTimeout.String(),
	"interpolateParams": "true", // one round trip a statement instead of two
	"sql_mode":          "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
	// For other writers, and for a definition of a table to be free.
	"innodb_lock_wait_timeout": fmt.Sprintf("%.0f", lockTimeout.Seconds()),
	"lock_wait_timeout":        fmt.Sprintf("%.0f", lockTimeout.Seconds()),
	// The server gives up a process that was frozen amidst a commit. Twice the time after
	// which the pool closes a connection that nobody uses.
	"wait_timeout": fmt.Sprintf("%.0f", 2*idleTimeout.Seconds()),
}

var mysqlDialect = dialect{
	over: func(pool gorm.ConnPool) gorm.Dialector {
		return mysql.New(mysql.Config{
			Conn:                      pool,
			SkipInitializeWithVersion: true,
		})
	},
	beginRead: []string{
		"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
		"START TRANSACTION WITH CONSISTENT SNAPSHOT", // not READ ONLY, which TiDB refuses
	},
	// READ COMMITTED, whatever the host's default: it locks no gaps, over which writers of
	// different rows would deadlock, and MariaDB doesn't refuse who had to wait.
	beginWrite: []string{"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION"},
	hasTable: "SELECT COUNT(*) FROM information_schema.tables " +
		"WHERE table_schema = DATABASE() AND table_name = ? AND table_type = 'BASE TABLE'",
	equal:      plainEqual,
	rows:       rowsByColumn,
	conflict:   mysqlConflict,
	hide:       mysqlHide,
	check:      mysqlCheck,
	migrations: mysqlMigrations,
	alone:      mysqlAlone,
}

// mysqlConflict knows a deadlock (1213), a row that changed since it was read (1020, MariaDB)
// and a write conflict (9007, TiDB). When a lock wasn't got in time (1205) nobody need have
// been first.
func mysqlConflict(err error) bool {
	var coded *driver.MySQLError
	return errors.As(err, &coded) && slices.Contains([]uint16{1020, 1213, 9007}, coded.Number)
}

// mysqlHide leaves of an error its number, unless it is one of those whose texts tell no more
// than the names of tables and accounts: "Duplicate entry 'ana-group:Desk' for key" does.
func mysqlHide(err error) error {
	var coded *driver.MySQLError
	if !errors.As(err, &coded) || slices.Contains(mysqlTelling, coded.Number) {
		return err
	}
	return &mysqlError{coded}
}

// mysqlTelling are: too many connections, access denied, no such database, no rights, the
// server is going down or read-only, a full table, no such table or column, a value too long
// for its column, a lock not got in time, a deadlock.
var mysqlTelling = []uint16{1040, 1044, 1045, 1049, 1142, 1143, 1053, 1290, 1836, 1114, 1146, 1054, 1406, 1205, 1213}

type mysqlError struct{ *driver.MySQLError }

func (e *mysqlError) Error() string {
	return fmt.Sprintf("MySQL error %d (%s)", e.Number, e.SQLState[:])
}

func (e *mysqlError) Unwrap() error { return e.MySQLError }

// mysqlCheck refuses connections that bend what they carry, and then looks at the table.
func mysqlCheck(tx *gorm.DB, t tables) error {
	var client, results, mode string
	var commits bool
	err := tx.Raw("SELECT @@character_set_client, @@character_set_results, @@sql_mode, @@autocommit").
		Row().Scan(&client, &results, &mode, &commits)
	if err != nil {
		return fmt.Errorf("ask for the settings of the connection: %w", err)
	}
	if client != "utf8mb4" || results != "utf8mb4" {
		return fmt.Errorf("the character set of the connections is %s, with which not every name comes back; it must be utf8mb4", client)
	}
	if !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		return errors.New("the connections aren't in strict mode: values could be cut; add STRICT_ALL_TABLES to their sql_mode")
	}
	if !commits {
		return errors.New("the connections have autocommit switched off, so that what is read once stays as it was; switch it on")
	}
	return mysqlCheckRules(tx, t)
}

// mysqlCheckRules refuses a policy table that keeps no transactions or takes Ana for ana.
func mysqlCheckRules(tx *gorm.DB, t tables) error {
	var engine string
	err := tx.Raw("SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?", t.rules).Row().Scan(&engine)
	if err != nil {
		return fmt.Errorf("ask for the engine of %s: %w", t.rules, err)
	}
	if engine != "InnoDB" {
		return fmt.Errorf("the table %s is kept by %s, which knows no transactions; it must be InnoDB", t.rules, engine)
	}
	var others int
	err = tx.Raw(`SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?
		AND column_name IN ('ptype', 'v0', 'v1', 'v2', 'v3', 'v4', 'v5') AND collation_name NOT LIKE 'utf8mb4%bin'`, t.rules).Row().Scan(&others)
	if err != nil {
		return fmt.Errorf("ask for the collation of %s: %w", t.rules, err)
	}
	if others > 0 {
		return fmt.Errorf("%d columns of %s may take different names for the same; run %s", others, t.rules, t.in(mysqlCollate))
	}
	return nil
}

// mysqlAlone holds a lock of the whole server. Definitions of tables end a transaction in
// MySQL, so that no lock of a row would do.
func mysqlAlone(tx *gorm.DB, work func() error) error {
	var got sql.NullInt64
	if err := tx.Raw("SELECT GET_LOCK('rightful_migration', 60)").Row().Scan(&got); err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	if got.Int64 != 1 {
		return errors.New("another migration doesn't come to an end")
	}
	err := work()
	released := tx.Exec("DO RELEASE_LOCK('rightful_migration')").Error
	if err != nil {
		return err
	}
	return released
}

// mysqlCollate keeps what AutoMigrate of gorm-adapter would make anew otherwise: the collation
// is the table's, and the columns may be NULL.
const mysqlCollate = "ALTER TABLE {rules} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

// mysqlMigrations can be broken off anywhere and run again, because in MySQL a definition of a
// table can't be taken back: each statement is one that finds itself done, and the state is
// there in the last one, whole. What decides in tables of ours is varbinary: utf8mb4_bin still
// takes no notice of spaces at the end.
var mysqlMigrations = []migration{{
	version: 1,
	rules: []string{ // as gorm-adapter makes it, but for the collation; index and all in one
		`CREATE TABLE {rules} (
			id    bigint unsigned NOT NULL AUTO_INCREMENT,
			ptype varchar(100),
			v0    varchar(100),
			v1    varchar(100),
			v2    varchar(100),
			v3    varchar(100),
			v4    varchar(100),
			v5    varchar(100),
			PRIMARY KEY (id),
			UNIQUE KEY idx_{rules} (ptype,v0,v1,v2,v3,v4,v5)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
	},
	adopted: []string{mysqlCollate},
	statements: []string{
		`CREATE TABLE IF NOT EXISTS {groups} (
			name            varbinary(400) NOT NULL PRIMARY KEY, -- UTF-8
			description     text NOT NULL,
			version         bigint NOT NULL,
			updated_at      bigint NOT NULL, -- microseconds since 1970, UTC
			updated_by_kind varchar(100) NOT NULL,
			updated_by_id   text NOT NULL
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`CREATE TABLE IF NOT EXISTS {users} (
			user_id varbinary(400) NOT NULL PRIMARY KEY, -- UTF-8
			version bigint NOT NULL
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`CREATE TABLE IF NOT EXISTS {changes} ( -- never updated, never deleted
			revision   bigint NOT NULL PRIMARY KEY,
			at         bigint NOT NULL, -- microseconds since 1970, UTC
			actor_kind varchar(100) NOT NULL,
			actor_id   text NOT NULL,
			channel    text NOT NULL,
			reason     text NOT NULL,
			action     varchar(100) NOT NULL,
			target     text NOT NULL,
			delta      longblob NOT NULL, -- JSON, in the bytes that the hash covers
			hash       varbinary(64) NOT NULL
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		"DROP TABLE IF EXISTS {state}_new",
		`CREATE TABLE {state}_new ( -- one row
			id                int NOT NULL PRIMARY KEY,
			schema_version    int NOT NULL,
			revision          bigint NOT NULL,
			hash              varbinary(64) NOT NULL, -- of the last change
			seeded            boolean NOT NULL,
			had_administrator boolean NOT NULL
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`INSERT INTO {state}_new (id, schema_version, revision, hash, seeded, had_administrator)
			VALUES (1, 1, 0, '', false, false)`,
		"RENAME TABLE {state}_new TO {state}",
	},
}, {
	version:    2,
	statements: append(append(mysqlCounting, uncounted), countingTriggers(countWrite, true)...),
}, {
	version: 3,
	statements: []string{
		`CREATE TABLE IF NOT EXISTS {denials} ( -- bounded in age and number
			id            varbinary(400) NOT NULL PRIMARY KEY,
			at            bigint NOT NULL, -- microseconds since 1970, UTC
			user_id       varbinary(400) NOT NULL, -- UTF-8
			method        varchar(100) NOT NULL,
			route         text NOT NULL,
			required      mediumtext NOT NULL, -- JSON
			one_is_enough boolean NOT NULL,
			missing       mediumtext NOT NULL, -- JSON
			revision      bigint NOT NULL,
			suppressed    bigint NOT NULL,
			KEY idx_{denials}_at (at, id),
			KEY idx_{denials}_user (user_id, at, id)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
	},
}}

// mysqlCounting adds the columns of the state that tell writes by others, unless they are there.
// Comments would end at the end of the string.
var mysqlCounting = []string{
	`SET @counting = IF((SELECT COUNT(*) FROM information_schema.columns
			WHERE table_schema = DATABASE() AND table_name = '{state}' AND column_name = 'writes') > 0, 'DO 0',
			'ALTER TABLE {state} ADD COLUMN writes bigint NOT NULL DEFAULT 0, ADD COLUMN recorded bigint NOT NULL DEFAULT 0, ADD COLUMN committing boolean NOT NULL DEFAULT false')`,
	"PREPARE counting FROM @counting",
	"EXECUTE counting",
	"DEALLOCATE PREPARE counting",
}
