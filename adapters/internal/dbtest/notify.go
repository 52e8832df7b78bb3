package dbtest

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/authz"
)

// Subscribe listens until the returned function is called, which fails the test unless
// Subscribe ends at once and hints no more.
func Subscribe(t *testing.T, n authz.Notifier) (hints chan struct{}, end func()) {
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

// patience is how long something may take that must come. It only ends tests that fail, so it is long enough for a
// machine that does much else: two writes may have to time out first.
const patience = time.Minute

// AwaitHint waits for a hint, at most a minute.
func AwaitHint(t *testing.T, hints chan struct{}) {
	t.Helper()
	select {
	case <-hints:
	case <-time.After(patience):
		t.Fatalf("no hint within %v", patience)
	}
}

// Grant makes a change as ana: user may do a:b.
func Grant(t testing.TB, e *authz.Engine, user authz.UserID) {
	t.Helper()
	_, err := e.As("ana").ChangeUserPermissions(t.Context(), user, authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
	if err != nil {
		t.Fatal(err)
	}
}

// AllCan reports whether all engines know of that change.
func AllCan(engines []*authz.Engine, user authz.UserID) bool {
	return !slices.ContainsFunc(engines, func(e *authz.Engine) bool { return !e.Can(user, "a:b") })
}

// Eventually fails the test unless something becomes true within a minute.
func Eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	if !Within(patience, is) {
		stacks := make([]byte, 1<<16)
		t.Fatalf("not within %v: %s\n%s", patience, what, bytes.TrimSpace(stacks[:runtime.Stack(stacks, true)]))
	}
}

// Within asks again and again, in steps well below what is measured.
func Within(limit time.Duration, is func() bool) bool {
	tick := time.NewTicker(100 * time.Microsecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); time.Now().Before(end); <-tick.C {
		if is() {
			return true
		}
	}
	return is()
}

// PostgresNotifier makes a notifier, which is closed with the test.
func PostgresNotifier(t testing.TB, dsn, prefix string) *postgres.Notifier {
	t.Helper()
	n, err := postgres.NewNotifier(dsn, postgres.NotifierOptions{
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
