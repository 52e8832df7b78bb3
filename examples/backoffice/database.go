package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/rightful-go/rightful/adapters"
)

// openDatabase opens the database that accounts, sessions, the application's data and the
// policy share.
func openDatabase(dsn string) (*gorm.DB, error) {
	dialector, err := dialectorOf(dsn)
	if err != nil {
		return nil, err
	}
	db, err := gorm.Open(dialector, &gorm.Config{
		Logger:         logger.Discard, // statements carry people's names; errors are logged where they are handled
		TranslateError: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

// makeTables makes the back office's own tables. Rightful makes its own.
func makeTables(ctx context.Context, db *gorm.DB) error {
	tables := []any{&account{}, &session{}, &demo{}, &request{}, &profile{}, &operation{}, &balance{}, &setting{}}
	err := db.WithContext(ctx).AutoMigrate(tables...)
	if err != nil { // another process may just have made one of them
		err = db.WithContext(ctx).AutoMigrate(tables...)
	}
	if err != nil {
		return fmt.Errorf("make the back office's tables: %w", err)
	}
	return nil
}

// dialectorOf never repeats the address in an error: one with a password in it would end up in
// a log.
func dialectorOf(dsn string) (gorm.Dialector, error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok && path != "" {
		return openFile(path)
	}
	if scheme, _, ok := strings.Cut(dsn, "://"); ok && slices.Contains([]string{"postgres", "postgresql", "mysql"}, scheme) {
		dialector, err := adapters.Dialector(dsn)
		if err != nil {
			return nil, fmt.Errorf("-db: %w", err)
		}
		return dialector, nil
	}
	return nil, errors.New("-db isn't of the form sqlite:PATH, postgres://… or mysql://…")
}

// openFile makes the file if it isn't there, for its owner alone: it holds the demo password.
func openFile(path string) (gorm.Dialector, error) {
	if strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///") {
		return nil, errors.New("-db begins with sqlite://; write sqlite:PATH, without the slashes")
	}
	if strings.Contains(path, ":memory:") || strings.HasPrefix(path, "file:") {
		return nil, errors.New("-db sqlite:PATH takes the path of a file and nothing else")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the database file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the database file: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("open the database file: %w", err)
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	// As a URL, so that no character of the path is taken for anything else.
	address := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": {
		"busy_timeout(10000)", // another process may be writing
		"journal_mode(WAL)",   // readers and the writer don't hold each other up
		"synchronous(FULL)",   // what was answered is still there after a power cut
	}}.Encode()}
	return sqlite.Open(address.String()), nil
}
