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

// The values of -notify besides the address of a Redis server.
const (
	notifyPoll     = "poll"
	notifyPostgres = "postgres"
)

// redisChannel is the channel of all instances of one policy. Another policy needs another channel.
const redisChannel = "rightful_changes"

// checkNotify checks -notify. Its errors never repeat an address, which may contain a password.
func checkNotify(c config) error {
	switch {
	case c.notify == notifyPoll:
		return nil
	case c.notify == notifyPostgres:
		if !isPostgres(c.dsn) {
			return errors.New("-notify postgres requires a PostgreSQL database: " +
				"set -db postgres://…, or omit -notify")
		}
		return nil
	case isRedis(c.notify):
		_, err := redisOptions(c.notify)
		return err
	}
	return errors.New("-notify must be one of poll, postgres or redis://…")
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

func isRedis(notify string) bool {
	return strings.HasPrefix(notify, "redis://") || strings.HasPrefix(notify, "rediss://")
}

// openNotifier returns the notifier of -notify, or nil for poll.
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

// openRedis turns Casbin's Redis watcher into a notifier. Any other watcher would work too.
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
		return nil, fmt.Errorf("connect to the Redis server of -notify: %w", err)
	}
	a.stopNotifying = n.Close
	return n, nil
}

func redisOptions(address string) (*redis.Options, error) {
	options, err := redis.ParseURL(address)
	if err != nil { // it would repeat the address
		return nil, errors.New("-notify redis://… is malformed; write redis://USER:PASSWORD@HOST:PORT")
	}
	if options.DialTimeout == 0 {
		options.DialTimeout = 2 * time.Second // the client retries, and the start waits for it
	}
	return options, nil
}
