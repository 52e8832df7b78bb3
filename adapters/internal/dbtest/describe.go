package dbtest

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"
)

// Tables returns the names of all tables.
func (d Database) Tables(t testing.TB, db *sql.DB) []string {
	t.Helper()
	return Query(t, db, map[string]string{
		"sqlite":   "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name <> 'sqlite_sequence' ORDER BY name",
		"postgres": "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1",
		"mysql":    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
	}[d.Kind])
}

// Describe writes out the tables whose names contain part, with their indexes; without a part
// all of them, and the triggers.
func (d Database) Describe(t testing.TB, db *sql.DB, part string) (list []string) {
	t.Helper()
	for _, table := range d.Tables(t, db) {
		if !strings.Contains(table, part) {
			continue
		}
		for _, statement := range descriptions[d.Kind] {
			list = append(list, Query(t, db, strings.ReplaceAll(statement, "{table}", table))...)
		}
	}
	if part == "" {
		list = append(list, Query(t, db, triggers[d.Kind])...)
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
