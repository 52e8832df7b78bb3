package gormstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// Migration is one step from a version of the tables to the next. In its statements {rules},
// {groups} and so on stand for the tables, see [Tables.In]. One that was released is never changed.
type Migration struct {
	Version int // of the tables after it; the first is 1

	// Rules make the policy table as gorm-adapter would. Adopted runs in their place where the
	// table exists already.
	Rules, Adopted []string

	// Statements make all the rest.
	Statements []string
}

// setVersion ends each migration.
const setVersion = "UPDATE {state} SET schema_version = %d WHERE id = 1"

// MigrationSQL returns the statements that make a store's tables, for people who run them by
// hand, see [Options].SkipMigration. It is an error if the prefix isn't of the form that is
// written there.
func (d Dialect) MigrationSQL(prefix string) (string, error) {
	t, err := TablesOf(prefix)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, m := range d.Migrations {
		lines := []string{fmt.Sprintf("-- To version %d.", m.Version), d.ScriptBegin}
		if len(m.Rules) > 0 {
			lines = append(lines, fmt.Sprintf("-- Leave these %d out where %s exists already.", len(m.Rules), t.Rules))
			lines = append(lines, t.script(m.Rules)...)
		}
		if len(m.Adopted) > 0 {
			lines = append(lines, "-- And these only there, where they change nothing on a new one.")
			lines = append(lines, t.script(m.Adopted)...)
		}
		lines = append(lines, "-- The rest is always needed.")
		lines = append(lines, t.script(append(slices.Clip(m.Statements), fmt.Sprintf(setVersion, m.Version)))...)
		lines = append(lines, d.ScriptEnd)
		b.WriteString(strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n") + "\n")
	}
	return b.String(), nil
}

// script writes out statements for a person.
func (t Tables) script(statements []string) []string {
	lines := make([]string, len(statements))
	for i, statement := range statements {
		lines[i] = strings.ReplaceAll(t.In(statement), "\n\t\t", "\n") + ";"
	}
	return lines
}

// ErrMigrationNeeded is in the error of opening a store whose tables are missing or older than this version of Rightful
// needs, if [Options].SkipMigration is set.
var ErrMigrationNeeded = errors.New("migrations are switched off")

// prepare brings the tables to the version that this code is written for, or says why not. A policy
// table that another program filled stays as it is.
func (s *Store) prepare(ctx context.Context) error {
	tx := s.db.WithContext(ctx)
	have, err := s.schemaVersion(tx)
	if err != nil {
		return err
	}
	if have == 0 {
		foreign, err := s.hasForeignRows(tx)
		if err != nil {
			return err
		}
		if s.unadopted.Store(foreign); foreign {
			return s.dialect.Check(tx, s.tables)
		}
	}
	if want := s.dialect.latest(); have < want && s.skipMigration {
		return fmt.Errorf("the tables are at version %d, this version of Rightful needs %d, and %w", have, want, ErrMigrationNeeded)
	}
	if err := s.migrateAll(ctx); err != nil {
		return err
	}
	return s.check(ctx)
}

// migrateAll does the migrations that are still to be done.
func (s *Store) migrateAll(ctx context.Context) error {
	have, err := s.schemaVersion(s.db.WithContext(ctx))
	if err != nil {
		return err
	}
	for _, m := range s.dialect.Migrations {
		if m.Version <= have {
			continue
		}
		err := s.inTransaction(ctx, s.dialect.BeginWrite, func(tx *gorm.DB) error {
			return s.dialect.Alone(tx, func() error { return s.migrate(tx, m) })
		})
		if err != nil {
			return fmt.Errorf("bring the tables to version %d: %w", m.Version, err)
		}
	}
	return nil
}

// check returns an error unless the tables are at the version that this code is written for and keep
// what is written to them.
func (s *Store) check(ctx context.Context) error {
	tx := s.db.WithContext(ctx)
	have, err := s.schemaVersion(tx) // a newer version may have started at the same time
	if err != nil {
		return err
	}
	if want := s.dialect.latest(); have != want {
		return fmt.Errorf("the tables are at version %d, which this version of Rightful, made for %d, doesn't know", have, want)
	}
	if err := s.dialect.Check(tx, s.tables); err != nil {
		return err
	}
	if err := s.checkTriggers(tx); err != nil {
		return err
	}
	return s.dialect.CheckRules(tx, s.tables)
}

// checkTriggers returns an error if a table has lost its triggers, because it was restored alone: writes of other programs
// would go unnoticed. If the rows are from before an adoption, the engine would even rewrite them as foreign ones, and the old
// program couldn't read its table any more.
func (s *Store) checkTriggers(tx *gorm.DB) error {
	if s.dialect.HasTriggers == "" {
		return nil
	}
	for _, table := range []string{s.tables.Rules, s.tables.Groups, s.tables.Memberships, s.tables.Changes} {
		var n int
		if err := tx.Raw(s.dialect.HasTriggers, table).Row().Scan(&n); err != nil {
			return fmt.Errorf("look for the triggers of %s: %w", table, err)
		}
		if n == 0 {
			return fmt.Errorf("%[1]s has lost the triggers that count writes of other programs, as if it had been restored or created "+
				"without them; nothing was changed. To continue with Rightful, restore a backup of all tables together, or create the "+
				"triggers as rightful migrate --print shows them. To return to the program that used %[2]s before an adoption, drop "+
				"the tables that begin with %[3]s", table, s.tables.Rules, strings.TrimSuffix(s.tables.State, "state"))
		}
	}
	return nil
}

// migrate does m, unless another process was first.
func (s *Store) migrate(tx *gorm.DB, m Migration) error {
	have, err := s.schemaVersion(tx)
	if err != nil || have >= m.Version {
		return err
	}
	there, err := s.hasTable(tx, s.tables.Rules)
	if err != nil {
		return err
	}
	first := m.Rules
	if there {
		first = m.Adopted
	}
	for i, statement := range slices.Concat(first, m.Statements) {
		if err := tx.Exec(s.tables.In(statement)).Error; err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return tx.Exec(s.tables.In(fmt.Sprintf(setVersion, m.Version))).Error
}

// schemaVersion returns the version that the tables are at, 0 if there are none. A state
// table without its row is an error: the revision is lost, and a new start at 0 would let
// old commits win.
func (s *Store) schemaVersion(tx *gorm.DB) (version int, err error) {
	there, err := s.hasTable(tx, s.tables.State)
	if err != nil || !there {
		return 0, err
	}
	err = tx.Raw("SELECT schema_version FROM " + s.tables.State + " WHERE id = 1").Row().Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("read the version of the tables: %w", err)
	}
	return version, nil
}

func (s *Store) hasTable(tx *gorm.DB, name string) (bool, error) {
	var n int
	if err := tx.Raw(s.dialect.HasTable, name).Row().Scan(&n); err != nil {
		return false, fmt.Errorf("look for the table %s: %w", name, err)
	}
	return n > 0, nil
}
