package gormstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log"
	"strings"
	"testing"

	gormsqlite "github.com/glebarez/sqlite"
	policycasbin "github.com/rightful-go/rightful/adapters/casbin"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/mysql"
	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/internal/database"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

func TestStore(t *testing.T) {
	for _, kind := range dbtest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			if dbtest.RaceDetector && kind.Name != "postgres" {
				t.Skip("the suite is slow with the race detector, which has the store on one database then")
			}
			t.Parallel() // most of it is waiting for disks
			kind.Make(t) // where there is no server, here is the place to say so
			on := map[authz.Store]dbtest.Database{}
			open := func(t *testing.T, d dbtest.Database) authz.Store {
				s := d.Open(t, gormstore.Options{})
				on[s] = d
				return s
			}
			authztest.TestBackend(t, authztest.Backend{
				Open: func(t *testing.T) authz.Store { return open(t, kind.Make(t)) },
				Reopen: func(t *testing.T, s authz.Store) authz.Store {
					if err := s.(*gormstore.Store).Close(); err != nil {
						t.Error(err)
					}
					return open(t, on[s])
				},
				Another:      func(t *testing.T, s authz.Store) authz.Store { return open(t, on[s]) },
				InsertRow:    dbtest.InsertRow(kind.Name, ""),
				Write:        dbtest.WaysToWrite(kind.Name, ""),
				DeleteRecord: dbtest.DeleteRecord(""),
			})
		})
	}
}

// A host may have given its database one connection, or a journal in which readers hold up
// the writer: a store must not wait for itself.
func TestStoreOnTheHostsDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; the full run has it")
	}
	for name, setup := range map[string]func(*testing.T) *gorm.DB{
		"postgres without prepared statements": func(t *testing.T) *gorm.DB { // as behind a PgBouncer
			d := dbtest.Postgres(t)
			d.DSN += "&default_query_exec_mode=simple_protocol"
			return d.Host(t, gorm.Config{})
		},
		"postgres serializable, with one connection": func(t *testing.T) *gorm.DB {
			d := dbtest.Postgres(t)
			d.DSN += "&default_transaction_isolation=serializable"
			db := d.Host(t, gorm.Config{})
			dbtest.GormPool(t, db).SetMaxOpenConns(1)
			return db
		},
		"mysql as GORM opens it": func(t *testing.T) *gorm.DB {
			return dbtest.MySQL(t).Host(t, gorm.Config{})
		},
		"mysql serializable, with one connection": func(t *testing.T) *gorm.DB {
			d := dbtest.MySQL(t)
			d.DSN += "&clientFoundRows=true&interpolateParams=true"
			db := d.Host(t, gorm.Config{})
			dbtest.GormPool(t, db).SetMaxOpenConns(1)
			dbtest.Exec(t, dbtest.GormPool(t, db), "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
			return db
		},
		"sqlite with one connection": func(t *testing.T) *gorm.DB {
			db := dbtest.HostFile(t, dbtest.File(t))
			dbtest.GormPool(t, db).SetMaxOpenConns(1)
			return db
		},
		"sqlite in memory": func(t *testing.T) *gorm.DB {
			// It lasts as long as a connection to it, and that of a commit cut short is closed.
			name := "file:" + dbtest.Prefix() + "?mode=memory&cache=shared"
			if err := dbtest.GormPool(t, dbtest.HostFile(t, name)).PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			db := dbtest.HostFile(t, name)
			dbtest.GormPool(t, db).SetMaxOpenConns(1)
			return db
		},
		"sqlite with a rollback journal": func(t *testing.T) *gorm.DB {
			return dbtest.HostFile(t, dbtest.File(t), "journal_mode(DELETE)", "synchronous(OFF)")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbs := map[authz.Store]*gorm.DB{}
			open := func(t *testing.T, db *gorm.DB) authz.Store {
				s, err := database.New(t.Context(), db, gormstore.Options{Prefix: "acme"})
				if err != nil {
					t.Fatal(err)
				}
				dbs[s] = db
				return s
			}
			authztest.TestBackend(t, authztest.Backend{
				Open: func(t *testing.T) authz.Store { return open(t, setup(t)) },
				Reopen: func(t *testing.T, s authz.Store) authz.Store {
					if err := s.(*gormstore.Store).Close(); err != nil {
						t.Error(err)
					}
					return open(t, dbs[s])
				},
				Another:      func(t *testing.T, s authz.Store) authz.Store { return open(t, dbs[s]) },
				InsertRow:    dbtest.InsertRow(strings.Fields(name)[0], "acme_"),
				Write:        dbtest.WaysToWrite(strings.Fields(name)[0], "acme_"),
				DeleteRecord: dbtest.DeleteRecord("acme_"),
			})
		})
	}
}

