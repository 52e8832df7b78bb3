package adapters_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

func TestGormStore(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			kind.make(t) // where there is no server, here is the place to say so
			on := map[authz.Store]database{}
			open := func(t *testing.T, d database) authz.Store {
				s := d.open(t, adapters.GormOptions{})
				on[s] = d
				return s
			}
			authztest.TestBackend(t, authztest.Backend{
				Open: func(t *testing.T) authz.Store { return open(t, kind.make(t)) },
				Reopen: func(t *testing.T, s authz.Store) authz.Store {
					if err := s.(*adapters.GormStore).Close(); err != nil {
						t.Error(err)
					}
					return open(t, on[s])
				},
				Another:      func(t *testing.T, s authz.Store) authz.Store { return open(t, on[s]) },
				InsertRow:    insertRow(kind.name, ""),
				Write:        waysToWrite(kind.name, ""),
				DeleteRecord: deleteRecord(""),
			})
		})
	}
}

// A host may have given its database one connection, or a journal in which readers hold up
// the writer: a store must not wait for itself.
func TestGormStoreOnTheHostsDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; the full run has it")
	}
	for name, setup := range map[string]func(*testing.T) *gorm.DB{
		"postgres without prepared statements": func(t *testing.T) *gorm.DB { // as behind a PgBouncer
			d := kinds[1].make(t)
			d.dsn += "&default_query_exec_mode=simple_protocol"
			return d.host(t, gorm.Config{})
		},
		"postgres serializable, with one connection": func(t *testing.T) *gorm.DB {
			d := kinds[1].make(t)
			d.dsn += "&default_transaction_isolation=serializable"
			db := d.host(t, gorm.Config{})
			pool(t, db).SetMaxOpenConns(1)
			return db
		},
		"mysql as GORM opens it": func(t *testing.T) *gorm.DB {
			return kinds[2].make(t).host(t, gorm.Config{})
		},
		"mysql serializable, with one connection": func(t *testing.T) *gorm.DB {
			d := kinds[2].make(t)
			d.dsn += "&clientFoundRows=true&interpolateParams=true"
			db := d.host(t, gorm.Config{})
			pool(t, db).SetMaxOpenConns(1)
			execSQL(t, pool(t, db), "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
			return db
		},
		"sqlite with one connection": func(t *testing.T) *gorm.DB {
			db := hostDB(t, newFile(t))
			pool(t, db).SetMaxOpenConns(1)
			return db
		},
		"sqlite in memory": func(t *testing.T) *gorm.DB {
			// It lasts as long as a connection to it, and that of a commit cut short is closed.
			name := "file:" + newPrefix() + "?mode=memory&cache=shared"
			if err := pool(t, hostDB(t, name)).PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			db := hostDB(t, name)
			pool(t, db).SetMaxOpenConns(1)
			return db
		},
		"sqlite with a rollback journal": func(t *testing.T) *gorm.DB {
			return hostDB(t, newFile(t), "journal_mode(DELETE)", "synchronous(OFF)")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbs := map[authz.Store]*gorm.DB{}
			open := func(t *testing.T, db *gorm.DB) authz.Store {
				s, err := adapters.OpenGorm(t.Context(), db, adapters.GormOptions{Prefix: "acme"})
				if err != nil {
					t.Fatal(err)
				}
				dbs[s] = db
				return s
			}
			authztest.TestBackend(t, authztest.Backend{
				Open: func(t *testing.T) authz.Store { return open(t, setup(t)) },
				Reopen: func(t *testing.T, s authz.Store) authz.Store {
					if err := s.(*adapters.GormStore).Close(); err != nil {
						t.Error(err)
					}
					return open(t, dbs[s])
				},
				Another:      func(t *testing.T, s authz.Store) authz.Store { return open(t, dbs[s]) },
				InsertRow:    insertRow(strings.Fields(name)[0], "acme_"),
				Write:        waysToWrite(strings.Fields(name)[0], "acme_"),
				DeleteRecord: deleteRecord("acme_"),
			})
		})
	}
}

func newFile(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "policy.db")
}

func openSQLite(t testing.TB, path string, o adapters.GormOptions) *adapters.GormStore {
	t.Helper()
	s, err := adapters.OpenSQLite(t.Context(), path, o)
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

// hostDB opens a database as a host might.
func hostDB(t *testing.T, path string, pragmas ...string) *gorm.DB {
	t.Helper()
	dsn := path + "?_pragma=" + strings.Join(pragmas, "&_pragma=")
	if len(pragmas) == 0 {
		dsn = path
	}
	db, err := gorm.Open(sqlite.Open(dsn), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool(t, db).Close() })
	return db
}

