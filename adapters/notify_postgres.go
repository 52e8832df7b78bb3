package adapters

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rightful-go/rightful/authz"
)

// PostgresNotifierOptions say how a [PostgresNotifier] uses its server.
type PostgresNotifierOptions struct {
	// Prefix is that of the store's tables, see [GormOptions]. Stores with different prefixes
	// don't wake each other.
	Prefix string

	// Logger is told when notifications are lost and when they are back. Without one,
	// [slog.Default].
	Logger *slog.Logger
}

// PostgresNotifier is an [authz.Notifier] on PostgreSQL's LISTEN and NOTIFY. It has two
// connections of its own, one that listens and one that publishes: a pool lends connections
// for a moment, and listening takes one for good.
//
// What a notification says is never looked at. Whoever may connect to the database can send
// one, and all it does is to have the engine ask its store.
type PostgresNotifier struct {
	config  *pgx.ConnConfig
	channel string
	log     *slog.Logger

	// publishing holds the connection that publishes, nil while there is none. Who takes it
	// has the turn. It is closed with the notifier.
	publishing chan *pgx.Conn

	keepAlive, patience time.Duration // postgresKeepAlive and postgresPatience
}

var _ authz.Notifier = (*PostgresNotifier)(nil)

const (
	// postgresKeepAlive is how long the connection that listens may be silent before the
	// server is asked whether it is still there, and postgresPatience how long it has to
	// answer: a server that vanished without a word is noticed after the sum of both.
	postgresKeepAlive = 10 * time.Second
	postgresPatience  = 5 * time.Second

	// publishPatience is how long the connection that publishes may take, which nobody keeps
	// alive. If it died unnoticed this is lost time, and a new one is made.
	publishPatience = time.Second

	// postgresPublishing bounds Publish, and with it Close, where the context doesn't.
	postgresPublishing = 10 * time.Second

	// The pause before another attempt to connect doubles from the first to the last.
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// NewPostgresNotifier returns a notifier on the server at an address of the form
// postgres://…, which is the database that the store is in. It connects when it is needed and
// again whenever the connection is lost, so the server needn't be there yet. The address must
// lead to the server itself, or to a pooler that leaves a connection to its client for as
// long as it lasts: LISTEN doesn't work through pools that hand over connections by
// transaction.
//
// Errors say nothing of the address, as it may have a password in it.
func NewPostgresNotifier(dsn string, o PostgresNotifierOptions) (*PostgresNotifier, error) {
	if err := checkPrefix(o.Prefix); err != nil {
		return nil, err
	}
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	n := &PostgresNotifier{
		config:     config,
		channel:    tablesOf(o.Prefix).changes, // of which it gives notice
		log:        o.Logger,
		publishing: make(chan *pgx.Conn, 1),
		keepAlive:  postgresKeepAlive,
		patience:   postgresPatience,
	}
	if n.log == nil {
		n.log = slog.Default()
	}
	n.publishing <- nil
	return n, nil
}

// postgresForm keeps parts of a password from being taken for a host or a database, which
// errors name: all before the last @ is user and password.
var postgresForm = regexp.MustCompile(`^postgres(ql)?://([^@/?#]*@)?[^@]*$`)

func postgresConfig(dsn string) (*pgx.ConnConfig, error) {
	if !postgresForm.MatchString(dsn) {
		return nil, errors.New("the address for notifications isn't of the form postgres://…, " +
			"or has one of @ / ? # in its user or password, where they are written %40 %2F %3F %23")
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // not repeated, for the password is in it
		return nil, errors.New("the address for notifications, postgres://…, can't be understood")
	}
	if config.ConnectTimeout <= 0 || config.ConnectTimeout > postgresPatience {
		config.ConnectTimeout = postgresPatience // of each host
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "rightful notifications" // for whoever looks at pg_stat_activity
	}
	// One round trip, and nothing prepared that a pooler would have to know of.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	return config, nil
}

// Subscribe listens until ctx ends. When the connection is lost it makes another, with pauses
// from a tenth of a second to five seconds, and then hints: something may have happened
// meanwhile. It returns no error but logs each loss, once.
func (n *PostgresNotifier) Subscribe(ctx context.Context, hint func()) error {
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

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// listen hints as soon as it listens and with each notification, until the connection or ctx
// ends.
func (n *PostgresNotifier) listen(ctx context.Context, hint func()) error {
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
	for {
		hint()
		if err := n.await(ctx, conn); err != nil {
			return err
		}
	}
}

// await returns nil on a notification. A server that is silent is asked whether it is there.
func (n *PostgresNotifier) await(ctx context.Context, conn *pgx.Conn) error {
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

// Publish notifies all who listen, the own instance too, for which it is one question more.
// It takes ten seconds at most.
func (n *PostgresNotifier) Publish(ctx context.Context, r authz.Revision) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, postgresPublishing)
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

// notify sends the revision along for whoever watches with psql; nothing relies on it.
func (n *PostgresNotifier) notify(conn *pgx.Conn, r authz.Revision) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "SELECT pg_notify($1, $2)", n.channel, fmt.Sprint(r))
		return err
	}
}

// Close ends what publishes. What listens ends with the context of Subscribe. Close the engine
// first.
func (n *PostgresNotifier) Close() error {
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

// hangUp says goodbye, as far as there is someone to say it to.
func hangUp(conn *pgx.Conn) {
	if conn != nil {
		_ = bounded(context.Background(), publishPatience, conn.Close)
	}
}
