package main

import (
	"context"
	"errors"
	"testing"

	rediswatcher "github.com/casbin/redis-watcher/v2"

	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/adapters/watcher"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/internal/testservers"
)

func notifiedByPostgres(ctx context.Context, store authz.Store, dsn string) (*authz.Engine, func(context.Context) error, error) {
	notifier, err := postgres.NewNotifier(dsn, postgres.NotifierOptions{Prefix: "acme"})
	if err != nil {
		return nil, nil, err
	}
	engine, err := authz.Open(ctx, store, authz.Options{Notifier: notifier})
	if err != nil {
		return nil, nil, errors.Join(err, notifier.Close())
	}
	stop := func(ctx context.Context) error { return errors.Join(engine.Close(ctx), notifier.Close()) }
	return engine, stop, nil
}

func notifiedByRedis(ctx context.Context, store authz.Store) (*authz.Engine, func(context.Context) error, error) {
	notifier, err := watcher.Open(func(callback func(string)) (watcher.Watcher, error) {
		return rediswatcher.NewWatcher("127.0.0.1:6379", rediswatcher.WatcherOptions{
			Channel: "acme_rightful", OptionalUpdateCallback: callback,
		})
	})
	if err != nil {
		return nil, nil, err
	}
	engine, err := authz.Open(ctx, store, authz.Options{Notifier: notifier})
	if err != nil {
		return nil, nil, errors.Join(err, notifier.Close())
	}
	stop := func(ctx context.Context) error { return errors.Join(engine.Close(ctx), notifier.Close()) }
	return engine, stop, nil
}

// The guide's notifiers open and stop.
func TestGuideNotifiers(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		dsn, _ := testservers.PostgresOverTCP(t)
		_, stop, err := notifiedByPostgres(t.Context(), memstore.New(), dsn(testservers.PostgresAddress))
		if err != nil {
			t.Fatal(err)
		}
		if err := stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("redis", func(t *testing.T) {
		testservers.Redis(t)
		_, stop, err := notifiedByRedis(t.Context(), memstore.New())
		if err != nil {
			t.Fatal(err)
		}
		if err := stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
