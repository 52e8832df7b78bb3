package integration_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// A change on one instance takes effect on the others when they are notified. With a poll interval of an
// hour, polling can't be the cause. BenchmarkNotifiedInstancesFollow measures how long it takes.
func TestNotifiedInstancesFollow(t *testing.T) {
	eachWireWithDatabase(t, func(t *testing.T, w wire) {
		propagate(t, openEngines(t, time.Hour, w, w.server), 100, "notified")
	})
}

// Without notifications, a change takes effect within the poll interval and a margin.
func TestPolledInstancesFollow(t *testing.T) {
	const interval, bit = 100 * time.Millisecond, time.Second
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		engines := openEngines(t, interval, wire{database: d, connect: func(testing.TB, string) authz.Notifier { return nil }}, "")
		const changes = 20
		inTime(t, interval+bit, func(round string) []time.Duration {
			took := propagate(t, engines, changes, "polled"+round)
			t.Logf("%d changes, polled every %s: median %s, at most %s", changes, interval, took[changes/2], took[changes-1])
			return took
		})
	})
}

// inTime measures until nothing takes longer than the bound, in three rounds at most: others may
// use the machine.
func inTime(t *testing.T, bound time.Duration, measure func(round string) []time.Duration) {
	t.Helper()
	const rounds = 3
	for round := 1; ; round++ {
		took := measure(fmt.Sprint(".round", round))
		if dbtest.RaceDetector || took[len(took)-1] <= bound {
			return
		}
		if round == rounds {
			t.Fatalf("it takes more than %s, again and again", bound)
		}
	}
}

// When the server ends the connections, notifications come back by themselves.
func TestKilledConnectionsHeal(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		engines := openEngines(t, time.Hour, w, w.server)
		propagate(t, engines, 3, "before")
		killed := w.kill(t)
		if killed < len(engines) {
			t.Fatalf("only %d connections were killed", killed)
		}
		start := time.Now()
		heal(t, w, engines)
		t.Logf("%d connections killed; healed after %s", killed, time.Since(start))
		propagate(t, engines, 20, "after")
	})
}

// heal makes a change and waits until it takes effect on all instances. A notifier that can't tell
// that its connection is back catches up with the next notification.
func heal(t *testing.T, w wire, engines []*authz.Engine) {
	t.Helper()
	again := time.Now()
	dbtest.Grant(t, engines[0], "missed")
	dbtest.Eventually(t, "the others follow again", func() bool {
		if !w.tells && time.Since(again) > 100*time.Millisecond {
			again = time.Now()
			dbtest.Grant(t, engines[0], authz.UserID(fmt.Sprint("later", again.UnixNano())))
		}
		return dbtest.AllCan(engines, "missed")
	})
}

// Notifications that are gone for good leave the poll.
func TestPollTakesOver(t *testing.T) {
	eachWireWithDatabase(t, func(t *testing.T, w wire) {
		const interval, bit = 200 * time.Millisecond, time.Second
		l := dbtest.NewLink(t, w.server)
		engines := openEngines(t, interval, w, l.Address())
		propagate(t, engines, 3, "before")
		l.Cut()
		inTime(t, interval+bit, func(round string) []time.Duration {
			took := propagate(t, engines, 8, "cut"+round)
			t.Logf("cut for good, polled every %s: median %s, at most %s", interval, took[len(took)/2], took[len(took)-1])
			return took
		})
	})
}

// A forged message does nothing but have the store asked once more.
func TestForgedNotificationsDoNothing(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		engines := openEngines(t, time.Hour, w, w.server)
		propagate(t, engines, 1, "before")
		before, revision := fmt.Sprint(engines[1].View().Export()), engines[1].View().Revision()
		for range 2 { // doubled, too
			for _, message := range w.forgeries {
				w.send(t, message)
			}
		}
		propagate(t, engines, 20, "after") // through all of that, and after it
		for _, e := range engines {
			if e.Can("mallory", "a:b") || slices.Contains(e.View().User("mallory").Groups, authz.Administrators) || e.Status().StoreErr != nil {
				t.Errorf("forged notifications count: %s", e.Status().StoreErr)
			}
			if n := e.View().Revision() - revision; n != 20 {
				t.Errorf("there are %d changes more, and 20 were made", n)
			}
		}
		if fmt.Sprint(engines[1].View().Export()) == before {
			t.Error("nothing happened at all")
		}
	})
}

