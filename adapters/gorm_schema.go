package adapters

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// migration is one step from a version of the tables to the next. In its statements {rules},
// {groups}, {users}, {changes}, {denials} and {state} stand for the tables. A migration that was ever
// released is never changed.
type migration struct {
	version int
	// rules make gorm-adapter's table. Where it is there already, however it was made,
	// adopted stands for them.
	rules, adopted []string
	statements     []string
}

// setVersion ends each migration.
const setVersion = "UPDATE {state} SET schema_version = %d WHERE id = 1"

// MigrationSQL returns the statements that make a store's tables, for whoever runs them by
// hand (see [GormOptions.SkipMigration]). The database is "sqlite", "postgres" or "mysql", as
// GORM's drivers call themselves.
func MigrationSQL(database, prefix string) (string, error) {
	d, ok := dialects[database]
	if !ok {
		return "", fmt.Errorf("there are no tables for databases of the kind %q; there are for %s", database, supported)
	}
	if err := checkPrefix(prefix); err != nil {
		return "", err
	}
	t := tablesOf(prefix)
	var b strings.Builder
	for _, m := range d.migrations {
		lines := []string{fmt.Sprintf("-- To version %d.", m.version), d.scriptBegin}
		if len(m.rules) > 0 {
			lines = append(lines, fmt.Sprintf("-- Leave these %d out where %s is there already.", len(m.rules), t.rules))
			lines = append(lines, t.script(m.rules)...)
		}
		if len(m.adopted) > 0 {
			lines = append(lines, "-- And these only there, where they change nothing on a new one.")
			lines = append(lines, t.script(m.adopted)...)
		}
		lines = append(lines, "-- The rest is always needed.")
		lines = append(lines, t.script(append(slices.Clip(m.statements), fmt.Sprintf(setVersion, m.version)))...)
		lines = append(lines, d.scriptEnd)
		b.WriteString(strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n") + "\n")
	}
	return b.String(), nil
}

// script writes out statements for a person.
func (t tables) script(statements []string) []string {
	lines := make([]string, len(statements))
	for i, statement := range statements {
		lines[i] = strings.ReplaceAll(t.in(statement), "\n\t\t", "\n") + ";"
	}
	return lines
}

// in puts the names of the tables into a statement.
func (t tables) in(statement string) string {
	return strings.NewReplacer(
		"{rules}", t.rules, "{groups}", t.groups, "{users}", t.users, "{changes}", t.changes,
		"{denials}", t.denials, "{state}", t.state,
	).Replace(statement)
}

// prepare brings the tables to the version that this code is written for, or says why not.
func (s *GormStore) prepare(ctx context.Context, skipMigration bool) error {
	want := s.dialect.migrations[len(s.dialect.migrations)-1].version
	have, err := s.schemaVersion(s.db.WithContext(ctx))
	if err != nil {
		return err
	}
	if have < want && skipMigration {
		return fmt.Errorf("the tables are at version %d, this version of Rightful needs %d, and migrations are switched off", have, want)
	}
	for _, m := range s.dialect.migrations {
		if m.version <= have {
			continue
		}
		err := s.inTransaction(ctx, s.dialect.beginWrite, func(tx *gorm.DB) error {
			return s.dialect.alone(tx, func() error { return s.migrate(tx, m) })
		})
		if err != nil {
			return fmt.Errorf("bring the tables to version %d: %w", m.version, err)
		}
	}
	// Asked anew, for someone with a newer version may have started at the same time.
	if have, err = s.schemaVersion(s.db.WithContext(ctx)); err != nil {
		return err
	}
	if have != want {
		return fmt.Errorf("the tables are at version %d, which this version of Rightful, made for %d, doesn't know", have, want)
	}
	return s.dialect.check(s.db.WithContext(ctx), s.tables)
}

// migrate does m, unless another process was first.
func (s *GormStore) migrate(tx *gorm.DB, m migration) error {
	have, err := s.schemaVersion(tx)
	if err != nil || have >= m.version {
		return err
	}
	there, err := s.hasTable(tx, s.tables.rules)
	if err != nil {
		return err
	}
	first := m.rules
	if there {
		first = m.adopted
	}
	for i, statement := range slices.Concat(first, m.statements) {
		if err := tx.Exec(s.tables.in(statement)).Error; err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return tx.Exec(s.tables.in(fmt.Sprintf(setVersion, m.version))).Error
}

// schemaVersion returns the version that the tables are at, 0 if there are none. A state
// table without its row is an error: the revision is lost, and a new start at 0 would let
// old commits win.
func (s *GormStore) schemaVersion(tx *gorm.DB) (version int, err error) {
	there, err := s.hasTable(tx, s.tables.state)
	if err != nil || !there {
		return 0, err
	}
	err = tx.Raw("SELECT schema_version FROM " + s.tables.state + " WHERE id = 1").Row().Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("read the version of the tables: %w", err)
	}
	return version, nil
}

func (s *GormStore) hasTable(tx *gorm.DB, name string) (bool, error) {
	var n int
	if err := tx.Raw(s.dialect.hasTable, name).Row().Scan(&n); err != nil {
		return false, fmt.Errorf("look for the table %s: %w", name, err)
	}
	return n > 0, nil
}
