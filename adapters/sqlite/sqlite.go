// Package sqlite keeps a policy in an SQLite file, without a server and without cgo. Start with
// [Open]; [New] is for a host that has an SQLite database in GORM already.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	driver "github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"gorm.io/gorm"
)

// busyTimeout is how long a writer waits for another, in another process too.
const busyTimeout = 10 * time.Second

// maxConnections is how many connections a store holds at most.
const maxConnections = 8

// Open opens the store in an SQLite file. It creates a missing file, unless migrations are switched off: then
// the error is [fs.ErrNotExist]. The folder must exist. The path may
// begin with "sqlite:", as in the addresses of the commands, and may contain any character (write
// ./sqlite:x for a file of that name).
//
// Several processes on one machine may have the file open. What was committed survives the
// death of the process and, as far as the disk keeps its word, of the machine. A store in memory
// is package memstore's: here each connection would have one of its own.
func Open(ctx context.Context, path string, o gormstore.Options) (*gormstore.Store, error) {
	path, err := filePath(path)
	if err != nil {
		return nil, err
	}
	settings, d := settingsOf(ctx, path, o.Prefix), dialect
	if !slices.Contains(settings, useWAL) {
		d = dialect.Clone()
		d.Adopting = []string{"PRAGMA journal_mode = WAL"}
	}
	mode := modeCreate
	if o.SkipMigration { // nothing is made, so neither is the file
		mode = modeWrite
	}
	pool, err := sql.Open(driver.DriverName, dsn(path, settings, mode))
	if err != nil {
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	if err := connect(ctx, pool); err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, cause(path, mode, err))
	}
	s, err := gormstore.Open(ctx, pool, d, o)
	if err != nil {
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	return s, nil
}

// New opens the store in the host's own SQLite database, through any driver of GORM's that calls
// itself "sqlite". The database stays the host's: closing the store leaves it open, and none of
// its settings, plugins and callbacks changes or has any effect on the store. db must not be a
// transaction.
//
// How long what was acknowledged lasts is up to the host: journal_mode(WAL), synchronous(FULL)
// and a busy_timeout are recommended.
func New(ctx context.Context, db *gorm.DB, o gormstore.Options) (*gormstore.Store, error) {
	return gormstore.New(ctx, db, dialect, o)
}

// Dialector returns what gorm.Open takes for the file that [Open] would open, with the same
// settings, for hosts that keep their own tables beside the policy and hand the database to
// [New]. A file in which another program filled casbin_rule isn't turned to WAL before it is adopted.
func Dialector(path string) (gorm.Dialector, error) {
	path, err := filePath(path)
	if err != nil {
		return nil, err
	}
	return driver.Open(dsn(path, settingsOf(context.Background(), path, ""), modeCreate)), nil
}

// MigrationSQL returns the SQL that makes the tables of a store with a prefix, for people who
// run it by hand, see [gormstore.Options].
func MigrationSQL(prefix string) (string, error) { return dialect.MigrationSQL(prefix) }

// filePath returns the absolute path of a file in a folder that exists: connections are opened at
// any time, and must not depend on the working directory.
func filePath(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "sqlite:"); ok {
		if strings.HasPrefix(rest, "//") && !strings.HasPrefix(rest, "///") {
			return "", errors.New("the address of the database begins with sqlite://; write sqlite:PATH, without the slashes")
		}
		path = rest
	}
	switch {
	case path == "":
		return "", errors.New("the path of the SQLite file is empty")
	case strings.Contains(path, "://"): // not repeated: it may have a password in it
		return "", errors.New("this is an address and not the path of an SQLite file")
	case strings.Contains(path, ":memory:"), strings.HasPrefix(path, "file:"):
		return "", fmt.Errorf("%s isn't the path of a file; for a store in memory use memstore.New", path)
	case strings.ContainsRune(path, 0):
		return "", errors.New("the path of the SQLite file contains a NUL")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the SQLite file: %w", err)
	}
	return path, checkPlace(path)
}

// checkPlace says what SQLite would not: of a folder that doesn't exist it says "out of memory".
func checkPlace(path string) error {
	folder, err := os.Stat(filepath.Dir(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open the SQLite file %s: the folder %s doesn't exist; make it first", path, filepath.Dir(path))
	case err != nil:
		return fmt.Errorf("open the SQLite file %s: %w", path, err)
	case !folder.IsDir():
		return fmt.Errorf("open the SQLite file %s: %s isn't a folder", path, filepath.Dir(path))
	}
	if file, err := os.Stat(path); err == nil && file.IsDir() {
		return fmt.Errorf("open the SQLite file %s: it is a folder", path)
	}
	return nil
}

// useWAL is the pragma with which readers and the writer don't hold each other up. It is the only one that
// writes to the file.
const useWAL = "journal_mode(WAL)"

// settingsOf returns the pragmas that set what each connection is to do before anything else. A file that
// another program filled isn't turned to WAL before its adoption.
func settingsOf(ctx context.Context, path, prefix string) []string {
	pragmas := slices.Clone(withoutWAL)
	if isUnadopted(ctx, path, prefix) {
		return pragmas
	}
	return append(pragmas, useWAL)
}

// withoutWAL are the pragmas that don't write to the file.
var withoutWAL = []string{
	fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
	"synchronous(FULL)", // what was acknowledged survives a power cut
}

// cause says why SQLite can't open a file, where its own error speaks of memory.
func cause(path, mode string, err error) error {
	const cannotOpen = 14 // SQLITE_CANTOPEN, https://www.sqlite.org/rescode.html#cantopen
	var coded interface{ Code() int }
	if !errors.As(err, &coded) || coded.Code()&0xff != cannotOpen {
		return err
	}
	missing := &fs.PathError{}
	_, statErr := os.Stat(path)
	switch {
	case statErr == nil:
		return errors.New("this account may not read and write it, or make files in its folder")
	case mode == modeCreate && errors.Is(statErr, fs.ErrNotExist):
		return errors.New("it doesn't exist, and this account may not make files in its folder")
	case errors.As(statErr, &missing):
		return missing.Err // the path is named already
	}
	return statErr
}

// The modes of a connection, https://www.sqlite.org/uri.html.
const (
	modeCreate = "rwc" // makes the file if it is missing
	modeWrite  = "rw"
	modeRead   = "ro"
)

// dsn names the file in a way that no character of its path can bend.
func dsn(path string, pragmas []string, mode string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	query := url.Values{"_pragma": pragmas, "mode": {mode}}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// isUnadopted reports whether another program filled the policy table of a file, and none of our
// tables is there. A file that can't be read is none: Open says why it can't.
func isUnadopted(ctx context.Context, path, prefix string) bool {
	tables, err := gormstore.TablesOf(prefix)
	if _, missing := os.Stat(path); err != nil || missing != nil {
		return false
	}
	pool, err := sql.Open(driver.DriverName, dsn(path, withoutWAL, modeRead))
	if err != nil {
		return false
	}
	defer func() { _ = pool.Close() }()
	var rows, states int
	err = pool.QueryRowContext(ctx, "SELECT COUNT(*), (SELECT COUNT(*) FROM sqlite_master WHERE name = ?) FROM (SELECT 1 FROM "+tables.Rules+" LIMIT 1)",
		tables.State).Scan(&rows, &states)
	return err == nil && rows > 0 && states == 0
}

// connect makes the first connection. It is the one that turns a new file to WAL, and SQLite
// doesn't wait its turn for that when several processes start at once.
func connect(ctx context.Context, pool *sql.DB) error {
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
