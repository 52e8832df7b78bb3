package adapters_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

func TestGormStore(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		files := map[authz.Store]string{}
		open := func(t *testing.T, path string) authz.Store {
			s := openSQLite(t, path, adapters.GormOptions{})
			files[s] = path
			return s
		}
		authztest.TestBackend(t, authztest.Backend{
			Open: func(t *testing.T) authz.Store { return open(t, newFile(t)) },
			Reopen: func(t *testing.T, s authz.Store) authz.Store {
				if err := s.(*adapters.GormStore).Close(); err != nil {
					t.Error(err)
				}
				return open(t, files[s])
			},
			Another:      func(t *testing.T, s authz.Store) authz.Store { return open(t, files[s]) },
			InsertRow:    insertRow(""),
			DeleteRecord: deleteRecord(""),
		})
	})
}

// A host may have given its database one connection, or a journal in which readers hold up
// the writer: a store must not wait for itself.
func TestGormStoreOnTheHostsDatabase(t *testing.T) {
	for name, setup := range map[string]func(*testing.T) *gorm.DB{
		"sqlite with one connection": func(t *testing.T) *gorm.DB {
			db := hostDB(t, newFile(t))
			pool(t, db).SetMaxOpenConns(1)
			return db
		},
		"sqlite in memory": func(t *testing.T) *gorm.DB {
			db := hostDB(t, ":memory:")
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
				InsertRow:    insertRow("acme_"),
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

func pool(t *testing.T, db *gorm.DB) *sql.DB {
	t.Helper()
	p, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// insertRow is for [authztest.Backend]: it writes past the store.
func insertRow(prefix string) func(*testing.T, authz.Store, [7]*string) int64 {
	return func(t *testing.T, s authz.Store, columns [7]*string) int64 {
		t.Helper()
		args := make([]any, len(columns))
		for i, c := range columns {
			if c != nil {
				args[i] = *c
			}
		}
		done, err := s.(*adapters.GormStore).Pool().ExecContext(t.Context(),
			"INSERT INTO "+prefix+"casbin_rule (ptype, v0, v1, v2, v3, v4, v5) VALUES (?, ?, ?, ?, ?, ?, ?)", args...)
		if err != nil {
			t.Fatal(err)
		}
		id, err := done.LastInsertId()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
}

// deleteRecord is for [authztest.Backend] too.
func deleteRecord(prefix string) func(*testing.T, authz.Store, authz.Revision) {
	return func(t *testing.T, s authz.Store, r authz.Revision) {
		t.Helper()
		execSQL(t, s.(*adapters.GormStore).Pool(),
			fmt.Sprintf("DELETE FROM %srightful_changes WHERE revision = %d", prefix, r))
	}
}

func execSQL(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
