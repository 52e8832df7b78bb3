package adapters

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// migration is one step from a version of the tables to the next. In its statements {rules},
// {groups}, {users}, {changes} and {state} stand for the tables. A migration that was ever
// released is never changed.
type migration struct {
	version int
	// rules make gorm-adapter's table. They are left out where it is there already, however
	// it was made.
	rules      []string
	statements []string
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
}}

// setVersion ends each migration.
const setVersion = "UPDATE {state} SET schema_version = %d WHERE id = 1"

// MigrationSQL returns the statements that make a store's tables in SQLite, for whoever runs
// them by hand (see [GormOptions.SkipMigration]).
func MigrationSQL(prefix string) (string, error) {
	if err := checkPrefix(prefix); err != nil {
		return "", err
	}
	t := tablesOf(prefix)
	var b strings.Builder
	for _, m := range sqliteMigrations {
		fmt.Fprintf(&b, "-- To version %d.\n%s;\n", m.version, sqliteDialect.beginWrite)
		fmt.Fprintf(&b, "-- Leave these %d out where %s is there already.\n", len(m.rules), t.rules)
		for _, statement := range m.rules {
			fmt.Fprintf(&b, "%s;\n", t.in(statement))
		}
		b.WriteString("-- The rest is always needed.\n")
		for _, statement := range m.statements {
			fmt.Fprintf(&b, "%s;\n", strings.ReplaceAll(t.in(statement), "\n\t\t", "\n"))
		}
		fmt.Fprintf(&b, "%s;\nCOMMIT;\n", t.in(fmt.Sprintf(setVersion, m.version)))
	}
	return b.String(), nil
}

// in puts the names of the tables into a statement.
func (t tables) in(statement string) string {
	return strings.NewReplacer(
		"{rules}", t.rules, "{groups}", t.groups, "{users}", t.users, "{changes}", t.changes, "{state}", t.state,
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
		err := s.inTransaction(ctx, s.dialect.beginWrite, func(tx *gorm.DB) error { return s.migrate(tx, m) })
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
	return nil
}

// migrate does m, unless another process was first.
func (s *GormStore) migrate(tx *gorm.DB, m migration) error {
	have, err := s.schemaVersion(tx)
	if err != nil || have >= m.version {
		return err
	}
	statements := m.statements
	there, err := s.hasTable(tx, s.tables.rules)
	if err != nil {
		return err
	}
	if !there {
		statements = append(m.rules[:len(m.rules):len(m.rules)], statements...)
	}
	for i, statement := range statements {
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
