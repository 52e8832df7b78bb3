package adapters

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// busyTimeout is how long a writer waits for another, in another process too.
const busyTimeout = 10 * time.Second

// OpenSQLite opens the store in an SQLite file, which it makes if it isn't there. Several
// processes on one machine may have the file open. What was committed survives the death of
// the process and, as far as the disk keeps its word, of the machine.
//
// Any path will do, with characters that URLs give a meaning to as well. There is no store
// in memory, as each connection would have one of its own: see [authz.NewMemoryStore].
func OpenSQLite(ctx context.Context, path string, o GormOptions) (*GormStore, error) {
	dsn, err := sqliteDSN(path)
	if err != nil {
		return nil, err
	}
	pool, err := sql.Open(sqlite.DriverName, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	pool.SetMaxOpenConns(8)
	pool.SetMaxIdleConns(8)

	err = sqliteConnect(ctx, pool)
	var s *GormStore
	if err == nil {
		s, err = openPool(ctx, pool, &sqliteDialect, o)
	}
	if err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	s.owned = true
	return s, nil
}

// sqliteDSN names the file in a way that no character of its path can bend, and sets what
// each connection is to do before anything else.
func sqliteDSN(path string) (string, error) {
	switch {
	case path == "":
		return "", errors.New("the path of the SQLite file is empty")
	case strings.Contains(path, ":memory:"), strings.HasPrefix(path, "file:"):
		return "", fmt.Errorf("%s isn't the path of a file; for a store in memory use authz.NewMemoryStore", path)
	case strings.ContainsRune(path, 0):
		return "", errors.New("the path of the SQLite file contains a NUL")
	}
	// Connections are opened at any time: they must not depend on the working directory.
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the SQLite file: %w", err)
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	pragmas := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)", // readers and the writer don't hold each other up
		"synchronous(FULL)", // what was acknowledged survives a power cut
	}}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: pragmas.Encode()}).String(), nil
}

