package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/internal/testservers"
)

// A server that vanishes without closing its connections, as behind a firewall that forgot
// them, is noticed in bounded time.
func TestSilentServerIsDetected(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := testservers.PostgresOverTCP(t)
		l := dbtest.NewLink(t, testservers.PostgresAddress)
		n := dbtest.PostgresNotifier(t, dsn(l.Address()), dbtest.Prefix())
		const silence, patience = 300 * time.Millisecond, time.Second
		n.SetKeepAlive(silence, patience)
		hints, _ := dbtest.Subscribe(t, n)
		dbtest.AwaitHint(t, hints)
		if dbtest.Within(3*silence, func() bool { return len(hints) > 0 }) {
			t.Error("a server that answers was taken for silent")
		}
		l.Silence()
		l.Mend()
		start := time.Now()
		dbtest.AwaitHint(t, hints)
		took := time.Since(start)
		t.Logf("noticed and reconnected after %s", took)
		if took > silence+patience+10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// Publishing doesn't fail for a connection that died unnoticed since the last time.
func TestNotificationSurvivesDeadConnection(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := testservers.PostgresOverTCP(t)
		for name, state := range map[string]func(*dbtest.Link){"silent": (*dbtest.Link).Silence, "gone": (*dbtest.Link).Cut} {
			t.Run(name, func(t *testing.T) {
				l, prefix := dbtest.NewLink(t, testservers.PostgresAddress), dbtest.Prefix()
				n := dbtest.PostgresNotifier(t, dsn(l.Address()), prefix)
				hints, _ := dbtest.Subscribe(t, dbtest.PostgresNotifier(t, dsn(testservers.PostgresAddress), prefix))
				dbtest.AwaitHint(t, hints)
				if err := n.Publish(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				dbtest.AwaitHint(t, hints)
				state(l)
				l.Mend()
				if err := n.Publish(t.Context(), 2); err != nil {
					t.Error(err)
				}
				dbtest.AwaitHint(t, hints)
			})
		}
	})
}

// It may come up after those that need it; until then it isn't pestered.
func TestServerMayStartLater(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := testservers.PostgresOverTCP(t)
		l := dbtest.NewLink(t, testservers.PostgresAddress)
		l.Cut()
		var log bytes.Buffer
		n, err := postgres.NewNotifier(dsn(l.Address())+"?sslmode=disable", postgres.NotifierOptions{
			Prefix: dbtest.Prefix(), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		hints, end := dbtest.Subscribe(t, n)
		time.Sleep(2 * time.Second)
		// With pauses of 0.1, 0.2, 0.4, 0.8 and 1.6 seconds, of which up to half may be missing, and
		// pgx dialing twice.
		if dialled := l.Dialed(); dialled < 3 || dialled > 14 {
			t.Errorf("dialled %d times in two seconds", dialled)
		}
		if n.Connected() {
			t.Error("it is connected to a server that is away")
		}
		l.Mend()
		dbtest.AwaitHint(t, hints)
		if !n.Connected() {
			t.Error("it listens and isn't connected")
		}
		end()
		if n.Connected() {
			t.Error("it is connected after the end")
		}
		if lines := strings.Count(log.String(), "\n"); lines != 2 {
			t.Errorf("one loss and one return are logged in %d lines: %s", lines, &log)
		}
	})
}

// Stores with a prefix of their own have notifications of their own.
func TestNotificationsCarryThePrefix(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		at, _ := testservers.PostgresOverTCP(t)
		dsn, prefix := at(testservers.PostgresAddress), dbtest.Prefix()
		same, other := dbtest.PostgresNotifier(t, dsn, prefix+"_"), dbtest.PostgresNotifier(t, dsn, prefix+"x")
		ours, _ := dbtest.Subscribe(t, same)
		theirs, _ := dbtest.Subscribe(t, other)
		dbtest.AwaitHint(t, ours)
		dbtest.AwaitHint(t, theirs)
		n := dbtest.PostgresNotifier(t, dsn, prefix)
		if err := n.Publish(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		dbtest.AwaitHint(t, ours)
		if err := other.Publish(t.Context(), 1); err != nil { // after which the first must have arrived
			t.Fatal(err)
		}
		dbtest.AwaitHint(t, theirs)
		if len(ours)+len(theirs) > 0 {
			t.Error("a notification reached another prefix")
		}
	})
}

func TestClosedNotifierPublishesNothing(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := testservers.PostgresOverTCP(t)
		n := dbtest.PostgresNotifier(t, dsn(testservers.PostgresAddress), dbtest.Prefix())
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
func TestPasswordIsNeverRevealed(t *testing.T) {
	for _, dsn := range []string{
		"", "secret", "sqlite:secret.db", "mysql://u:secret@127.0.0.1/db", "host=127.0.0.1 password=secret",
		"postgres://u:se@secret@127.0.0.1/db", "postgres://u:5/secret@127.0.0.1/db", "postgres://u:5?secret@127.0.0.1",
		"postgres://u:5#secret@127.0.0.1", "postgres://u:secret@127.0.0.1:x/db", "postgres://u:%secret@127.0.0.1/db",
		"postgres://u:secret@127.0.0.1/db?sslmode=perhaps", "postgres://u:secret@[::1/db", "postgres://u:\x00secret@127.0.0.1/db",
	} {
		_, err := postgres.NewNotifier(dsn, postgres.NotifierOptions{})
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "secret") {
			t.Errorf("%q is answered with %v", dsn, err)
		}
	}

	l := dbtest.NewLink(t, "127.0.0.1:1")
	var log bytes.Buffer
	n, err := postgres.NewNotifier("postgres://u:secret@"+l.Address()+"/db", postgres.NotifierOptions{
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

func TestNotificationPrefixIsChecked(t *testing.T) {
	_, err := postgres.NewNotifier("postgres://127.0.0.1/test", postgres.NotifierOptions{Prefix: `x"; --`})
	if err == nil || !strings.Contains(err.Error(), "prefix") {
		t.Errorf("the prefix is answered with %v", err)
	}
}
