package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/rightful-go/rightful/internal/database"
)

// openDatabase opens the database that accounts, sessions, the application's data and the
// policy share.
func openDatabase(dsn string) (*gorm.DB, error) {
	dialector, err := dialectorOf(dsn)
	if err != nil {
		return nil, err
	}
	db, err := gorm.Open(dialector, &gorm.Config{
		Logger:         logger.Discard, // statements contain people's names; errors are logged where they are handled
		TranslateError: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

// makeTables creates the back office's own tables. Rightful creates its own.
func makeTables(ctx context.Context, db *gorm.DB) error {
	tables := []any{&account{}, &session{}, &demo{}, &request{}, &profile{}, &operation{}, &balance{}, &setting{}}
	err := db.WithContext(ctx).AutoMigrate(tables...)
	if err != nil { // another process may have created one of them at the same time
		err = db.WithContext(ctx).AutoMigrate(tables...)
	}
	if err != nil {
		return fmt.Errorf("create the back office's tables: %w", err)
	}
	return nil
}

// dialectorOf names the flag in its errors. Errors never repeat an address, which may contain a
// password.
func dialectorOf(dsn string) (gorm.Dialector, error) {
	dialector, err := database.Dialector(dsn)
	if err != nil {
		return nil, fmt.Errorf("-db: %w", err)
	}
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		if err := makeFile(path); err != nil {
			return nil, err
		}
	}
	return dialector, nil
}

// makeFile creates the file if it doesn't exist, readable only by its owner because it holds the
// demo password.
func makeFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database file: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("open the database file: %w", err)
	}
	return nil
}
