package adapters_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casbin/casbin/v2/persist"
	rediswatcher "github.com/casbin/redis-watcher/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rightful-go/rightful/adapters"
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
	database database
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
		w.database = kinds[1].make(t)
		if t.Name()[strings.LastIndex(t.Name(), "/")+1:] == "redis" {
			w.database = kinds[2].make(t)
		}
		test(t, w)
	})
}

func postgresWire(t *testing.T) wire {
	t.Helper()
	dsn, conn := servers.PostgresOverTCP(t)
	prefix := newPrefix()
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
			return newPostgres(t, dsn(address)+"?application_name="+prefix, prefix)
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

func newPrefix() string { return fmt.Sprintf("t%016x", rand.Uint64()) }

func newPostgres(t *testing.T, dsn, prefix string) *adapters.PostgresNotifier {
	t.Helper()
	n, err := adapters.NewPostgresNotifier(dsn, adapters.PostgresNotifierOptions{
		Prefix: prefix, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
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
}

func redisWire(t *testing.T) wire {
	t.Helper()
	client := servers.Redis(t)
	name := newPrefix()
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
			n, err := adapters.OpenWatcherNotifier(func(callback func(string)) (persist.Watcher, error) {
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

// link stands between a notifier and its server, and can be cut.
type link struct {
	listener net.Listener
	server   string
	ended    sync.WaitGroup

	hear   atomic.Pointer[func(p *pair, sent []byte)] // what goes to the server
	mu     sync.Mutex
	gone   bool // new connections end at once
	silent bool // new connections are mute
	dials  int
	pairs  []*pair
}

// pair is a connection to the link and the one from there to the server.
type pair struct {
	near, far net.Conn
	mute      atomic.Bool // nothing goes through, and nobody is told
	deaf      atomic.Bool // the next answer ends the connection instead
}

func newLink(t *testing.T, server string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, server: server}
	l.ended.Go(l.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		l.cut()
		l.ended.Wait()
	})
	return l
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.join(near)
	}
}

func (l *link) join(near net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dials++
	if l.gone {
		_ = near.Close()
		return
	}
	far, err := net.Dial("tcp", l.server)
	if err != nil {
		_ = near.Close()
		return
	}
	p := &pair{near: near, far: far}
	p.mute.Store(l.silent)
	l.pairs = append(l.pairs, p)
	l.ended.Go(func() { p.carry(near, far, p.deaf.Load) })
	l.ended.Go(func() {
		p.carry(far, near, func() bool { return false }, func(sent []byte) {
			if hear := l.hear.Load(); hear != nil {
				(*hear)(p, sent)
			}
		})
	})
}

// carry copies until one of both ends, or it is to be the end.
func (p *pair) carry(to, from net.Conn, end func() bool, hear ...func([]byte)) {
	defer p.near.Close()
	defer p.far.Close()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if p.mute.Load() {
			continue
		}
		if end() {
			return
		}
		for _, h := range hear {
			h(buffer[:n])
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut ends all connections, and those to come.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.pairs {
		_ = p.near.Close()
		_ = p.far.Close()
	}
	l.gone, l.pairs = true, nil
}

// silence makes the server vanish without a word.
func (l *link) silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.pairs {
		p.mute.Store(true)
	}
	l.silent = true
}

// mend is for new connections. Those that are mute stay so.
func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone, l.silent = false, false
}

func (l *link) dialled() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dials
}