// Errors and statements end up in logs; user ids and names don't belong there.
func TestErrorsAndLogsContainNoValues(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		const secret = "s3cret"
		var lines bytes.Buffer
		defaultLogger := logger.Default
		logger.Default = logger.New(log.New(&lines, "", 0), logger.Config{LogLevel: logger.Info})
		defer func() { logger.Default = defaultLogger }()

		db := d.Host(t, gorm.Config{Logger: logger.Default})
		s, err := database.New(t.Context(), db, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		row := authz.Row{Type: "g", V: [6]string{secret, "group:" + secret}}
		group := authz.GroupRow{GroupInfo: authz.GroupInfo{Name: secret}}
		row2 := authz.Row{Type: "g", V: [6]string{secret, "group:" + secret + " 2"}}
		dbtest.Commit(t, s, authz.Commit{AddRows: []authz.Row{row, row2}, PutGroups: []authz.GroupRow{group}, Users: []authz.UserID{secret}})

		other := authz.Row{Type: "g", V: [6]string{secret + " too", "group:" + secret}}
		for name, c := range map[string]authz.Commit{
			"a row that is there":      {AddRows: []authz.Row{row}},
			"a row twice":              {AddRows: []authz.Row{other, other}},
			"a missing row":            {RemoveRows: []authz.Row{row, other}},
			"rows that a rename joins": {Renames: []authz.Rename{{From: secret + " 2", To: secret}}},
		} {
			c.Record = authz.Record{Revision: 2, Reason: secret, Target: secret, Delta: []byte(secret), Hash: []byte(secret)}
			if err := s.Commit(t.Context(), c); err == nil {
				t.Errorf("%s was committed", name)
			} else if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.UserVersion(t.Context(), secret); err != nil {
			t.Error(err)
		}
		a, err := policycasbin.NewAdapter(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.LoadPolicy(newModel(t)); err != nil {
			t.Error(err)
		}
		dbtest.Exec(t, dbtest.GormPool(t, db), "DROP TABLE casbin_rule", "DROP TABLE rightful_users")
		_, err = s.UserVersion(t.Context(), secret)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("without its table: %v", err)
		}
		if lines.Len() > 0 {
			t.Errorf("logged:\n%s", lines.String())
		}
	})
}

// strange is a naming of a host's that has nothing in common with gorm-adapter's.
type strange struct{ schema.NamingStrategy }

func (strange) ColumnName(_, column string) string { return "x_" + column }

func (strange) TableName(table string) string { return "y_" + table }

// The settings of a host's GORM have no effect on the store, and the store doesn't change them.
func TestHostsSettingsStayTheHosts(t *testing.T) {
	for name, config := range map[string]gorm.Config{
		"dry run":             {DryRun: true},
		"prepared statements": {PrepareStmt: true},
		"naming":              {NamingStrategy: strange{}},
		"batches of one":      {CreateBatchSize: 1},
		"errors translated":   {TranslateError: true},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d dbtest.Database) { hostsSettingsStay(t, d.Host(t, config)) })
		})
	}
}

