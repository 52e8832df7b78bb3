package dbtest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
)

// InsertRow is for [authztest.Backend]: it writes past the store.
func InsertRow(kind, prefix string) func(*testing.T, authz.Store, [7]*string) int64 {
	return func(t *testing.T, s authz.Store, columns [7]*string) int64 {
		t.Helper()
		var values [7]string
		for i, c := range columns {
			values[i] = "NULL"
			if c != nil {
				values[i] = literal(kind, *c)
			}
		}
		db := StorePool(s.(*gormstore.Store))
		before := Query(t, db, "SELECT COALESCE(MAX(id), 0) FROM "+prefix+"casbin_rule")
		Exec(t, db, "INSERT INTO "+prefix+"casbin_rule (ptype, v0, v1, v2, v3, v4, v5) VALUES ("+strings.Join(values[:], ", ")+")")
		ids := Query(t, db, "SELECT id FROM "+prefix+"casbin_rule WHERE id > "+before[0])
		if len(ids) != 1 {
			t.Fatalf("%d rows were inserted", len(ids))
		}
		id, err := strconv.ParseInt(ids[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
}

// WaysToWrite are those of SQL to write past a store to what authztest.Prepare put there.
func WaysToWrite(kind, prefix string) map[string]func(*testing.T, authz.Store) {
	ways := map[string]string{
		"insert":            "INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('g', 'cleo', 'group:Desk')",
		"update":            "UPDATE casbin_rule SET v0 = 'cleo' WHERE v0 = 'ana' AND v1 = 'group:Administrators'",
		"delete":            "DELETE FROM casbin_rule WHERE v0 = 'ana' AND v1 = 'group:Administrators'",
		"delete everything": "DELETE FROM casbin_rule",
		"truncate":          "TRUNCATE TABLE casbin_rule",
		"end inserted":      "INSERT INTO rightful_memberships (user_id, group_name, until) VALUES ('cleo', 'Desk', 4000000000000000)",
		"end updated":       "UPDATE rightful_memberships SET until = until + 1 WHERE user_id = 'ben' AND group_name = 'Desk'",
		"end deleted":       "DELETE FROM rightful_memberships WHERE user_id = 'ben' AND group_name = 'Desk'",
		"ends deleted":      "DELETE FROM rightful_memberships",
		"ends truncated":    "TRUNCATE TABLE rightful_memberships",
		"group inserted":    "INSERT INTO rightful_groups (name, description, version, updated_at, updated_by_kind, updated_by_id) VALUES ('Night', '', 1, 0, 'outside', '')",
		"group updated":     "UPDATE rightful_groups SET description = 'new' WHERE name = 'Administrators'",
		"group deleted":     "DELETE FROM rightful_groups WHERE name = 'Administrators'",
	}
	if kind == "sqlite" {
		delete(ways, "truncate") // knows no such statement
		delete(ways, "ends truncated")
	}
	all := map[string]func(*testing.T, authz.Store){}
	for name, statement := range ways {
		for _, table := range []string{"casbin_rule", "rightful_groups", "rightful_memberships"} {
			statement = strings.ReplaceAll(statement, table, prefix+table)
		}
		all[name] = func(t *testing.T, s authz.Store) {
			t.Helper()
			Exec(t, StorePool(s.(*gormstore.Store)), statement)
		}
	}
	return all
}

// literal writes a text in SQL.
func literal(kind, text string) string {
	if kind == "mysql" {
		text = strings.ReplaceAll(text, `\`, `\\`)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// DeleteRecord is for [authztest.Backend] too.
func DeleteRecord(prefix string) func(*testing.T, authz.Store, authz.Revision) {
	return func(t *testing.T, s authz.Store, r authz.Revision) {
		t.Helper()
		Exec(t, StorePool(s.(*gormstore.Store)),
			fmt.Sprintf("DELETE FROM %srightful_changes WHERE revision = %d", prefix, r))
	}
}
