package main

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/internal/testservers"
)

// Of two instances on one database, each is notified of the other's changes.
func TestInstancesNotifyEachOther(t *testing.T) {
	t.Run("redis", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		messages := testservers.Redis(t).Subscribe(ctx, redisChannel)
		defer messages.Close()
		if _, err := messages.Receive(ctx); err != nil { // the confirmation of the subscription
			t.Fatal(err)
		}
		c := testConfig(t)
		c.notify = "redis://" + testservers.RedisAddress
		one, _ := openOffice(t, c)
		two, _ := openOffice(t, c)
		cleo := two.signIn("cleo")
		two.want(http.StatusForbidden, "POST", "/requests/1/approve", "", cleo)
		one.want(http.StatusNoContent, "PUT", "/api/v1/groups/Requests%20desk/members/cleo", "", one.signIn("ana"))
		if _, err := messages.ReceiveMessage(ctx); err != nil {
			t.Errorf("nothing was published: %v", err)
		}
		for ctx.Err() == nil && !two.engine.Can("cleo", neededToDecide(requestTypes[0])...) {
			tick(ctx)
		}
		two.want(http.StatusOK, "POST", "/requests/1/approve", "", cleo)
	})
}

// On a database server, two instances share accounts, sessions, requests and the policy: a
// permission granted on one takes effect on the other, in the same session.
func TestTwoInstancesOnServer(t *testing.T) {
	for name, database := range map[string]func(testing.TB) testservers.Database{"postgres": testservers.Postgres, "mysql": testservers.MySQL} {
		t.Run(name, func(t *testing.T) {
			c := testConfig(t)
			c.dsn, c.notify = database(t).Address, notifyPoll
			if name == "postgres" {
				c.notify = notifyPostgres
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			one, _ := openOffice(t, c)
			two, _ := openOffice(t, c)
			cleo := two.signIn("cleo")
			two.want(http.StatusForbidden, "POST", "/requests/1/approve", "", cleo)
			one.want(http.StatusNoContent, "PUT", "/api/v1/groups/Requests%20desk/members/cleo", "", one.signIn("ana"))
			for ctx.Err() == nil && !two.engine.Can("cleo", neededToDecide(requestTypes[0])...) {
				tick(ctx)
			}
			two.want(http.StatusOK, "POST", "/requests/1/approve", "", cleo)
			one.want(http.StatusOK, "GET", "/requests/1", "", cleo)
		})
	}
}

func tick(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Millisecond):
	}
}

// -notify postgres uses the database of -db.
func TestNotificationsThroughDatabase(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, conn := testservers.PostgresOverTCP(t)
		if _, err := conn.Exec(t.Context(), "LISTEN rightful_changes"); err != nil {
			t.Fatal(err)
		}
		c := config{dsn: dsn(testservers.PostgresAddress), notify: notifyPostgres}
		if err := checkNotify(c); err != nil {
			t.Fatal(err)
		}
		a := &app{log: slog.New(slog.DiscardHandler)}
		notifier, err := a.openNotifier(c)
		if err != nil {
			t.Fatal(err)
		}
		e, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "ana", Notifier: notifier, Logger: a.log})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.As("ana").Assign(t.Context(), authz.Administrators, "ben"); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := conn.WaitForNotification(ctx); err != nil {
			t.Errorf("nothing was published: %v", err)
		}
		_ = e.Close(context.Background())
		if err := a.stopNotifying(); err != nil {
			t.Error(err)
		}
	})
}