func TestPublishIsBoundedByItsContext(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		l := dbtest.NewLink(t, w.server)
		n := w.connect(t, l.Address())
		if err := n.Publish(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := n.Publish(ended, 2); err == nil {
			t.Error("published with a context that had ended")
		}
		l.Silence()
		const short = 200 * time.Millisecond
		var all sync.WaitGroup
		for range 5 { // the first is stuck, the others wait for their turn
			all.Go(func() {
				start := time.Now()
				bounded, cancel := context.WithTimeout(t.Context(), short)
				defer cancel()
				if err := n.Publish(bounded, 3); err == nil {
					t.Error("published to a server that isn't there")
				}
				if took := time.Since(start); took > short+10*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
		all.Wait()
		l.Mend()
		dbtest.Eventually(t, "it publishes again", func() bool {
			bounded, cancel := context.WithTimeout(t.Context(), short)
			defer cancel()
			return n.Publish(bounded, 4) == nil
		})
	})
}

// Subscribe ends with its context and hints no more; what was opened is closed.
func TestNotifiersLeaveNothingBehind(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		// The garbage collector closes leaked connections, which must not help here.
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		before := ours()
		t.Run("open", func(t *testing.T) {
			engines := openEngines(t, time.Hour, w, w.server)
			w.kill(t)
			heal(t, w, engines) // redis-watcher doesn't end if it is closed without a connection
			propagate(t, engines, 3, "after")
		})
		dbtest.Eventually(t, "all goroutines end", func() bool { return ours() <= before })
		dbtest.Eventually(t, "all connections end", func() bool { return w.connected(t) == 0 })
	})
}

// A subscription ends with its context, whether the server answers, is silent or is gone.
func TestSubscribeEndsWithItsContext(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		for name, state := range map[string]func(*dbtest.Link){
			"there": func(*dbtest.Link) {}, "silent": (*dbtest.Link).Silence, "gone": (*dbtest.Link).Cut,
		} {
			t.Run(name, func(t *testing.T) {
				l := dbtest.NewLink(t, w.server)
				n := w.connect(t, l.Address())
				hints, end := dbtest.Subscribe(t, n)
				dbtest.AwaitHint(t, hints)
				state(l)
				w.send(t, w.forgeries[0])
				end()
				w.send(t, w.forgeries[0])
			})
		}
	})
}

// ours counts the goroutines that run code of Rightful or of the connections that it opens. Other
// goroutines of go-redis's pool come and go even after it was closed.
func ours() (count int) {
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, name := range []string{"rightful/adapters/postgres.(", "rightful/adapters/watcher.(", "rightful/authz.", "jackc/pgx", "casbin/redis-watcher"} {
			if strings.Contains(stack, name) {
				count++
				break
			}
		}
	}
	return count
}

// openEngines opens three instances on one store, each with a notifier of its own, and waits
// until all of them are subscribed.
func openEngines(t testing.TB, poll time.Duration, w wire, address string) []*authz.Engine {
	t.Helper()
	shared := memstore.New()
	var engines []*authz.Engine
	for range 3 {
		store := authz.Store(shared)
		if w.database.Kind != "" {
			store = w.database.Open(t, gormstore.Options{})
		}
		notifier := w.connect(t, address)
		e, err := authz.Open(t.Context(), store, authz.Options{
			Bootstrap: "ana", Notifier: notifier, PollInterval: poll, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close(context.Background()) })
		engines = append(engines, e)
	}
	for i := 0; ; i++ {
		dbtest.Grant(t, engines[0], authz.UserID(fmt.Sprint("hello", i)))
		if dbtest.Within(time.Second, func() bool { return dbtest.AllCan(engines, authz.UserID(fmt.Sprint("hello", i))) }) {
			return engines
		}
		if i == 10 {
			t.Fatal("the instances don't hear of each other")
		}
	}
}

// propagate makes changes on all instances in turn and returns, sorted, how long after each
// commit it counted on the last of the others.
func propagate(t testing.TB, engines []*authz.Engine, changes int, name string) []time.Duration {
	t.Helper()
	took := make([]time.Duration, changes)
	for i := range changes {
		user := authz.UserID(fmt.Sprintf("%s.%d", name, i))
		dbtest.Grant(t, engines[i%len(engines)], user)
		committed := time.Now()
		dbtest.Eventually(t, "the others follow", func() bool { return dbtest.AllCan(engines, user) })
		took[i] = time.Since(committed)
	}
	slices.Sort(took)
	return took
}
