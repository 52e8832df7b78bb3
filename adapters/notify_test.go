package adapters_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
)

// A change on one instance counts on the others as soon as they are notified: with the poll an
// hour away it can be nothing else.
func TestNotifiedInstancesFollow(t *testing.T) {
	eachWireWithDatabase(t, func(t *testing.T, w wire) {
		engines := openEngines(t, time.Hour, w, w.server)
		const changes, bound = 300, 25 * time.Millisecond
		rounds := 3 // of which one has to do: others may use the machine
		for round := 1; ; round++ {
			took := propagate(t, engines, changes, fmt.Sprint("round", round))
			t.Logf("%d changes from commit to decision on the others: median %s, 99th percentile %s, at most %s",
				changes, took[changes/2], took[changes*99/100], took[changes-1])
			if raceDetector || took[changes*99/100] <= bound {
				return
			}
			if round == rounds {
				t.Fatalf("the 99th percentile is above %s", bound)
			}
		}
	})
}

// Without notifications it is the poll interval and a bit.
func TestPolledInstancesFollow(t *testing.T) {
	const interval, bit = 100 * time.Millisecond, 150 * time.Millisecond
	onEach(t, func(t *testing.T, d database) {
		engines := openEngines(t, interval, wire{database: d, connect: func(*testing.T, string) authz.Notifier { return nil }}, "")
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
		if raceDetector || took[len(took)-1] <= bound {
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

// heal makes a change and waits until it counts everywhere. A notifier that can't tell that it
// is back hears of what it missed with the next one.
func heal(t *testing.T, w wire, engines []*authz.Engine) {
	t.Helper()
	again := time.Now()
	grant(t, engines[0], "missed")
	eventually(t, "the others follow again", func() bool {
		if !w.tells && time.Since(again) > 100*time.Millisecond {
			again = time.Now()
			grant(t, engines[0], authz.UserID(fmt.Sprint("later", again.UnixNano())))
		}
		return allCan(engines, "missed")
	})
}

// Notifications that are gone for good leave the poll.
func TestThePollTakesOver(t *testing.T) {
	eachWireWithDatabase(t, func(t *testing.T, w wire) {
		const interval, bit = 200 * time.Millisecond, 200 * time.Millisecond
		l := newLink(t, w.server)
		engines := openEngines(t, interval, w, l.address())
		propagate(t, engines, 3, "before")
		l.cut()
		inTime(t, interval+bit, func(round string) []time.Duration {
			took := propagate(t, engines, 8, "cut"+round)
			t.Logf("cut for good, polled every %s: median %s, at most %s", interval, took[len(took)/2], took[len(took)-1])
			return took
		})
	})
}

// Whoever reaches the channel can send what they like: at most it has the store asked.
func TestForgedNotificationsDoNothing(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		engines := openEngines(t, time.Hour, w, w.server)
		propagate(t, engines, 1, "before")
		before := fmt.Sprint(engines[1].View().Export())
		for range 2 { // doubled, too
			for _, message := range w.forgeries {
				w.send(t, message)
			}
		}
		propagate(t, engines, 20, "after") // through all of that, and after it
		for _, e := range engines {
			if e.Can("mallory", "a:b") || e.View().IsAdministrator("mallory") || e.StoreErr() != nil {
				t.Errorf("forged notifications count: %s", e.StoreErr())
			}
			if _, err := e.AuditRecords(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if fmt.Sprint(engines[1].View().Export()) == before {
			t.Error("nothing happened at all")
		}
	})
}

func TestPublishIsBoundedByItsContext(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		l := newLink(t, w.server)
		n := w.connect(t, l.address())
		if err := n.Publish(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := n.Publish(ended, 2); err == nil {
			t.Error("published with a context that had ended")
		}
		l.silence()
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
				if took := time.Since(start); took > short+2*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
		all.Wait()
		l.mend()
		eventually(t, "it publishes again", func() bool {
			bounded, cancel := context.WithTimeout(t.Context(), short)
			defer cancel()
			return n.Publish(bounded, 4) == nil
		})
	})
}

// Subscribe ends with its context and hints no more; what was opened is closed.
func TestNotifiersLeaveNothingBehind(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		// Connections that nobody closed are closed when they are collected, which must not help.
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		before := ours()
		t.Run("open", func(t *testing.T) {
			engines := openEngines(t, time.Hour, w, w.server)
			w.kill(t)
			heal(t, w, engines) // redis-watcher doesn't end if it is closed without a connection
			propagate(t, engines, 3, "after")
		})
		eventually(t, "all goroutines end", func() bool { return ours() <= before })
		eventually(t, "all connections end", func() bool { return w.connected(t) == 0 })
	})
}

// subscribe listens until the returned function is called, which fails the test unless
// Subscribe ends at once and hints no more.
func subscribe(t *testing.T, n authz.Notifier) (hints chan struct{}, end func()) {
	t.Helper()
	hints = make(chan struct{}, 1)
	var over atomic.Bool
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- n.Subscribe(ctx, func() {
			if over.Load() {
				t.Error("a hint after Subscribe has returned")
			}
			select {
			case hints <- struct{}{}:
			default:
			}
		})
		over.Store(true)
	}()
	end = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Subscribe returned %v", err)
			}
		case <-time.After(2 * time.Second):
			t.Error("Subscribe goes on")
		}
	})
	t.Cleanup(end)
	return hints, end
}

