package gormstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// An unadopted store is one whose policy table another program filled, before any of our tables
// was made. Opening and reading it writes nothing, so that the other program's table stays as it
// is, without our triggers, until the engine adopts it. The first commit makes the tables.

// uncounted is [authz.Position].Writes of an unadopted store: no trigger counts its writes.
const uncounted = -1

// errMigrationsOff is why an unadopted store can't be committed to.
var errMigrationsOff = errors.New("the tables that an adoption needs are missing, and migrations are switched off; " +
	"run rightful adopt, or make the tables with the SQL of rightful migrate --print")

// Unadopted reports whether another program filled the policy table and none of our tables is there. The
// engine can adopt it; see authz.AdoptOptions.
func (s *Store) Unadopted() bool { return s.unadopted.Load() }

// isUnadopted reports whether the store is still unadopted: another instance may have made the
// tables since it was opened.
func (s *Store) isUnadopted(tx *gorm.DB) (bool, error) {
	if !s.unadopted.Load() {
		return false, nil
	}
	have, err := s.schemaVersion(tx)
	if err != nil || have < s.dialect.latest() {
		return true, err
	}
	s.unadopted.Store(false)
	return false, nil
}

// hasForeignRows reports whether there is a policy table with rows.
func (s *Store) hasForeignRows(tx *gorm.DB) (bool, error) {
	there, err := s.hasTable(tx, s.tables.Rules)
	if err != nil || !there {
		return false, err
	}
	var rows int
	if err := tx.Raw("SELECT COUNT(*) FROM (SELECT id FROM " + s.tables.Rules + " LIMIT 1) AS one").Row().Scan(&rows); err != nil {
		return false, fmt.Errorf("look for rows in %s: %w", s.tables.Rules, err)
	}
	return rows > 0, nil
}

// loadUnadopted is Load for an unadopted store: no state, and the rows of the other program.
func (s *Store) loadUnadopted(tx *gorm.DB, state func(authz.State) error, row func(authz.Row) error) error {
	position, err := s.unadoptedPosition(tx)
	if err != nil {
		return err
	}
	if err := state(authz.State{Position: position, Recorded: uncounted}); err != nil {
		return err
	}
	return s.dialect.Rows(tx, s.tables.Rules, row)
}

func (s *Store) unadoptedPosition(tx *gorm.DB) (authz.Position, error) {
	p := authz.Position{Writes: uncounted}
	if err := tx.Raw("SELECT " + s.now()).Row().Scan(&p.Now); err != nil {
		return authz.Position{}, fmt.Errorf("read the clock of the database: %w", err)
	}
	p.Now = s.clock(p.Now)
	return p, nil
}

// untilFree runs a statement that fails while another program uses the database: SQLite waits by itself before other
// statements, but not before it changes its journal. It tries for two seconds.
func (s *Store) untilFree(ctx context.Context, statement string) error {
	for left := 100; ; left-- {
		err := s.db.WithContext(ctx).Exec(statement).Error
		if err == nil || left == 0 || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// prepareAdoption makes the tables beside the policy table, and the triggers on it. It returns
// [authz.ErrConflict]: what the engine read before the triggers counted may have changed since.
func (s *Store) prepareAdoption(ctx context.Context) error {
	if s.skipMigration {
		return errMigrationsOff
	}
	for _, statement := range s.dialect.Adopting {
		if err := s.untilFree(ctx, statement); err != nil {
			return fmt.Errorf("prepare the database for the adoption: %w", err)
		}
	}
	if err := s.migrateAll(ctx); err != nil {
		return err
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	s.unadopted.Store(false)
	return authz.ErrConflict
}
