package adapters_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/internal/servers"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// database is an empty one that a test has to itself.
type database struct {
	kind    string // as GORM's driver calls itself
	address string // for adapters.Open
	dsn     string // for the driver
}

// kinds make a database of each kind, or skip the test where there is no server.
var kinds = []struct {
	name string
	make func(testing.TB) database
}{
	{"sqlite", func(t testing.TB) database {
		path := newFile(t)
		return database{"sqlite", "sqlite:" + path, path}
	}},
	{"postgres", func(t testing.TB) database {
		d := servers.Postgres(t)
		return database{"postgres", d.Address, d.DSN}
	}},
	{"mysql", func(t testing.TB) database {
		d := servers.MySQL(t)
		return database{"mysql", d.Address, d.DSN}
	}},
}

// onEach runs a test on a database of each kind.
func onEach(t *testing.T, test func(*testing.T, database)) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) { test(t, kind.make(t)) })
	}
}

// onEachWith does so for each of several values, each time on another database.
func onEachWith[V any](t *testing.T, values []V, test func(*testing.T, database, V)) {
	for _, value := range values {
		t.Run(fmt.Sprint(value), func(t *testing.T) {
			onEach(t, func(t *testing.T, d database) { test(t, d, value) })
		})
	}
}

// again makes another database of the same kind.
func (d database) again(t testing.TB) database {
	t.Helper()
	for _, kind := range kinds {
		if kind.name == d.kind {
			return kind.make(t)
		}
	}
	t.Fatalf("there is no kind %q", d.kind)
	return database{}
}

func (d database) dialector() gorm.Dialector {
	switch d.kind {
	case "postgres":
		return postgres.Open(d.dsn)
	case "mysql":
		return mysql.Open(d.dsn)
	}
	return sqlite.Open(d.dsn)
}

// host opens the database as a host might.
func (d database) host(t testing.TB, config gorm.Config) *gorm.DB {
	t.Helper()
	if config.Logger == nil {
		config.Logger = logger.Discard
	}
	db, err := gorm.Open(d.dialector(), &config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool(t, db).Close() })
	return db
}

// pool opens the database as an outside program might.
func (d database) pool(t testing.TB) *sql.DB {
	t.Helper()
	return pool(t, d.host(t, gorm.Config{}))
}

// open opens a store.
func (d database) open(t testing.TB, o adapters.GormOptions) *adapters.GormStore {
	t.Helper()
	s, err := adapters.Open(t.Context(), d.address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tables returns the names of all tables.
func (d database) tables(t testing.TB, db *sql.DB) []string {
	t.Helper()
	return query(t, db, map[string]string{
		"sqlite":   "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name <> 'sqlite_sequence' ORDER BY name",
		"postgres": "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1",
		"mysql":    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
	}[d.kind])
}

// describe writes out the tables whose names have a part in common, with their indexes.
func (d database) describe(t testing.TB, db *sql.DB, part string) (list []string) {
	t.Helper()
	for _, table := range d.tables(t, db) {
		if !strings.Contains(table, part) {
			continue
		}
		for _, statement := range descriptions[d.kind] {
			list = append(list, query(t, db, strings.ReplaceAll(statement, "{table}", table))...)
		}
	}
	if part == "" {
		list = append(list, query(t, db, triggers[d.kind])...)
	}
	for i := range list {
		list[i] = counter.ReplaceAllString(list[i], "")
	}
	return list
}

// counter is the next id in MySQL's description of a table.
var counter = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

var descriptions = map[string][]string{
	"sqlite": {
		"SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name = '{table}' AND type <> 'trigger' ORDER BY name",
		"PRAGMA table_info({table})", "PRAGMA index_list({table})", "PRAGMA index_info(idx_{table})",
	},
	"postgres": {
		"SELECT table_name, column_name, data_type, character_maximum_length, collation_name, is_nullable, " +
			"replace(column_default, current_schema() || '.', '') FROM information_schema.columns " +
			"WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position",
		"SELECT replace(indexdef, current_schema() || '.', '') FROM pg_indexes " +
			"WHERE schemaname = current_schema() AND tablename = '{table}' ORDER BY 1",
		"SELECT conname, contype, conrelid::regclass::text FROM pg_constraint " +
			"WHERE conrelid = to_regclass('{table}') AND contype <> 'n' ORDER BY 1",
	},
	"mysql": {"SHOW CREATE TABLE {table}"},
}

var triggers = map[string]string{
	"sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
	"postgres": "SELECT tgname, replace(pg_get_triggerdef(oid), current_schema() || '.', '') FROM pg_trigger " +
		"WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace) ORDER BY 2",
	"mysql": "SELECT trigger_name, action_timing, event_manipulation, event_object_table, action_statement " +
		"FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1",
}

// query returns each row as text.
func query(t testing.TB, db *sql.DB, statement string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
		}
		list = append(list, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func execSQL(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// script runs what a person would paste into the database's own program, up to an error.
func script(t testing.TB, db *sql.DB, text string) error {
	t.Helper()
	conn, err := db.Conn(t.Context()) // a transaction is one connection's
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for statement := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			_, _ = conn.ExecContext(t.Context(), "ROLLBACK")
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