func awaitHint(t *testing.T, hints chan struct{}) {
	t.Helper()
	select {
	case <-hints:
	case <-time.After(20 * time.Second):
		t.Fatal("no hint within 20 seconds")
	}
}

// It ends when it is told, whether the server answers, is silent or is gone.
func TestSubscribeEndsWithItsContext(t *testing.T) {
	eachWire(t, func(t *testing.T, w wire) {
		for name, state := range map[string]func(*link){
			"there": func(*link) {}, "silent": (*link).silence, "gone": (*link).cut,
		} {
			t.Run(name, func(t *testing.T) {
				l := newLink(t, w.server)
				n := w.connect(t, l.address())
				hints, end := subscribe(t, n)
				awaitHint(t, hints)
				state(l)
				w.send(t, w.forgeries[0])
				end()
				w.send(t, w.forgeries[0])
			})
		}
	})
}

// ours counts the goroutines that run code of ours or of what we open. A pool of go-redis has
// some more, which come and go even after its end.
func ours() (count int) {
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, name := range []string{"rightful/adapters.(", "rightful/authz.", "jackc/pgx", "casbin/redis-watcher"} {
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
func openEngines(t *testing.T, poll time.Duration, w wire, address string) []*authz.Engine {
	t.Helper()
	shared := authz.NewMemoryStore()
	var engines []*authz.Engine
	for range 3 {
		store := authz.Store(shared)
		if w.database.kind != "" {
			store = w.database.open(t, adapters.GormOptions{})
		}
		notifier := w.connect(t, address)
		e, err := authz.Open(t.Context(), store, authz.Options{
			Bootstrap: "ana", Notifier: notifier, PollInterval: poll, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		engines = append(engines, e)
	}
	for i := 0; ; i++ {
		grant(t, engines[0], authz.UserID(fmt.Sprint("hello", i)))
		if within(time.Second, func() bool { return allCan(engines, authz.UserID(fmt.Sprint("hello", i))) }) {
			return engines
		}
		if i == 10 {
			t.Fatal("the instances don't hear of each other")
		}
	}
}

// propagate makes changes on all instances in turn and returns, sorted, how long after each
// commit it counted on the last of the others.
func propagate(t *testing.T, engines []*authz.Engine, changes int, name string) []time.Duration {
	t.Helper()
	took := make([]time.Duration, changes)
	for i := range changes {
		user := authz.UserID(fmt.Sprintf("%s.%d", name, i))
		grant(t, engines[i%len(engines)], user)
		committed := time.Now()
		eventually(t, "the others follow", func() bool { return allCan(engines, user) })
		took[i] = time.Since(committed)
	}
	slices.Sort(took)
	return took
}

func grant(t *testing.T, e *authz.Engine, user authz.UserID) {
	t.Helper()
	_, err := e.As("ana").ChangeUserPermissions(t.Context(), user, authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
	if err != nil {
		t.Fatal(err)
	}
}

func allCan(engines []*authz.Engine, user authz.UserID) bool {
	return !slices.ContainsFunc(engines, func(e *authz.Engine) bool { return !e.Can(user, "a:b") })
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	if !within(20*time.Second, is) {
		stacks := make([]byte, 1<<16)
		t.Fatalf("not within 20 seconds: %s\n%s", what, bytes.TrimSpace(stacks[:runtime.Stack(stacks, true)]))
	}
}

// within asks again and again, in steps well below what is measured.
func within(limit time.Duration, is func() bool) bool {
	tick := time.NewTicker(100 * time.Microsecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); time.Now().Before(end); <-tick.C {
		if is() {
			return true
		}
	}
	return is()
}
