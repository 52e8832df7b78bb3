// Package testservers gives tests the servers of the machine. Start with [Postgres] or [MySQL]: what
// they return is empty, nobody else's, and gone when the test ends. [PostgresOverTCP] and [Redis]
// are for what goes through the server and leaves nothing in it. Where there is no server the
// test is skipped, unless RIGHTFUL_REQUIRE names it; see [Lacking].
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

// Database is one on a server.
type Database struct {
	Address string // as Rightful takes it
	DSN     string // as the driver takes it
}

// Lacking skips the test for want of a part of the machine, or fails where the environment
// variable RIGHTFUL_REQUIRE, a list with commas, names the part.
func Lacking(t testing.TB, part, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("RIGHTFUL_REQUIRE"), ","), part) {
		t.Fatalf("RIGHTFUL_REQUIRE names %s: %s", part, why)
	}
	t.Skip(why)
}

// Postgres returns a schema of its own.
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

// MySQL returns a database of its own, on MySQL or MariaDB.
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

// findPostgres returns the address of a database on which schemas can be made: the one that
// the variables of libpq name, or one of those that a server has after its installation.
var findPostgres = sync.OnceValues(func() (string, error) {
	return firstOf("pgx",
		"postgres:///?connect_timeout=2",
		"postgres:///postgres?connect_timeout=2",
		"postgres://postgres@127.0.0.1:5432/postgres?connect_timeout=2",
		"postgres:///postgres?host=/var/run/postgresql&user=postgres&connect_timeout=2",
	)
})

// findMySQL does the same. There are no variables: root without a password has to do.
var findMySQL = sync.OnceValues(func() (string, error) {
	_ = mysql.SetLogger(&mysql.NopLogger{})
	return firstOf("mysql",
		"root@tcp(127.0.0.1:3306)/?timeout=2s",
		"root@unix(/run/mysqld/mysqld.sock)/?timeout=2s",
	)
})

// Where servers are expected that tests put something in between.
const (
	PostgresAddress = "127.0.0.1:5432"
	RedisAddress    = "127.0.0.1:6379"
)

// logins are accounts that a PostgreSQL server may let in without a password, and the databases.
var logins = [][2]string{{"root", "test"}, {"postgres", "test"}, {"postgres", "postgres"}}

// PostgresOverTCP returns a function that makes a DSN of the HOST:PORT that leads to the server,
// be it [PostgresAddress] or something in between, and a connection to it.
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

// during does something now and something else when the test has ended.
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
