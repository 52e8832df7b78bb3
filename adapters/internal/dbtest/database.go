// Package dbtest gives tests databases of each kind, and what they do with them: look into them,
// write to them as another program does, cut their connections, let statements fail. Start with
// [Each].
package dbtest

import (
	"database/sql"
	"fmt"
	"testing"

	gormsqlite "github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/internal/database"
	"github.com/rightful-go/rightful/internal/testservers"
	gormmysql "gorm.io/driver/mysql"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Database is an empty one that a test has to itself.
type Database struct {
	Kind    string // as GORM's driver calls itself
	Address string // for Open of the package of the kind
	DSN     string // for the driver
}

// Kinds make a database of each kind, or skip the test where there is no server.
var Kinds = []struct {
	Name string
	Make func(testing.TB) Database
}{
	{"sqlite", SQLite},
	{"postgres", Postgres},
	{"mysql", MySQL},
}

// SQLite is a file.
func SQLite(t testing.TB) Database {
	path := File(t)
	return Database{"sqlite", "sqlite:" + path, path}
}

// Postgres is a schema on the PostgreSQL server of the machine.
func Postgres(t testing.TB) Database {
	t.Helper()
	d := testservers.Postgres(t)
	return Database{"postgres", d.Address, d.DSN}
}

// MySQL is a database on the MySQL or MariaDB server of the machine.
func MySQL(t testing.TB) Database {
	t.Helper()
	d := testservers.MySQL(t)
	return Database{"mysql", d.Address, d.DSN}
}

// Each runs a test on a database of each kind, as a subtest of its name.
func Each(t *testing.T, test func(*testing.T, Database)) {
	for _, kind := range Kinds {
		t.Run(kind.Name, func(t *testing.T) { test(t, kind.Make(t)) })
	}
}

// EachWith does so for each of several values, each time on another database.
func EachWith[V any](t *testing.T, values []V, test func(*testing.T, Database, V)) {
	for _, value := range values {
		t.Run(fmt.Sprint(value), func(t *testing.T) {
			Each(t, func(t *testing.T, d Database) { test(t, d, value) })
		})
	}
}

// EachServer runs a test on a database of each kind that is a server's.
func EachServer(t *testing.T, test func(*testing.T, Database)) {
	for _, kind := range Kinds[1:] {
		t.Run(kind.Name, func(t *testing.T) { test(t, kind.Make(t)) })
	}
}

// Again makes another database of the same kind.
func (d Database) Again(t testing.TB) Database {
	t.Helper()
	for _, kind := range Kinds {
		if kind.Name == d.Kind {
			return kind.Make(t)
		}
	}
	t.Fatalf("there is no kind %q", d.Kind)
	return Database{}
}

func (d Database) dialector() gorm.Dialector {
	switch d.Kind {
	case "postgres":
		return gormpostgres.Open(d.DSN)
	case "mysql":
		return gormmysql.Open(d.DSN)
	}
	return gormsqlite.Open(d.DSN)
}

// Host opens the database as a host might.
func (d Database) Host(t testing.TB, config gorm.Config) *gorm.DB {
	t.Helper()
	if config.Logger == nil {
		config.Logger = logger.Discard
	}
	db, err := gorm.Open(d.dialector(), &config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = GormPool(t, db).Close() })
	return db
}

// Pool opens the database as another program might.
func (d Database) Pool(t testing.TB) *sql.DB {
	t.Helper()
	return GormPool(t, d.Host(t, gorm.Config{}))
}

// Open opens a store, which is closed with the test.
func (d Database) Open(t testing.TB, o gormstore.Options) *gormstore.Store {
	t.Helper()
	s, err := database.Open(t.Context(), d.Address, o)
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

// CutAll lets the server end all connections to a database but one, as its restart would.
func (d Database) CutAll(t *testing.T, but *sql.DB) {
	t.Helper()
	switch d.Kind {
	case "postgres": // see Named
		Exec(t, but, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "+
			"WHERE application_name = current_schema() AND pid <> pg_backend_pid()")
	case "mysql":
		for _, id := range Query(t, but, "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()") {
			_, _ = but.ExecContext(t.Context(), "KILL "+id) // it may have gone by itself
		}
	}
}

// Named lets connections be told from those of other tests.
func (d Database) Named(t *testing.T) Database {
	t.Helper()
	switch d.Kind {
	case "postgres":
		name := "&application_name=" + Query(t, d.Pool(t), "SELECT current_schema()")[0]
		d.DSN += name
		d.Address += name
	case "mysql":
		d.DSN += "&interpolateParams=true" // one statement is one call of the driver
	}
	return d
}

// Over makes GORM's dialect over a pool.
func (d Database) Over(pool *sql.DB) gorm.Dialector {
	switch d.Kind {
	case "postgres":
		return gormpostgres.New(gormpostgres.Config{Conn: pool})
	case "mysql":
		return gormmysql.New(gormmysql.Config{Conn: pool})
	}
	return &gormsqlite.Dialector{Conn: pool}
}
