package integration_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	rediswatcher "github.com/casbin/redis-watcher/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/watcher"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/testservers"
	"gorm.io/gorm"
)

// openOn opens an instance with a store of its own.
func openOn(t *testing.T, d dbtest.Database, o authz.Options) *authz.Engine {
	t.Helper()
	e, err := authz.Open(t.Context(), d.Open(t, gormstore.Options{}), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	return e
}

// plainProgram is another Casbin program on the same table.
func plainProgram(t *testing.T, d dbtest.Database) *casbin.Enforcer {
	t.Helper()
	adapter, err := gormadapter.NewAdapterByDB(d.Host(t, gorm.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	enforcer, err := casbin.NewEnforcer(newModel(t), adapter)
	if err != nil {
		t.Fatal(err)
	}
	return enforcer
}

// The names that instances fight over are few, so that they meet.
var (
	foughtGroups   = []authz.GroupName{"A", "B", "C", "D"}
	foughtUsers    = []authz.UserID{"u0", "u1", "u2", "u3", "u4", "u5"}
	foughtPatterns = []authz.Pattern{"a.b:v", "a.*:v", "a.b:*", "b:v", "*:w", "*:*"}
)

// fight lets all instances make random changes at once, until there are enough.
func fight(t *testing.T, engines []*authz.Engine, changes int) (made, refused int) {
	t.Helper()
	var ok, no atomic.Int64
	var all sync.WaitGroup
	for i, e := range engines {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 40))
			for int(ok.Load()) < changes {
				c, err := randomChange(t.Context(), r, e.AsCommand(fmt.Sprint("instance ", i)))
				switch {
				case err == nil && c.Revision > 0:
					ok.Add(1)
				case errors.Is(err, authz.ErrStoreUnavailable):
					t.Errorf("instance %d: %v", i, err)
					return
				case err != nil:
					no.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(ok.Load()), int(no.Load())
}

func randomChange(ctx context.Context, r *rand.Rand, a authz.Admin) (authz.Change, error) {
	group, user := foughtGroups[r.IntN(len(foughtGroups))], foughtUsers[r.IntN(len(foughtUsers))]
	pattern := foughtPatterns[r.IntN(len(foughtPatterns))]
	switch r.IntN(12) {
	case 0:
		return a.CreateGroup(ctx, authz.GroupSpec{Name: group, Permissions: authz.Rules{Grants: []authz.Pattern{pattern}}})
	case 1:
		return a.DeleteGroup(ctx, group, true)
	case 2: // the last administrator is fought over
		return a.Assign(ctx, authz.Administrators, user)
	case 3, 4:
		return a.Unassign(ctx, authz.Administrators, user)
	case 5:
		return a.Restrict(ctx, group, pattern)
	case 6:
		return a.SetUserPermissions(ctx, user, authz.Rules{Grants: []authz.Pattern{pattern}})
	case 7:
		return a.DeleteUser(ctx, user)
	case 8:
		to := foughtGroups[r.IntN(len(foughtGroups))]
		return a.UpdateGroup(ctx, group, authz.GroupPatch{Name: &to})
	case 9:
		return a.ChangeGroupPermissions(ctx, group, authz.RulesDelta{Grant: []authz.Pattern{pattern}})
	case 10:
		return a.Unassign(ctx, group, user)
	default:
		return a.Assign(ctx, group, user)
	}
}

// agree compares every decision of the engines and of a plain Casbin that reads the table.
func agree(t *testing.T, d dbtest.Database, engines []*authz.Engine) {
	t.Helper()
	adapter, err := gormadapter.NewAdapterByDB(d.Host(t, gorm.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := casbin.NewEnforcer(newModel(t), adapter)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range append([]authz.UserID{"nobody"}, foughtUsers...) {
		for _, p := range []authz.Permission{"a.b:v", "a.c:v", "a.b:w", "b:v", "b:w", "c:x"} {
			object, action, _ := p.Split()
			want, err := plain.Enforce(string(user), object, action)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range engines {
				if got := e.Can(user, p); got != want {
					t.Errorf("instance %d: %q may %q: %v, plain Casbin says %v", i, user, p, got, want)
				}
			}
		}
	}
}

func newModel(t *testing.T) model.Model {
	t.Helper()
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wire is a real server that carries notifications, with a channel that no other test has.
type wire struct {
	server string // HOST:PORT
	// connect returns a notifier that reaches the server at an address, which may be a
	// [link]'s.
	connect func(t testing.TB, address string) authz.Notifier
	// kill has the server end all connections of the notifiers, and says how many.
	kill func(t *testing.T) int
	// connected counts the connections of the notifiers.
	connected func(t *testing.T) int
	// send puts any message on the channel.
	send func(t *testing.T, message string)
	// forgeries are messages that an attacker might send.
	forgeries []string
	// database is shared by the instances, each with its own store. If it is empty, they share a
	// store in memory.
	database dbtest.Database
	// tells reports whether a notifier notices that its connection is back, and hints.
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

func postgresWire(t testing.TB) wire {
	t.Helper()
	dsn, conn := testservers.PostgresOverTCP(t)
	prefix := dbtest.Prefix()
	ask := func(t *testing.T, what string) (n int) {
		err := conn.QueryRow(t.Context(), "SELECT "+what+" FROM pg_stat_activity WHERE application_name = $1", prefix).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return wire{
		server: testservers.PostgresAddress,
		connect: func(t testing.TB, address string) authz.Notifier {
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

func redisWire(t testing.TB) wire {
	t.Helper()
	client := testservers.Redis(t)
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
		server: testservers.RedisAddress,
		connect: func(t testing.TB, address string) authz.Notifier {
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
