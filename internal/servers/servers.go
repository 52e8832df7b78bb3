// Package servers finds the servers that tests run against where there are some on this machine.
// A test skips itself for want of one, and says so; where RIGHTFUL_REQUIRE names the server, as
// in RIGHTFUL_REQUIRE=postgres,redis, it fails.
package servers

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// Where servers are expected.
const (
	PostgresAddress = "127.0.0.1:5432"
	RedisAddress    = "127.0.0.1:6379"
)

// whom a PostgreSQL server may let in without a password, and to which database.
var whom = [][2]string{{"root", "test"}, {"postgres", "test"}, {"postgres", "postgres"}}

// Postgres returns a function that makes a DSN of the HOST:PORT that leads to the server, be it
// [PostgresAddress] or something in between, and a connection to it.
func Postgres(t testing.TB) (dsn func(address string) string, conn *pgx.Conn) {
	t.Helper()
	var err error
	for _, w := range whom {
		dsn = func(address string) string { return "postgres://" + w[0] + "@" + address + "/" + w[1] }
		if conn, err = pgx.Connect(t.Context(), dsn(PostgresAddress)); err == nil {
			t.Cleanup(func() { _ = conn.Close(context.Background()) })
			return dsn, conn
		}
	}
	lacking(t, "postgres", err)
	return nil, nil
}

// Redis returns a client of the server at [RedisAddress].
func Redis(t testing.TB) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: RedisAddress})
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Ping(t.Context()).Err(); err != nil {
		lacking(t, "redis", err)
	}
	return client
}

func lacking(t testing.TB, server string, why error) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("RIGHTFUL_REQUIRE"), ","), server) {
		t.Fatalf("RIGHTFUL_REQUIRE names %s, and there is none: %v", server, why)
	}
	t.Skipf("there is no %s here: %v", server, why)
}
