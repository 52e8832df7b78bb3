package integration_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
	"github.com/rightful-go/rightful/internal/testservers"
)

// privateServers start a server for the test alone.
var privateServers = map[string]func(testing.TB) *testservers.Server{
	"postgres": testservers.PrivatePostgres, "mysql": testservers.PrivateMySQL,
}

const healTimeout = 5 * time.Second // of a write

// healing opens instances at an address. They write all the time, until the test ends them.
func healing(t *testing.T, address string, n int) []*writer {
	t.Helper()
	var all []*writer
	for i := range n {
		store, err := database.Open(t.Context(), address, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		e, err := authz.Open(t.Context(), store, authz.Options{
			Bootstrap: "ana", PollInterval: 50 * time.Millisecond, WriteTimeout: healTimeout, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close(context.Background()) })
		all = append(all, &writer{engine: e, name: fmt.Sprintf("%s%d", rand.Text()[:4], i), made: map[authz.Revision]authz.UserID{}})
	}
	return all
}

// writer makes one change after the other and remembers what it was told of each.
type writer struct {
	engine  *authz.Engine
	name    string
	done    atomic.Int64 // changes that were acknowledged
	failed  atomic.Int64
	slowest time.Duration // of those that failed
	tried   int
	made    map[authz.Revision]authz.UserID
}

// write makes changes until ctx ends.
func (w *writer) write(ctx context.Context, t *testing.T) {
	for ; ctx.Err() == nil; w.tried++ {
		user := authz.UserID(fmt.Sprintf("%s.%d", w.name, w.tried))
		start := time.Now()
		c, err := w.engine.As("ana").ChangeUserPermissions(context.WithoutCancel(ctx), user, authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
		switch {
		case err == nil:
			w.made[c.Revision] = user
			w.done.Add(1)
		case errors.Is(err, authz.ErrStoreUnavailable):
			w.slowest = max(w.slowest, time.Since(start))
			w.failed.Add(1)
		default:
			t.Errorf("%s: %v", user, err)
			return
		}
	}
}

// writeThrough lets all write while something happens, and then has each write again.
func writeThrough(t *testing.T, all []*writer, happens func()) (healed time.Duration) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, w := range all {
		running.Go(func() { w.write(ctx, t) })
	}
	defer running.Wait()
	defer stop()
	each := func(what string, is func(*writer) bool) {
		dbtest.Eventually(t, what, func() bool { return !slices.ContainsFunc(all, func(w *writer) bool { return !is(w) }) })
	}
	each("all write", func(w *writer) bool { return w.done.Load() > 20 })
	happens()
	start := time.Now()
	before := map[*writer]int64{}
	for _, w := range all {
		before[w] = w.done.Load()
	}
	each("all write again", func(w *writer) bool { return w.done.Load() > before[w] && w.engine.Status().StoreErr == nil })
	healed = time.Since(start)
	each("all go on writing", func(w *writer) bool { return w.done.Load() > before[w]+20 })
	return healed
}

// nothingLost checks that whatever was acknowledged is there once, under its revision, and that
// all agree.
func nothingLost(t *testing.T, address string, all []*writer) {
	t.Helper()
	fresh := healing(t, address, 1)[0].engine
	store, err := database.Open(t.Context(), address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if n, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{}); err != nil || n.Records != int(fresh.View().Revision()) {
		t.Errorf("%d of %d records fit: %v", n, fresh.View().Revision(), err)
	}
	list, err := fresh.Changes(t.Context(), authz.ChangeQuery{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	byRevision, users := map[authz.Revision]string{}, map[string]int{}
	for _, c := range list {
		byRevision[c.Revision] = c.Target
		users[c.Target]++
	}
	acknowledged, unanswered := 0, int64(0)
	for _, w := range all {
		acknowledged += len(w.made)
		unanswered += w.failed.Load()
		for r, user := range w.made {
			if byRevision[r] != string(user) || users[string(user)] != 1 {
				t.Errorf("%q was acknowledged at revision %d, which is of %q; it is there %d times", user, r, byRevision[r], users[string(user)])
			}
		}
		if err := w.engine.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		if got, want := w.engine.View().Export(), fresh.View().Export(); !slices.Equal(got, want) {
			t.Errorf("%s has %d rules, a fresh load %d", w.name, len(got), len(want))
		}
		if bound := 2*healTimeout + time.Second; w.slowest > bound {
			t.Errorf("a write took %v to fail", w.slowest)
		}
	}
	t.Logf("%d changes acknowledged, %d refused", acknowledged, unanswered)
}

// The database is restarted in order, or killed, while two instances write: decisions go on, the
// trouble shows, writes fail in time, and all of it heals by itself.
func TestDatabaseRestartsInMidRun(t *testing.T) {
	for kind, start := range privateServers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			for how, end := range map[string]func(testing.TB){"stopped": server.Stop, "killed": server.Kill} {
				all := healing(t, server.Address(), 2)
				engine := all[0].engine
				healed := writeThrough(t, all, func() {
					end(t)
					dbtest.Eventually(t, "the trouble shows", func() bool { return engine.Status().StoreErr != nil && engine.Status().Age > 500*time.Millisecond })
					if !engine.Can("ana", "x:y") || engine.Can("nobody", "x:y") {
						t.Error("decisions don't go on")
					}
					server.Start(t)
				})
				t.Logf("%s: writing again on both %v after the server answers", how, healed.Round(time.Millisecond))
				nothingLost(t, server.Address(), all)
			}
		})
	}
}

// Connections are cut between COMMIT and its answer, again and again, while two instances write:
// what was committed is acknowledged, once.
func TestAnswersLostOnTheWire(t *testing.T) {
	for kind, start := range privateServers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			l := dbtest.NewLink(t, server.HostPort)
			all := healing(t, server.AddressAt(l.Address()), 2)
			times := 20
			if dbtest.RaceDetector { // the run without it counts
				times = 5
			}
			var healed []time.Duration
			for range times {
				healed = append(healed, writeThrough(t, all, func() {
					lost := l.LoseAnswerTo("COMMIT")
					dbtest.Eventually(t, "an answer is lost", lost)
				}))
			}
			slices.Sort(healed)
			t.Logf("%d answers lost; writing again after %v in the median, at most %v",
				times, healed[times/2].Round(time.Millisecond), healed[times-1].Round(time.Millisecond))
			for _, w := range all {
				// Where finding out takes longer than a write may, the answer is a 503: on a machine with
				// much to do, now and then.
				if n := w.failed.Load(); n > int64(times)/4 && !dbtest.RaceDetector {
					t.Errorf("%s: %d changes failed", w.name, n)
				}
			}
			nothingLost(t, server.Address(), all)
		})
	}
}

// A server that falls silent, without closing its connections, is noticed in time.
func TestSilentDatabaseIsNoticed(t *testing.T) {
	for kind, start := range privateServers {
		t.Run(kind, func(t *testing.T) {
			server := start(t)
			l := dbtest.NewLink(t, server.HostPort)
			all := healing(t, server.AddressAt(l.Address()), 1)
			engine := all[0].engine
			healed := writeThrough(t, all, func() {
				l.Silence()
				dbtest.Eventually(t, "the trouble shows", func() bool { return engine.Status().StoreErr != nil })
				l.Cut()
				l.Mend()
			})
			t.Logf("writing again after %v", healed.Round(time.Millisecond))
			nothingLost(t, server.Address(), all)
		})
	}
}
