package watcher_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casbin/casbin/v2/persist"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/watcher"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// watcher is one of Casbin's that does what a test wants.
type fake struct {
	set    func(func(string)) error
	update func() error

	callback func(string)
	closed   bool
}

var _ persist.Watcher = (*fake)(nil)

func (w *fake) SetUpdateCallback(callback func(string)) error {
	w.callback = callback
	if w.set != nil {
		return w.set(callback)
	}
	return nil
}

func (w *fake) Update() error { return w.update() }

func (w *fake) Close() {
	if w.closed {
		panic("closed twice") // as redis-watcher does
	}
	w.closed = true
}

func newWatcherNotifier(t *testing.T, w *fake) *watcher.Notifier {
	t.Helper()
	n, err := watcher.New(w)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An Update that never returns blocks callers no longer than their contexts allow, and leaks a
// single goroutine.
func TestHangingWatcher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var hanging atomic.Int64
		released := make(chan struct{})
		n := newWatcherNotifier(t, &fake{update: func() error {
			hanging.Add(1)
			defer hanging.Add(-1)
			<-released
			return nil
		}})
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				if err := n.Publish(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("a watcher that hangs publishes with %v", err)
				}
				if took := time.Since(start); took != time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
		all.Wait()
		if hanging.Load() != 1 {
			t.Errorf("%d calls of the watcher hang", hanging.Load())
		}
		close(released)
		if err := n.Publish(t.Context(), 2); err != nil {
			t.Errorf("it doesn't publish again: %v", err)
		}
	})
}

// A change is made, whatever the watcher does about it.
func TestFailingWatcher(t *testing.T) {
	t.Parallel()
	for want, update := range map[string]func() error{
		"no route":     func() error { return errors.New("no route to host") },
		"out of paper": func() error { panic("out of paper") },
	} {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			n := newWatcherNotifier(t, &fake{update: update})
			e, err := authz.Open(t.Context(), memstore.New(), authz.Options{
				Bootstrap: "ana", Notifier: n, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			dbtest.Grant(t, e, "ben")
			if !e.Can("ben", "a:b") {
				t.Error("the change doesn't count")
			}
			_ = e.Close(context.Background()) // after which all is logged
			if !strings.Contains(log.String(), want) {
				t.Errorf("%q isn't logged: %s", want, &log)
			}
		})
	}
}

func TestWatcherThatRefusesCallback(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, set := range map[string]func(func(string)) error{
		"fails":  func(func(string)) error { return refused },
		"panics": func(func(string)) error { panic(refused) },
	} {
		_, err := watcher.New(&fake{set: set})
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("one that %s is answered with %v", name, err)
		}
	}
	if _, err := watcher.New(nil); err == nil {
		t.Error("no watcher at all is taken")
	}
}

func TestWatcherIsClosedOnce(t *testing.T) {
	t.Parallel()
	w := &fake{}
	n := newWatcherNotifier(t, w)
	for range 2 {
		if err := n.Close(); err != nil || !w.closed {
			t.Errorf("closed is %v, %v", w.closed, err)
		}
	}
}

// Some watchers call back out of Update, with their locks held and in the goroutine that
// published.
func TestWatcherThatCallsBackAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		w := &fake{}
		w.update = func() error {
			mu.Lock()
			defer mu.Unlock()
			w.callback("")
			return nil
		}
		n, store := newWatcherNotifier(t, w), memstore.New()
		var engines []*authz.Engine
		for range 3 { // on one notifier
			e, err := authz.Open(t.Context(), store, authz.Options{
				Bootstrap: "ana", Notifier: n, PollInterval: time.Hour, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			engines = append(engines, e)
		}
		dbtest.Grant(t, engines[0], "ben")
		time.Sleep(time.Second) // which costs nothing, and is less than the poll interval
		synctest.Wait()
		if !dbtest.AllCan(engines, "ben") {
			t.Error("the others weren't notified")
		}
		for _, e := range engines {
			_ = e.Close(context.Background())
		}
	})
}

// What a watcher calls does nothing by itself: no load, no matter how often, nothing before
// Subscribe, nothing after.
func TestWatcherCallbackOnlyHints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &fake{update: func() error { return nil }}
		n := newWatcherNotifier(t, w)
		w.callback("before anyone listens")
		store := authztest.NewStore()
		e, err := authz.Open(t.Context(), store, authz.Options{
			Bootstrap: "ana", Notifier: n, PollInterval: time.Hour, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		loads, asked := store.Calls(authztest.CallLoad), store.Calls(authztest.CallPosition)
		if asked == 0 {
			t.Error("what came before Subscribe is lost")
		}
		for range 1000 {
			w.callback("forged")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if more := store.Calls(authztest.CallPosition) - asked; more < 1 || more > 3 {
			t.Errorf("a thousand notifications have the store asked %d times", more)
		}
		_ = e.Close(context.Background())
		asked = store.Calls(authztest.CallPosition)
		w.callback("after")
		synctest.Wait()
		if store.Calls(authztest.CallLoad) != loads || store.Calls(authztest.CallPosition) != asked {
			t.Errorf("the callback had everything loaded, or the store asked after the end")
		}
	})
}

// A watcher calls from the goroutine that reads its messages: nothing holds that up.
func TestSlowHintBlocksNoWatcher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &fake{}
		n := newWatcherNotifier(t, w)
		ctx, cancel := context.WithCancel(t.Context())
		released, ended := make(chan struct{}), make(chan error)
		hints := 0
		go func() { ended <- n.Subscribe(ctx, func() { hints++; <-released }) }()
		synctest.Wait()
		for range 1000 { // a deadlock if they wait
			w.callback("")
		}
		close(released)
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil || hints != 2 {
			t.Errorf("%d hints, %v: not one for each that was heard and one for those that came meanwhile", hints, err)
		}
	})
}

func TestPublishAfterEndOfContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		n := newWatcherNotifier(t, &fake{update: func() error { t.Error("it published"); return nil }})
		for range 100 {
			if err := n.Publish(ended, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("it answers %v", err)
			}
			synctest.Wait()
		}
	})
}

// Each Subscribe has an end of its own.
func TestWatcherSubscriptionsEndIndependently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &fake{}
		n := newWatcherNotifier(t, w)
		first, endFirst := dbtest.Subscribe(t, n)
		second, endSecond := dbtest.Subscribe(t, n)
		dbtest.AwaitHint(t, first)
		dbtest.AwaitHint(t, second)
		endFirst()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { w.callback("") })
		}
		all.Wait()
		dbtest.AwaitHint(t, second)
		endSecond()
		w.callback("")
		synctest.Wait()
		if len(first) > 0 {
			t.Error("a hint to the one that ended")
		}
	})
}
