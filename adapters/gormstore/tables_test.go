package gormstore_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
)

func TestPrefixes(t *testing.T) {
	for _, prefix := range []string{"A", "Acme", "1a", "_a", "a-b", "a b", "a.b", "a;b", "a'", `a"`, "é", "a\n", strings.Repeat("a", 25)} {
		if _, err := sqlite.Open(t.Context(), dbtest.File(t), gormstore.Options{Prefix: prefix}); err == nil {
			t.Errorf("the prefix %q was accepted", prefix)
		}
		if _, err := database.MigrationSQL("sqlite", prefix); err == nil {
			t.Errorf("MigrationSQL accepted the prefix %q", prefix)
		}
	}
}

// The page on embedding says which tables a service needs rights on.
func TestGrantsInTheDocumentsNameEveryTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := gormstore.TablesOf("")
	if err != nil {
		t.Fatal(err)
	}
	_, grants, _ := strings.Cut(string(text), "GRANT SELECT, INSERT, UPDATE, DELETE ON casbin_rule")
	grants, _, _ = strings.Cut("casbin_rule"+grants, " TO ")
	names := strings.FieldsFunc(grants, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for _, table := range reflect.ValueOf(tables).Fields() {
		if !slices.Contains(names, table.String()) {
			t.Errorf("the statement GRANT lacks %s", table)
		}
	}
}

func TestPrefixesShareADatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		stores := map[string]*gormstore.Store{}
		for _, prefix := range []string{"", "a", "ab", strings.Repeat("z", 24)} {
			stores[prefix] = d.Open(t, gormstore.Options{Prefix: prefix})
		}
		for prefix, s := range stores {
			dbtest.Commit(t, s, authz.Commit{
				AddRows: []authz.Row{{Type: "g", V: [6]string{"user of " + prefix, "group:Desk"}}},
				Users:   []authz.UserID{"ana"}, PutGroups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: "Desk"}}},
			})
		}
		for prefix, s := range stores {
			if rows := dbtest.Load(t, s); len(rows) != 1 || rows[0].V[0] != "user of "+prefix {
				t.Errorf("under %q are %v", prefix, rows)
			}
		}
	})
}
