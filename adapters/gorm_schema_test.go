package adapters_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// describe writes out the tables and indexes whose names have a part in common.
func describe(t *testing.T, db *sql.DB, part string) []string {
	t.Helper()
	list := query(t, db, `SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name LIKE ? ORDER BY name`, "%"+part+"%")
	for _, table := range query(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE ? ORDER BY name`, "%"+part+"%") {
		list = append(list, query(t, db, fmt.Sprintf("PRAGMA table_info(%s)", table))...)
		list = append(list, query(t, db, fmt.Sprintf("PRAGMA index_list(%s)", table))...)
		list = append(list, query(t, db, fmt.Sprintf("PRAGMA index_info(idx_%s)", table))...)
	}
	return list
}

// query returns each row as text.
func query(t *testing.T, db *sql.DB, statement string, args ...any) []string {
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

// The policy table is gorm-adapter's, to the letter, under each prefix; and when a program
// with gorm-adapter opens it, its AutoMigrate finds nothing to do.
func TestPolicyTableIsGormAdapters(t *testing.T) {
	for _, prefix := range []string{"", "acme", "acme_", "a1_b"} {
		t.Run("sqlite with prefix "+prefix, func(t *testing.T) {
			theirs := hostDB(t, newFile(t))
			if _, err := gormadapter.NewAdapterByDBUseTableName(theirs, prefix, "casbin_rule"); err != nil {
				t.Fatal(err)
			}
			path := newFile(t)
			s := openSQLite(t, path, adapters.GormOptions{Prefix: prefix})
			want, got := describe(t, pool(t, theirs), "casbin_rule"), describe(t, s.Pool(), "casbin_rule")
			if !slices.Equal(got, want) {
				t.Errorf("our table\n%s\ntheirs\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if len(want) < 10 {
				t.Errorf("nothing was compared: %q", want)
			}

			commit(t, s, authz.Commit{AddRows: []authz.Row{{Type: "g", V: [6]string{"ana", "group:Desk"}}}})
			was := describe(t, s.Pool(), "")
			if _, err := gormadapter.NewAdapterByDBUseTableName(hostDB(t, path), prefix, "casbin_rule"); err != nil {
				t.Fatal(err)
			}
			if now := describe(t, s.Pool(), ""); !slices.Equal(now, was) {
				t.Errorf("AutoMigrate made of\n%s\nthis\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
			}
			if n := len(load(t, s)); n != 1 {
				t.Errorf("AutoMigrate left %d rows", n)
			}
		})
	}
}

// A table that is there is left as it is, rows, columns and indexes, whoever made it.
func TestExistingPolicyTableIsLeftAsItIs(t *testing.T) {
	for name, make := range map[string]func(*testing.T, string){
		"by gorm-adapter": func(t *testing.T, path string) {
			a, err := gormadapter.NewAdapterByDB(hostDB(t, path))
			if err != nil {
				t.Fatal(err)
			}
			if err := a.AddPolicies("p", "p", [][]string{{"ana", "orders", "view"}, {"ana", "orders", "edit", "allow"}}); err != nil {
				t.Fatal(err)
			}
		},
		"by hand, without an index and with doubles": func(t *testing.T, path string) {
			execSQL(t, pool(t, hostDB(t, path)),
				"CREATE TABLE casbin_rule (id integer primary key, ptype varchar(100), v0 varchar(100), v1 varchar(100), "+
					"v2 varchar(100), v3 varchar(100), v4 varchar(100), v5 varchar(100), remark text)",
				"INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('g', 'ana', 'admin'), ('g', 'ana', 'admin')")
		},
	} {
		t.Run("sqlite "+name, func(t *testing.T) {
			path := newFile(t)
			make(t, path)
			host := pool(t, hostDB(t, path))
			was := append(describe(t, host, "casbin_rule"), query(t, host, "SELECT * FROM casbin_rule")...)
			s := openSQLite(t, path, adapters.GormOptions{})
			if _, err := s.CasbinAdapter(); err != nil {
				t.Error(err)
			}
			now := append(describe(t, host, "casbin_rule"), query(t, host, "SELECT * FROM casbin_rule")...)
			if !slices.Equal(now, was) {
				t.Errorf("of\n%s\nwas made\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
			}
			rows := load(t, s)
			if len(rows) != 2 {
				t.Fatalf("%d rows", len(rows))
			}
			commit(t, s, authz.Commit{RemoveRows: rows})
			if rows := load(t, s); len(rows) != 0 {
				t.Errorf("left: %q", rows[0].V)
			}
		})
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := newFile(t)
	s := openSQLite(t, path, adapters.GormOptions{})
	execSQL(t, s.Pool(), "UPDATE rightful_state SET schema_version = 99")
	was := describe(t, s.Pool(), "")
	for _, skip := range []bool{false, true} {
		_, err := adapters.OpenSQLite(t.Context(), path, adapters.GormOptions{SkipMigration: skip})
		if err == nil || !strings.Contains(err.Error(), "version 99") || !strings.Contains(err.Error(), "made for 1") {
			t.Errorf("the error doesn't name both versions: %v", err)
		}
	}
	if now := describe(t, s.Pool(), ""); !slices.Equal(now, was) {
		t.Error("the tables were changed")
	}
}

// With its row the state loses the revision. To begin anew at 0 would let old commits win.
func TestLostStateIsRefused(t *testing.T) {
	path := newFile(t)
	s := openSQLite(t, path, adapters.GormOptions{})
	execSQL(t, s.Pool(), "DELETE FROM rightful_state")
	if _, err := adapters.OpenSQLite(t.Context(), path, adapters.GormOptions{}); err == nil {
		t.Error("a store without its state was opened")
	}
	if _, err := s.Revision(t.Context()); err == nil {
		t.Error("a store without its state has a revision")
	}
	if err := s.Commit(t.Context(), authz.Commit{Record: authz.Record{Revision: 1}}); err == nil {
		t.Error("a store without its state took a commit")
	}
}

func TestMigrationBySomeoneElse(t *testing.T) {
	for _, prefix := range []string{"", "acme"} {
		t.Run("sqlite with prefix "+prefix, func(t *testing.T) {
			path := newFile(t)
			o := adapters.GormOptions{Prefix: prefix, SkipMigration: true}
			_, err := adapters.OpenSQLite(t.Context(), path, o)
			if err == nil || !strings.Contains(err.Error(), "version 0") || !strings.Contains(err.Error(), "needs 1") {
				t.Errorf("the error doesn't name both versions: %v", err)
			}
			host := pool(t, hostDB(t, path))
			if tables := describe(t, host, ""); len(tables) != 0 {
				t.Errorf("made although migrations are switched off: %s", tables)
			}

			text, err := adapters.MigrationSQL(prefix)
			if err != nil {
				t.Fatal(err)
			}
			execSQL(t, host, text)
			s := openSQLite(t, path, o)
			commit(t, s, authz.Commit{AddRows: []authz.Row{{Type: "g", V: [6]string{"ana", "group:Desk"}}}})

			own := openSQLite(t, newFile(t), adapters.GormOptions{Prefix: prefix})
			want, got := query(t, own.Pool(), "SELECT name FROM sqlite_master ORDER BY name"), query(t, host, "SELECT name FROM sqlite_master ORDER BY name")
			if !slices.Equal(got, want) {
				t.Errorf("by hand %q, by itself %q", got, want)
			}
			for _, table := range want {
				if got, want := query(t, host, "PRAGMA table_info("+table+")"), query(t, own.Pool(), "PRAGMA table_info("+table+")"); !slices.Equal(got, want) {
					t.Errorf("%s by hand %q, by itself %q", table, got, want)
				}
			}
		})
	}
}

// A migration that fails leaves nothing behind.
func TestMigrationIsWholeOrAbsent(t *testing.T) {
	path := newFile(t)
	host := pool(t, hostDB(t, path))
	execSQL(t, host, "CREATE VIEW rightful_changes AS SELECT 1") // in the way of the fifth statement
	was := describe(t, host, "")
	if _, err := adapters.OpenSQLite(t.Context(), path, adapters.GormOptions{}); err == nil {
		t.Error("the store was opened")
	}
	if now := describe(t, host, ""); !slices.Equal(now, was) {
		t.Errorf("half a migration:\n%s", strings.Join(now, "\n"))
	}
	execSQL(t, host, "DROP VIEW rightful_changes")
	openSQLite(t, path, adapters.GormOptions{})
}

func TestEightStartAtOnce(t *testing.T) {
	for range 20 {
		path := newFile(t)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				s, err := adapters.OpenSQLite(t.Context(), path, adapters.GormOptions{})
				if err == nil {
					_, err = s.Revision(t.Context())
					_ = s.Close()
				}
				errs[i] = err
			})
		}
		all.Wait()
		for i, err := range errs {
			if err != nil {
				t.Errorf("start %d: %v", i, err)
			}
		}
		s := openSQLite(t, path, adapters.GormOptions{})
		if n := query(t, s.Pool(), "SELECT COUNT(*) FROM rightful_state"); n[0] != "1" {
			t.Errorf("%s states", n[0])
		}
	}
}

func TestPrefixes(t *testing.T) {
	for _, prefix := range []string{"A", "Acme", "1a", "_a", "a-b", "a b", "a.b", "a;b", "a'", `a"`, "é", "a\n", strings.Repeat("a", 25)} {
		if _, err := adapters.OpenSQLite(t.Context(), newFile(t), adapters.GormOptions{Prefix: prefix}); err == nil {
			t.Errorf("the prefix %q was accepted", prefix)
		}
		if _, err := adapters.MigrationSQL(prefix); err == nil {
			t.Errorf("MigrationSQL accepted the prefix %q", prefix)
		}
	}

	path := newFile(t)
	stores := map[string]*adapters.GormStore{}
	for _, prefix := range []string{"", "a", "ab", strings.Repeat("z", 24)} {
		stores[prefix] = openSQLite(t, path, adapters.GormOptions{Prefix: prefix})
	}
	for prefix, s := range stores {
		commit(t, s, authz.Commit{
			AddRows: []authz.Row{{Type: "g", V: [6]string{"user of " + prefix, "group:Desk"}}},
			Users:   []authz.UserID{"ana"}, PutGroups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: "Desk"}}},
		})
	}
	for prefix, s := range stores {
		if rows := load(t, s); len(rows) != 1 || rows[0].V[0] != "user of "+prefix {
			t.Errorf("under %q are %v", prefix, rows)
		}
	}
}

// load returns the rows of a store.
func load(t *testing.T, s authz.Store) []authz.Row {
	t.Helper()
	_, rows, err := authztest.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// commit writes c onto the present revision.
func commit(t *testing.T, s authz.Store, c authz.Commit) {
	t.Helper()
	r, err := s.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.Record = authz.Record{Revision: r + 1, Delta: []byte("{}"), Hash: []byte{byte(r)}}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}