func hostsSettingsStay(t *testing.T, db *gorm.DB) {
	calls := 0
	count := func(*gorm.DB) { calls++ }
	for _, register := range []func(string, func(*gorm.DB)) error{
		db.Callback().Create().Before("gorm:create").Register,
		db.Callback().Raw().Before("gorm:raw").Register,
		db.Callback().Row().Before("gorm:row").Register,
		db.Callback().Query().Before("gorm:query").Register,
	} {
		if err := register("count", count); err != nil {
			t.Fatal(err)
		}
	}
	was := *db.Config

	s, err := database.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
	dbtest.Commit(t, s, authz.Commit{RemoveRows: dbtest.DeskPolicy[:1]})
	if n := len(dbtest.Load(t, s)); n != len(dbtest.DeskPolicy)-1 {
		t.Errorf("%d rows", n)
	}
	if _, err := policycasbin.NewAdapter(s); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	if err := dbtest.GormPool(t, db).PingContext(t.Context()); err != nil {
		t.Errorf("the host's database was closed: %v", err)
	}
	if calls > 0 {
		t.Errorf("the host's callbacks were called %d times", calls)
	}
	now := *db.Config
	if now.Logger != was.Logger || now.NamingStrategy != was.NamingStrategy || now.DryRun != was.DryRun ||
		now.PrepareStmt != was.PrepareStmt || now.SkipDefaultTransaction != was.SkipDefaultTransaction || now.ConnPool != was.ConnPool {
		t.Error("the host's settings were changed")
	}
}

// GORM closes a database that it can't open, which here isn't its to close.
func TestFailedOpenLeavesTheHostsDatabaseOpen(t *testing.T) {
	connector := &dbtest.Faulty{Through: dbtest.GormPool(t, dbtest.HostFile(t, dbtest.File(t))).Driver(), DSN: dbtest.File(t)}
	host := sql.OpenDB(connector)
	defer host.Close()
	host.SetMaxIdleConns(0) // each connection is a new one
	db, err := gorm.Open(&gormsqlite.Dialector{Conn: host}, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	open := func(ctx context.Context, o gormstore.Options) error {
		_, err := database.New(ctx, db, o)
		if err := host.PingContext(t.Context()); err != nil && !connector.Down.Load() {
			t.Errorf("the host's database was closed: %v", err)
		}
		return err
	}

	connector.Down.Store(true)
	if err := open(t.Context(), gormstore.Options{}); err == nil {
		t.Error("opened while the database was down")
	}
	connector.Down.Store(false)
	if err := open(t.Context(), gormstore.Options{SkipMigration: true}); err == nil {
		t.Error("opened without tables")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := open(ended, gormstore.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("opened with a context that has ended: %v", err)
	}
	if err := open(t.Context(), gormstore.Options{}); err != nil {
		t.Error(err)
	}
}

func TestTransactionIsRefusedAsDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db := d.Host(t, gorm.Config{})
		tx := db.Begin()
		defer tx.Rollback()
		if _, err := database.New(t.Context(), tx, gormstore.Options{}); err == nil {
			t.Error("a transaction was taken for a database")
		}
	})
}

// other is a driver that there is no dialect for.
type other struct{ gorm.Dialector }

func (other) Name() string { return "other" }

func TestOtherDatabasesAreRefused(t *testing.T) {
	db, err := gorm.Open(other{gormsqlite.Open(dbtest.File(t))}, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer dbtest.GormPool(t, db).Close()
	for name, open := range map[string]func(context.Context, *gorm.DB, gormstore.Options) (*gormstore.Store, error){
		"any": database.New, "sqlite": sqlite.New, "postgres": postgres.New, "mysql": mysql.New,
	} {
		if _, err := open(t.Context(), db, gormstore.Options{}); err == nil || !strings.Contains(err.Error(), "other") {
			t.Errorf("%s opened it: %v", name, err)
		}
	}
	if _, err := sqlite.New(t.Context(), nil, gormstore.Options{}); err == nil {
		t.Error("opened without a database")
	}
}