// sqliteConnect makes the first connection. It is the one that turns a new file to WAL, and
// SQLite doesn't wait its turn for that when several processes start at once.
func sqliteConnect(ctx context.Context, pool *sql.DB) error {
	const busy = 5 // SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy
	for end := time.Now().Add(busyTimeout); ; {
		err := pool.PingContext(ctx)
		var coded interface{ Code() int }
		if err == nil || !errors.As(err, &coded) || coded.Code()&0xff != busy || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

var sqliteDialect = dialect{
	over:       func(pool gorm.ConnPool) gorm.Dialector { return &sqlite.Dialector{Conn: pool} },
	beginRead:  []string{"BEGIN"},
	beginWrite: []string{"BEGIN IMMEDIATE"}, // two that read first and write then would deadlock
	hasTable:   "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
	equal:      sqliteEqual,
	rows:       sqliteRows,
	conflict:   neverConflict,
	hide:       hideNothing,
	check:      checkNothing,
	migrations: sqliteMigrations,
	alone:      unguarded,

	scriptBegin: "BEGIN IMMEDIATE;",
	scriptEnd:   "COMMIT;",
}

// sqliteEqual finds texts and, since SQLite lets any value into any column, blobs of the same
// bytes: they load as the same row and have to go with it.
func sqliteEqual(column, value string) (string, []any) {
	if value == "" {
		return "(" + column + " IS NULL OR " + column + " IN ('', x''))", nil
	}
	return column + " IN (?, CAST(? AS BLOB))", []any{value, value}
}

// sqliteSeparator stands between the values of a row on their way out of SQLite.
const sqliteSeparator = 0x1f

// sqliteRows reads the columns joined into one, because what costs time in the driver is
// each value: a million rows take half as long as by columns. A row with the separator in
// one of its values, which no name may have, is read again by its columns.
func sqliteRows(tx *gorm.DB, table string, row func(authz.Row) error) error {
	rows, err := tx.Raw(`SELECT id,
		COALESCE(ptype, '') || char(31) || COALESCE(v0, '') || char(31) || COALESCE(v1, '') || char(31) ||
		COALESCE(v2, '') || char(31) || COALESCE(v3, '') || char(31) || COALESCE(v4, '') || char(31) || COALESCE(v5, '')
		FROM ` + table + ` ORDER BY id`).Rows()
	if err != nil {
		return fmt.Errorf("read the policy table: %w", err)
	}
	defer rows.Close()
	var joined sql.RawBytes
	for rows.Next() {
		var r authz.Row
		if err := rows.Scan(&r.ID, &joined); err != nil {
			return fmt.Errorf("read a row of the policy table: %w", err)
		}
		if !splitRow(joined, &r) {
			if r, err = rowByID(tx, table, r.ID); err != nil {
				return err
			}
		}
		if err := row(r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the policy table: %w", err)
	}
	return nil
}

// splitRow takes joined values apart, unless the separator is in one of them.
func splitRow(joined []byte, r *authz.Row) bool {
	separator := []byte{sqliteSeparator}
	if bytes.Count(joined, separator) != len(r.V) {
		return false
	}
	value, joined, _ := bytes.Cut(joined, separator)
	r.Type = string(value)
	for i := range r.V {
		value, joined, _ = bytes.Cut(joined, separator)
		r.V[i] = string(value)
	}
	return true
}

var sqliteMigrations = []migration{{
	version: 1,
	rules: []string{ // to the letter as gorm-adapter makes them
		"CREATE TABLE `{rules}` (`id` integer PRIMARY KEY AUTOINCREMENT," +
			"`ptype` text,`v0` text,`v1` text,`v2` text,`v3` text,`v4` text,`v5` text)",
		"CREATE UNIQUE INDEX idx_{rules} ON {rules} (ptype,v0,v1,v2,v3,v4,v5)",
	},
	statements: []string{
		`CREATE TABLE {groups} (
			name            text PRIMARY KEY NOT NULL,
			description     text NOT NULL,
			version         bigint NOT NULL,
			updated_at      bigint NOT NULL, -- microseconds since 1970, UTC
			updated_by_kind text NOT NULL,
			updated_by_id   text NOT NULL
		)`,
		`CREATE TABLE {users} (
			user_id text PRIMARY KEY NOT NULL,
			version bigint NOT NULL
		)`,
		`CREATE TABLE {changes} ( -- never updated, never deleted
			revision   integer PRIMARY KEY NOT NULL,
			at         bigint NOT NULL, -- microseconds since 1970, UTC
			actor_kind text NOT NULL,
			actor_id   text NOT NULL,
			channel    text NOT NULL,
			reason     text NOT NULL,
			action     text NOT NULL,
			target     text NOT NULL,
			delta      blob NOT NULL, -- JSON, in the bytes that the hash covers
			hash       blob NOT NULL
		)`,
		`CREATE TABLE {state} ( -- one row
			id                integer PRIMARY KEY NOT NULL,
			schema_version    integer NOT NULL,
			revision          bigint NOT NULL,
			hash              blob NOT NULL, -- of the last change
			seeded            boolean NOT NULL,
			had_administrator boolean NOT NULL
		)`,
		`INSERT INTO {state} (id, schema_version, revision, hash, seeded, had_administrator)
			VALUES (1, 0, 0, x'', false, false)`,
	},
}, {
	version:    2,
	statements: append(append(sqliteCounting, uncounted), countingTriggers("BEGIN "+countWrite+"; END", false)...),
}, {
	version: 3,
	statements: []string{
		`CREATE TABLE {denials} ( -- bounded in age and number
			id            text PRIMARY KEY NOT NULL,
			at            bigint NOT NULL, -- microseconds since 1970, UTC
			user_id       text NOT NULL,
			method        text NOT NULL,
			route         text NOT NULL,
			required      text NOT NULL, -- JSON
			one_is_enough boolean NOT NULL,
			missing       text NOT NULL, -- JSON
			revision      bigint NOT NULL,
			suppressed    bigint NOT NULL
		)`,
		"CREATE INDEX idx_{denials}_at ON {denials} (at, id)",
		"CREATE INDEX idx_{denials}_user ON {denials} (user_id, at, id)",
	},
}}

// sqliteCounting are the columns of the state that tell writes by others.
var sqliteCounting = []string{
	"ALTER TABLE {state} ADD COLUMN writes bigint NOT NULL DEFAULT 0",          // by others, to the rules and the groups; counted by triggers
	"ALTER TABLE {state} ADD COLUMN recorded bigint NOT NULL DEFAULT 0",        // the writes that the last change was made onto
	"ALTER TABLE {state} ADD COLUMN committing boolean NOT NULL DEFAULT false", // what is written is a change, and isn't counted
}