func pool(t testing.TB, db *gorm.DB) *sql.DB {
	t.Helper()
	p, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// insertRow is for [authztest.Backend]: it writes past the store.
func insertRow(kind, prefix string) func(*testing.T, authz.Store, [7]*string) int64 {
	return func(t *testing.T, s authz.Store, columns [7]*string) int64 {
		t.Helper()
		var values [7]string
		for i, c := range columns {
			values[i] = "NULL"
			if c != nil {
				values[i] = literal(kind, *c)
			}
		}
		db := s.(*adapters.GormStore).Pool()
		before := query(t, db, "SELECT COALESCE(MAX(id), 0) FROM "+prefix+"casbin_rule")
		execSQL(t, db, "INSERT INTO "+prefix+"casbin_rule (ptype, v0, v1, v2, v3, v4, v5) VALUES ("+strings.Join(values[:], ", ")+")")
		ids := query(t, db, "SELECT id FROM "+prefix+"casbin_rule WHERE id > "+before[0])
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

// waysToWrite are those of SQL to write past a store to what authztest.Prepare put there.
func waysToWrite(kind, prefix string) map[string]func(*testing.T, authz.Store) {
	ways := map[string]string{
		"insert":            "INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('g', 'cleo', 'group:Desk')",
		"update":            "UPDATE casbin_rule SET v0 = 'cleo' WHERE v0 = 'ana' AND v1 = 'group:Administrators'",
		"delete":            "DELETE FROM casbin_rule WHERE v0 = 'ana' AND v1 = 'group:Administrators'",
		"delete everything": "DELETE FROM casbin_rule",
		"truncate":          "TRUNCATE TABLE casbin_rule",
		"group inserted":    "INSERT INTO rightful_groups (name, description, version, updated_at, updated_by_kind, updated_by_id) VALUES ('Night', '', 1, 0, 'outside', '')",
		"group updated":     "UPDATE rightful_groups SET description = 'new' WHERE name = 'Administrators'",
		"group deleted":     "DELETE FROM rightful_groups WHERE name = 'Administrators'",
	}
	if kind == "sqlite" {
		delete(ways, "truncate") // knows no such statement
	}
	all := map[string]func(*testing.T, authz.Store){}
	for name, statement := range ways {
		for _, table := range []string{"casbin_rule", "rightful_groups"} {
			statement = strings.ReplaceAll(statement, table, prefix+table)
		}
		all[name] = func(t *testing.T, s authz.Store) {
			t.Helper()
			execSQL(t, s.(*adapters.GormStore).Pool(), statement)
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

// deleteRecord is for [authztest.Backend] too.
func deleteRecord(prefix string) func(*testing.T, authz.Store, authz.Revision) {
	return func(t *testing.T, s authz.Store, r authz.Revision) {
		t.Helper()
		execSQL(t, s.(*adapters.GormStore).Pool(),
			fmt.Sprintf("DELETE FROM %srightful_changes WHERE revision = %d", prefix, r))
	}
}

// Addresses carry passwords, and errors are logged.
func TestOpenNeverTellsThePassword(t *testing.T) {
	for _, address := range []string{
		"", "policy.db", "ana:s3cret@tcp(db)/policy", "s3cret", "sqlite", "sqlite://s3cret@db", "SQLITE:s3cret", "s3cret:x",
		"postgres://ana:s3cret@127.0.0.1:1/policy", "postgresql://ana:s3cret@127.0.0.1:1/policy", "postgres://ana:s3cret@[::1",
		"postgres://ana:s3cret@127.0.0.1:x/policy", "postgres://ana:s3%cret@127.0.0.1/policy", "postgres://ana:s3cret@db/policy?sslmode=s3cret",
		"mysql://ana:s3cret@127.0.0.1:1/policy", "mysql://ana:s3cret@127.0.0.1:x/policy", "mysql://ana:s3%cret@127.0.0.1/policy",
		"mysql://ana:s3cret@127.0.0.1/", "mysql://ana:s3cret@127.0.0.1/policy?tls=s3cret", "mysql://ana:s3cret@127.0.0.1/policy?timeout=s3cret",
		"mysql://ana:s3cret@tcp(127.0.0.1)/policy", "mysql:ana:s3cret",
	} {
		s, err := adapters.Open(t.Context(), address, adapters.GormOptions{})
		if err == nil {
			s.Close()
			t.Errorf("%q was opened", address)
		} else if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "cret@") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestMySQLAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"mysql://ana@db/policy":                             "ana@tcp(db:3306)/policy",
		"mysql://ana:p%40ss%2F%3A%3F@db:3307/policy":        "ana:p@ss/:?@tcp(db:3307)/policy",
		"mysql://ana@[::1]/policy":                          "ana@tcp([::1]:3306)/policy",
		"mysql://ana@[::1]:3307/policy":                     "ana@tcp([::1]:3307)/policy",
		"mysql://ana@localhost/policy?socket=/run/sql.sock": "ana@unix(/run/sql.sock)/policy",
		"mysql://db/policy":                                 "tcp(db:3306)/policy",
	} {
		config, err := adapters.MySQLConfig(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got, _, _ := strings.Cut(config.FormatDSN(), "policy?"); got+"policy" != want {
			t.Errorf("%s is read as %s, not %s", address, got, want)
		}
	}
	config, err := adapters.MySQLConfig("mysql://ana@db/policy?tls=true&timeout=1s&sql_mode=%27TRADITIONAL%27")
	if err != nil || config.TLS.ServerName != "db" || config.Timeout != time.Second || config.Params["sql_mode"] != "'TRADITIONAL'" {
		t.Errorf("the parameters are read as %+v (%v)", config, err)
	}
}
