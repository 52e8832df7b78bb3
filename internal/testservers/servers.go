// Package testservers connects tests to the database servers of the machine. Start with [Postgres] or
// [MySQL]: each returns an empty database that belongs to the test and is dropped when the test ends.
// [PostgresOverTCP] and [Redis] are for tests that store nothing on the server. Without a server the test
// is skipped, unless RIGHTFUL_REQUIRE names it; see [Lacking].
package testservers

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/redis/go-redis/v9"
)

// Database is a database on a server.
type Database struct {
	Address string // in Rightful's form
	DSN     string // in the driver's form
}

// Lacking skips the test because the machine lacks a part. It fails the test instead if the environment
// variable RIGHTFUL_REQUIRE, a comma-separated list, names the part.
func Lacking(t testing.TB, part, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("RIGHTFUL_REQUIRE"), ","), part) {
		t.Fatalf("RIGHTFUL_REQUIRE names %s: %s", part, why)
	}
	t.Skip(why)
}

// Postgres returns a new schema on PostgreSQL.
func Postgres(t testing.TB) Database {
	t.Helper()
	server, err := findPostgres()
	if err != nil {
		Lacking(t, "postgres", "no PostgreSQL server was found: "+err.Error())
	}
	name := newName()
	during(t, "pgx", server, "CREATE SCHEMA "+name, "DROP SCHEMA "+name+" CASCADE")
	address := server + "&search_path=" + name
	return Database{Address: address, DSN: address}
}

// MySQL returns a new database on MySQL or MariaDB.
func MySQL(t testing.TB) Database {
	t.Helper()
	server, err := findMySQL()
	if err != nil {
		Lacking(t, "mysql", "no MySQL or MariaDB server was found: "+err.Error())
	}
	name := newName()
	during(t, "mysql", server, "CREATE DATABASE "+name, "DROP DATABASE "+name)
	config, err := mysql.ParseDSN(server)
	if err != nil {
		t.Fatal(err)
	}
	config.DBName = name
	address := &url.URL{Scheme: "mysql", User: url.UserPassword(config.User, config.Passwd), Host: config.Addr, Path: name}
	if config.Net == "unix" {
		address.Host = "localhost"
		address.RawQuery = url.Values{"socket": {config.Addr}}.Encode()
	}
	return Database{Address: address.String(), DSN: config.FormatDSN()}
}

// findPostgres returns the address of a database for new schemas: the one that libpq's environment
// variables name, or a default one of a new installation.
var findPostgres = sync.OnceValues(func() (string, error) {
	return firstOf("pgx",
		"postgres:///?connect_timeout=2",
		"postgres:///postgres?connect_timeout=2",
		"postgres://postgres@127.0.0.1:5432/postgres?connect_timeout=2",
		"postgres:///postgres?host=/var/run/postgresql&user=postgres&connect_timeout=2",
	)
})

// findMySQL does the same for MySQL. It tries only root without a password, since there are no
// environment variables.
var findMySQL = sync.OnceValues(func() (string, error) {
	_ = mysql.SetLogger(&mysql.NopLogger{})
	return firstOf("mysql",
		"root@tcp(127.0.0.1:3306)/?timeout=2s",
		"root@unix(/run/mysqld/mysqld.sock)/?timeout=2s",
	)
})

// The addresses of the servers that tests reach through a proxy.
const (
	PostgresAddress = "127.0.0.1:5432"
	RedisAddress    = "127.0.0.1:6379"
)

// logins are pairs of an account that a PostgreSQL server may accept without a password, and a database.
var logins = [][2]string{{"root", "test"}, {"postgres", "test"}, {"postgres", "postgres"}}

// PostgresOverTCP returns a connection to the server, and a function that returns a DSN for the HOST:PORT
// by which to reach it: [PostgresAddress] or a proxy.
func PostgresOverTCP(t testing.TB) (dsn func(address string) string, conn *pgx.Conn) {
	t.Helper()
	var err error
	for _, w := range logins {
		dsn = func(address string) string { return "postgres://" + w[0] + "@" + address + "/" + w[1] }
		if conn, err = pgx.Connect(t.Context(), dsn(PostgresAddress)); err == nil {
			t.Cleanup(func() { _ = conn.Close(context.Background()) })
			return dsn, conn
		}
	}
	Lacking(t, "postgres", "no PostgreSQL server was found: "+err.Error())
	return nil, nil
}

// Redis returns a client of the server at [RedisAddress].
func Redis(t testing.TB) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: RedisAddress})
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Ping(t.Context()).Err(); err != nil {
		Lacking(t, "redis", "no Redis server was found: "+err.Error())
	}
	return client
}

func firstOf(driver string, candidates ...string) (dsn string, err error) {
	for _, dsn := range candidates {
		if err = run(driver, dsn, "SELECT 1"); err == nil {
			return dsn, nil
		}
	}
	return "", err
}

// during executes the statement now at once, and then when the test ends.
func during(t testing.TB, driver, dsn, now, then string) {
	t.Helper()
	if err := run(driver, dsn, now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := run(driver, dsn, then); err != nil {
			t.Error(err)
		}
	})
}

func run(driver, dsn, statement string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func newName() string { return "rightful_test_" + strings.ToLower(rand.Text()[:12]) }
