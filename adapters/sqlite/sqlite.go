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

// Open opens the store in an SQLite file. It creates a missing file; the folder must exist. The path may
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
	pool, err := sql.Open(driver.DriverName, dsn(path))
	if err != nil {
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	if err := connect(ctx, pool); err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	s, err := gormstore.Open(ctx, pool, dialect, o)
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
// [New].
func Dialector(path string) (gorm.Dialector, error) {
	path, err := filePath(path)
	if err != nil {
		return nil, err
	}
	return driver.Open(dsn(path)), nil
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

// dsn names the file in a way that no character of its path can bend, and sets what each
// connection is to do before anything else.
func dsn(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	pragmas := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)", // readers and the writer don't hold each other up
		"synchronous(FULL)", // what was acknowledged survives a power cut
	}}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: pragmas.Encode()}).String()
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
