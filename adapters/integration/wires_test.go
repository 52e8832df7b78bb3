package integration_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	rediswatcher "github.com/casbin/redis-watcher/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/watcher"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/servers"
)

// wire is a real server that carries notifications, with a channel that no other test has.
type wire struct {
	server string // HOST:PORT
	// connect returns a notifier that reaches the server at an address, which may be a
	// [link]'s.
	connect func(t *testing.T, address string) authz.Notifier
	// kill has the server end all connections of the notifiers, and says how many.
	kill func(t *testing.T) int
	// connected counts the connections of the notifiers.
	connected func(t *testing.T) int
	// send puts any message on the channel.
	send func(t *testing.T, message string)
	// forgeries are messages that a stranger might send.
	forgeries []string
	// database is what the instances share, each with a store of its own; where it is none, they
	// share a store in memory.
	database dbtest.Database
	// tells says whether a notifier knows that it is back, and hints.
	tells bool
}

// eachWire runs a test on each server that is found on this machine.
func eachWire(t *testing.T, test func(*testing.T, wire)) {
	t.Run("postgres", func(t *testing.T) { test(t, postgresWire(t)) })
	t.Run("redis", func(t *testing.T) { test(t, redisWire(t)) })
}

// eachWireWithDatabase does so for instances on a database: PostgreSQL with its own
// notifications, MySQL with those of Redis.
func eachWireWithDatabase(t *testing.T, test func(*testing.T, wire)) {
	eachWire(t, func(t *testing.T, w wire) {
		w.database = dbtest.Postgres(t)
		if t.Name()[strings.LastIndex(t.Name(), "/")+1:] == "redis" {
			w.database = dbtest.MySQL(t)
		}
		test(t, w)
	})
}

func postgresWire(t *testing.T) wire {
	t.Helper()
	dsn, conn := servers.PostgresOverTCP(t)
	prefix := dbtest.Prefix()
	ask := func(t *testing.T, what string) (n int) {
		err := conn.QueryRow(t.Context(), "SELECT "+what+" FROM pg_stat_activity WHERE application_name = $1", prefix).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return wire{
		server: servers.PostgresAddress,
		connect: func(t *testing.T, address string) authz.Notifier {
			return dbtest.PostgresNotifier(t, dsn(address)+"?application_name="+prefix, prefix)
		},
		kill:      func(t *testing.T) int { return ask(t, "count(pg_terminate_backend(pid))") },
		connected: func(t *testing.T) int { return ask(t, "count(*)") },
		send: func(t *testing.T, message string) {
			if _, err := conn.Exec(t.Context(), "SELECT pg_notify($1, $2)", prefix+"_rightful_changes", message); err != nil {
				t.Fatal(err)
			}
		},
		forgeries: []string{"", "0", "-1", "999999999", "99999999999999999999", "ü\x01'; DROP TABLE", strings.Repeat("x", 7999)},
		tells:     true,
	}
}

func redisWire(t *testing.T) wire {
	t.Helper()
	client := servers.Redis(t)
	name := dbtest.Prefix()
	clients := func(t *testing.T) (ids []string) {
		list, err := client.ClientList(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(list) {
			if fields := strings.Fields(line); slices.Contains(fields, "name="+name) {
				ids = append(ids, strings.TrimPrefix(fields[0], "id="))
			}
		}
		return ids
	}
	return wire{
		server: servers.RedisAddress,
		connect: func(t *testing.T, address string) authz.Notifier {
			n, err := watcher.Open(func(callback func(string)) (watcher.Watcher, error) {
				return rediswatcher.NewWatcher(address, rediswatcher.WatcherOptions{
					Channel: name, OptionalUpdateCallback: callback,
					Options: redis.Options{ClientName: name, MaxRetries: 1, ReadTimeout: 500 * time.Millisecond},
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := n.Close(); err != nil {
					t.Error(err)
				}
			})
			return n
		},
		kill: func(t *testing.T) int {
			ids := clients(t)
			for _, id := range ids {
				if err := client.ClientKillByFilter(t.Context(), "ID", id).Err(); err != nil {
					t.Fatal(err)
				}
			}
			return len(ids)
		},
		connected: func(t *testing.T) int { return len(clients(t)) },
		send: func(t *testing.T, message string) {
			if err := client.Publish(t.Context(), name, message).Err(); err != nil {
				t.Fatal(err)
			}
		},
		forgeries: []string{
			"", "{}", "null", "Close", `{"Method":"Nonsense","NewRules":7}`, `{"Method":"UpdateForSavePolicy"}`,
			`{"Method":"UpdateForAddPolicy","Sec":"p","Ptype":"p","NewRule":["mallory","*","*","allow"]}`,
			`{"Method":"UpdateForAddPolicy","Sec":"g","Ptype":"g","NewRule":["mallory","group:Administrators"]}`,
		},
	}
}
