package adapters_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/internal/servers"
)

// A server that vanishes without closing its connections, as behind a firewall that forgot
// them, is noticed in bounded time.
func TestASilentServerIsNoticed(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := servers.PostgresOverTCP(t)
		l := newLink(t, servers.PostgresAddress)
		n := newPostgres(t, dsn(l.address()), newPrefix())
		const silence, patience = 300 * time.Millisecond, 200 * time.Millisecond
		n.SetKeepAlive(silence, patience)
		hints, _ := subscribe(t, n)
		awaitHint(t, hints)
		if within(3*silence, func() bool { return len(hints) > 0 }) {
			t.Error("a server that answers was taken for silent")
		}
		l.silence()
		l.mend()
		start := time.Now()
		awaitHint(t, hints)
		took := time.Since(start)
		t.Logf("noticed and connected anew after %s", took)
		if took > silence+patience+2*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// Publishing doesn't fail for a connection that died unnoticed since the last time.
func TestADeadConnectionDoesntLoseTheNotification(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := servers.PostgresOverTCP(t)
		for name, state := range map[string]func(*link){"silent": (*link).silence, "gone": (*link).cut} {
			t.Run(name, func(t *testing.T) {
				l, prefix := newLink(t, servers.PostgresAddress), newPrefix()
				n := newPostgres(t, dsn(l.address()), prefix)
				hints, _ := subscribe(t, newPostgres(t, dsn(servers.PostgresAddress), prefix))
				awaitHint(t, hints)
				if err := n.Publish(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				awaitHint(t, hints)
				state(l)
				l.mend()
				if err := n.Publish(t.Context(), 2); err != nil {
					t.Error(err)
				}
				awaitHint(t, hints)
			})
		}
	})
}

// It may come up after those that need it; until then it isn't pestered.
func TestTheServerNeedntBeThereYet(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := servers.PostgresOverTCP(t)
		l := newLink(t, servers.PostgresAddress)
		l.cut()
		var log bytes.Buffer
		n, err := adapters.NewPostgresNotifier(dsn(l.address())+"?sslmode=disable", adapters.PostgresNotifierOptions{
			Prefix: newPrefix(), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		hints, end := subscribe(t, n)
		time.Sleep(2 * time.Second)
		// With pauses of 0.1, 0.2, 0.4, 0.8 and 1.6 seconds, of which up to half may be missing, and
		// pgx dialling twice.
		if dialled := l.dialled(); dialled < 3 || dialled > 14 {
			t.Errorf("dialled %d times in two seconds", dialled)
		}
		l.mend()
		awaitHint(t, hints)
		end()
		if lines := strings.Count(log.String(), "\n"); lines != 2 {
			t.Errorf("one loss and one return are logged in %d lines: %s", lines, &log)
		}
	})
}

// Stores with a prefix of their own have notifications of their own.
func TestNotificationsCarryThePrefix(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		at, _ := servers.PostgresOverTCP(t)
		dsn, prefix := at(servers.PostgresAddress), newPrefix()
		same, other := newPostgres(t, dsn, prefix+"_"), newPostgres(t, dsn, prefix+"x")
		ours, _ := subscribe(t, same)
		theirs, _ := subscribe(t, other)
		awaitHint(t, ours)
		awaitHint(t, theirs)
		n := newPostgres(t, dsn, prefix)
		if err := n.Publish(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		awaitHint(t, ours)
		if err := other.Publish(t.Context(), 1); err != nil { // after which the first must have arrived
			t.Fatal(err)
		}
		awaitHint(t, theirs)
		if len(ours)+len(theirs) > 0 {
			t.Error("a notification reached another prefix")
		}
	})
}

func TestAClosedNotifierPublishesNothing(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := servers.PostgresOverTCP(t)
		n := newPostgres(t, dsn(servers.PostgresAddress), newPrefix())
		for range 2 {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
			if err := n.Publish(t.Context(), 1); err == nil {
				t.Error("published")
			}
		}
	})
}

// No error and no line of the log has the password in it, whatever the address looks like.
func TestThePasswordOfTheServerIsNeverTold(t *testing.T) {
	for _, dsn := range []string{
		"", "secret", "sqlite:secret.db", "mysql://u:secret@127.0.0.1/db", "host=127.0.0.1 password=secret",
		"postgres://u:se@secret@127.0.0.1/db", "postgres://u:5/secret@127.0.0.1/db", "postgres://u:5?secret@127.0.0.1",
		"postgres://u:5#secret@127.0.0.1", "postgres://u:secret@127.0.0.1:x/db", "postgres://u:%secret@127.0.0.1/db",
		"postgres://u:secret@127.0.0.1/db?sslmode=perhaps", "postgres://u:secret@[::1/db", "postgres://u:\x00secret@127.0.0.1/db",
	} {
		_, err := adapters.NewPostgresNotifier(dsn, adapters.PostgresNotifierOptions{})
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "secret") {
			t.Errorf("%q is answered with %v", dsn, err)
		}
	}

	l := newLink(t, "127.0.0.1:1")
	var log bytes.Buffer
	n, err := adapters.NewPostgresNotifier("postgres://u:secret@"+l.address()+"/db", adapters.PostgresNotifierOptions{
		Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.Publish(t.Context(), 1); err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "secret") {
		t.Errorf("without a server it publishes with %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := n.Subscribe(ctx, func() { t.Error("a hint without a server") }); err != nil {
		t.Error(err)
	}
	if text := log.String(); text == "" || strings.Contains(text, "secret") {
		t.Errorf("it logs %s", text)
	}
}

func TestThePrefixOfNotificationsIsChecked(t *testing.T) {
	_, err := adapters.NewPostgresNotifier("postgres://127.0.0.1/test", adapters.PostgresNotifierOptions{Prefix: `x"; --`})
	if err == nil || !strings.Contains(err.Error(), "prefix") {
		t.Errorf("the prefix is answered with %v", err)
	}
}
