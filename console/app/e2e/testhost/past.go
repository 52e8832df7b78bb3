package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
)

// letPass lets days pass in the database of a back office that isn't running: what was changed and used there is so many
// days ago, and uses were recorded on each day since. The hashes of the changes no longer fit; only an audit looks at them.
func letPass(ctx context.Context, address string, days int) (err error) {
	dialector, err := database.Dialector(address)
	if err != nil {
		return err
	}
	db, err := gorm.Open(dialector)
	if err != nil {
		return err
	}
	pool, err := db.DB()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	store, err := database.New(ctx, db, gormstore.Options{})
	if err != nil {
		return err
	}
	if err := moveBack(db, days); err != nil {
		return err
	}
	return record(ctx, store, days)
}

// moveBack moves all that has a day or a time of its making.
func moveBack(db *gorm.DB, days int) error {
	tables, err := gormstore.TablesOf("")
	if err != nil {
		return err
	}
	return db.Transaction(func(tx *gorm.DB) error {
		for _, column := range []struct {
			table, name string
			day         int64
		}{
			{tables.Changes, "at", (24 * time.Hour).Microseconds()},
			{tables.Usage, "day", 1},
			{tables.State, "usage_since", 1},
			{tables.State, "usage_until", 1},
		} {
			statement := fmt.Sprintf("UPDATE %s SET %s = %[2]s - ?", column.table, column.name)
			if err := tx.Exec(statement, int64(days)*column.day).Error; err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
}

// record extends the period in which uses were recorded by the days up to today, as an engine does that runs on all of them.
func record(ctx context.Context, store authz.UsageStore, days int) error {
	today := authz.DayOf(time.Now())
	for day := today - authz.Day(days); day <= today; day++ {
		if err := store.ExtendUsage(ctx, day); err != nil {
			return err
		}
	}
	return nil
}
