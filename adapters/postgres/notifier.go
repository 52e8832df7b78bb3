package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
)

// NotifierOptions say how a [Notifier] uses its server. The zero value is for a store without a
// prefix.
type NotifierOptions struct {
	// Prefix is that of the store's tables, see [gormstore.Options]. Stores with different
	// prefixes don't wake each other.
	Prefix string

	// Logger is told when notifications are lost and when they are back. The zero stands for
	// [slog.Default].
	Logger *slog.Logger
}

// Notifier is an [authz.Notifier] on PostgreSQL's LISTEN and NOTIFY. It has two
// connections of its own, one that listens and one that publishes: a pool lends connections
// for a moment, and listening never gives one back.
//
// The content of a notification is ignored: every program with access to the database can send
// one, and all it does is to have the engine ask its store.
type Notifier struct {
	config  *pgx.ConnConfig
	channel string
	log     *slog.Logger

	// publishing holds the publishing connection, or nil before there is one. Publish takes the
	// connection out and puts it back. Closing the notifier closes the channel.
	publishing chan *pgx.Conn

	listening atomic.Bool

	keepAlive, patience time.Duration // the constants of these names, but in tests
}

var _ authz.ConnectedNotifier = (*Notifier)(nil)

const (
	// keepAlive is how long the listening connection may be silent before the notifier pings the
	// server, and patience is how long the server has to answer. A silent loss of the connection is
	// noticed after the sum of both.
	keepAlive = 10 * time.Second
	patience  = 5 * time.Second

	// publishPatience is how long a publish may take on the publishing connection, which has no
	// keepalive. If the connection died unnoticed, this time is lost before a new one is opened.
	publishPatience = time.Second

	// publishTimeout bounds Publish, and with it Close, where the context doesn't.
	publishTimeout = 10 * time.Second

	// The pause before another attempt to connect doubles from the first to the last.
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// NewNotifier returns a notifier on the database that the store is in, at an address of the form
// postgres://…. It connects when it first has to and reconnects by itself, so the server need not
// be up yet. The address must lead to the server itself, or to a pooler in session mode: LISTEN
// doesn't work through a pool that lends connections by transaction.
//
// It is an error if the address or the prefix is malformed. Errors never show the address, which
// may have a password in it. Give the notifier to authz.Open in the Options, and close it after
// the engine.
func NewNotifier(address string, o NotifierOptions) (*Notifier, error) {
	tables, err := gormstore.TablesOf(o.Prefix)
	if err != nil {
		return nil, err
	}
	config, err := notifierConfig(address)
	if err != nil {
		return nil, err
	}
	n := &Notifier{
		config:     config,
		channel:    tables.Changes, // of which it gives notice
		log:        o.Logger,
		publishing: make(chan *pgx.Conn, 1),
		keepAlive:  keepAlive,
		patience:   patience,
	}
	if n.log == nil {
		n.log = slog.Default()
	}
	n.publishing <- nil
	return n, nil
}

func notifierConfig(address string) (*pgx.ConnConfig, error) {
	if !addressForm.MatchString(address) {
		return nil, errors.New("the address for notifications isn't of the form postgres://…, " +
			"or has one of @ / ? # in its user or password, where they are written %40 %2F %3F %23")
	}
	config, err := pgx.ParseConfig(address)
	if err != nil { // not repeated, for the password is in it
		return nil, errors.New("the address for notifications, postgres://…, can't be understood")
	}
	if config.ConnectTimeout <= 0 || config.ConnectTimeout > patience {
		config.ConnectTimeout = patience // of each host
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "rightful notifications" // for people who look at pg_stat_activity
	}
	// One round trip, and nothing prepared that a pooler would have to know of.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	return config, nil
}

// Subscribe listens until ctx ends. When the connection is lost it makes another, with pauses
// from a tenth of a second to five seconds, and then hints: something may have happened
// meanwhile. It returns no error but logs each loss, once.
func (n *Notifier) Subscribe(ctx context.Context, hint func()) error {
	pause, lost := firstPause, time.Time{}
	for ctx.Err() == nil {
		began := time.Now()
		err := n.listen(ctx, func() {
			if !lost.IsZero() {
				n.log.Info("notifications by PostgreSQL are back", "after", time.Since(lost))
				lost = time.Time{}
			}
			hint()
		})
		if ctx.Err() == nil && lost.IsZero() {
			lost = time.Now()
			n.log.Warn("notifications by PostgreSQL are lost; polling goes on", "error", err)
		}
		if time.Since(began) > lastPause { // one that soon fails again is no better than none
			pause = firstPause
		}
		// Instances that lost the server together don't come back together.
		wait(ctx, pause/2+rand.N(pause/2)) //nolint:gosec // G404: no secret, it spreads the load
		pause = min(2*pause, lastPause)
	}
	return nil
}

// Connected reports whether the notifier listens. It takes up to 15 seconds to notice that a server has gone
// without a word.
func (n *Notifier) Connected() bool { return n.listening.Load() }

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// listen hints as soon as it listens and with each notification, until the connection or ctx
// ends.
func (n *Notifier) listen(ctx context.Context, hint func()) error {
	conn, err := pgx.ConnectConfig(ctx, n.config)
	if err != nil {
		return err
	}
	defer hangUp(conn)
	if err := bounded(ctx, n.patience, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{n.channel}.Sanitize())
		return err
	}); err != nil {
		return err
	}
	n.listening.Store(true)
	defer n.listening.Store(false)
	for {
		hint()
		if err := n.await(ctx, conn); err != nil {
			return err
		}
	}
}

// await returns nil on a notification. A server that is silent is asked whether it is there.
func (n *Notifier) await(ctx context.Context, conn *pgx.Conn) error {
	for {
		err := bounded(ctx, n.keepAlive, func(ctx context.Context) error {
			_, err := conn.WaitForNotification(ctx)
			return err
		})
		if err == nil || ctx.Err() != nil || !pgconn.Timeout(err) {
			return err
		}
		if err := bounded(ctx, n.patience, conn.Ping); err != nil {
			return fmt.Errorf("the server no longer answers: %w", err)
		}
	}
}

// Publish notifies all instances that listen, this one included, which costs it one question to
// the store. It takes ten seconds at most, less where ctx ends.
func (n *Notifier) Publish(ctx context.Context, r authz.Revision) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	var conn *pgx.Conn
	var open bool
	select {
	case conn, open = <-n.publishing:
		if !open {
			return errors.New("the notifier is closed")
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { n.publishing <- conn }()

	if conn != nil && bounded(ctx, publishPatience, n.notify(conn, r)) == nil {
		return nil
	}
	hangUp(conn)
	if conn, err = pgx.ConnectConfig(ctx, n.config); err != nil {
		return err
	}
	return n.notify(conn, r)(ctx)
}

// notify sends the revision along for people who watch with psql; nothing relies on it.
func (n *Notifier) notify(conn *pgx.Conn, r authz.Revision) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "SELECT pg_notify($1, $2)", n.channel, fmt.Sprint(r))
		return err
	}
}

// Close ends what publishes. What listens ends with the context of Subscribe. Close the engine
// first.
func (n *Notifier) Close() error {
	conn, open := <-n.publishing
	if open {
		close(n.publishing)
		hangUp(conn)
	}
	return nil
}

// bounded calls do with a context that ends after d at the latest.
func bounded(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return do(ctx)
}

// hangUp closes a connection, if there is one.
func hangUp(conn *pgx.Conn) {
	if conn != nil {
		_ = bounded(context.Background(), publishPatience, conn.Close)
	}
}
