package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	rediswatcher "github.com/casbin/redis-watcher/v2"
	"github.com/redis/go-redis/v9"

	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/adapters/watcher"
	"github.com/rightful-go/rightful/authz"
)

// What -notify may be, beside the address of a Redis server.
const (
	notifyPoll     = "poll"
	notifyPostgres = "postgres"
)

// redisChannel is what instances on the same policy share. Another policy needs another one.
const redisChannel = "rightful_changes"

// checkNotify repeats nothing of an address: it may have a password in it.
func checkNotify(c config) error {
	switch {
	case c.notify == notifyPoll:
		return nil
	case c.notify == notifyPostgres:
		if !isPostgres(c.dsn) {
			return errors.New("-notify postgres goes through the database, which isn't PostgreSQL: " +
				"give -db postgres://…, or leave -notify out")
		}
		return nil
	case isRedis(c.notify):
		_, err := redisOptions(c.notify)
		return err
	}
	return errors.New("-notify is one of poll, postgres or redis://…")
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

func isRedis(notify string) bool {
	return strings.HasPrefix(notify, "redis://") || strings.HasPrefix(notify, "rediss://")
}

// openNotifier returns what tells other instances of changes, nil if that is left to the poll.
func (a *app) openNotifier(c config) (authz.Notifier, error) {
	switch {
	case c.notify == notifyPostgres:
		n, err := postgres.NewNotifier(c.dsn, postgres.NotifierOptions{Logger: a.log})
		if err != nil {
			return nil, fmt.Errorf("-notify postgres: %w", err)
		}
		a.stopNotifying = n.Close
		return n, nil
	case isRedis(c.notify):
		return a.openRedis(c.notify)
	}
	return nil, nil
}

// openRedis makes a Casbin watcher on Redis a notifier, as any other watcher could be.
func (a *app) openRedis(address string) (authz.Notifier, error) {
	options, err := redisOptions(address)
	if err != nil {
		return nil, err
	}
	n, err := watcher.Open(func(callback func(string)) (watcher.Watcher, error) {
		return rediswatcher.NewWatcher(options.Addr, rediswatcher.WatcherOptions{
			Options: *options, Channel: redisChannel, OptionalUpdateCallback: callback,
		})
	})
	if err != nil {
		return nil, fmt.Errorf("the Redis server of -notify can't be used: %w", err)
	}
	a.stopNotifying = n.Close
	return n, nil
}

func redisOptions(address string) (*redis.Options, error) {
	options, err := redis.ParseURL(address)
	if err != nil { // which would repeat the address
		return nil, errors.New("-notify redis://… can't be understood; write redis://USER:PASSWORD@HOST:PORT")
	}
	if options.DialTimeout == 0 {
		options.DialTimeout = 2 * time.Second // several times, and the start waits for it
	}
	return options, nil
}
