package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"gorm.io/gorm"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/rightful-go/rightful/internal/database"
)

// app is the back office: a host with its own accounts and data, which shares its database with
// Rightful's engine.
type app struct {
	db       *gorm.DB
	engine   *authz.Engine
	users    *users
	sessions sessions
	attempts *limiter
	guarded  *prometheus.CounterVec
	log      *slog.Logger
	handler  http.Handler

	stopNotifying func() error

	password string // of every demo account
}

// newApp opens the database and the notifier of the configuration, and fills new tables. It fails
// if a route has no guard.
func newApp(ctx context.Context, c config, log *slog.Logger) (_ *app, err error) {
	seed, err := policycsv.ReadSeed(c.seed)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(c.dsn)
	if err != nil {
		return nil, err
	}
	a := &app{db: db, users: &users{db: db}, sessions: sessions{db}, attempts: newLimiter(), guarded: newGuarded(), log: log}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	store, err := database.New(ctx, db, gormstore.Options{})
	if err != nil {
		return nil, err
	}
	if store.Unadopted() {
		return nil, errUnadopted
	}
	if err := makeTables(ctx, db); err != nil {
		return nil, err
	}
	notifier, err := a.openNotifier(c)
	if err != nil {
		return nil, err
	}
	a.engine, err = authz.Open(ctx, store, authz.Options{
		Seed: &seed, Directory: a.users, Notifier: notifier, Logger: log,
		Verify: authz.Verification{OneIn: 100}, MaxAge: c.maxAge, Usage: authz.UsageOptions{On: true},
	})
	if err != nil {
		return nil, err
	}
	// On the first start, when the policy equals the seed.
	a.password, err = a.users.prepare(ctx, a.engine.View().Users(authz.UserQuery{}), c.demoPassword, c.hashCost)
	if err != nil {
		return nil, err
	}
	if err := fillDatabase(ctx, db); err != nil {
		return nil, err
	}
	a.reportDrift()
	a.handler, err = a.routes(c)
	return a, err
}

// errUnadopted is why the back office doesn't start on the database of another program.
var errUnadopted = errors.New("-db: another program filled the table casbin_rule of this database, and nothing was written to it; " +
	"rightful adopt --check says what an adoption makes of the rows, and rightful adopt adopts them")

// reportDrift logs whether the policy differs from the seed. It changes nothing.
func (a *app) reportDrift() {
	drift := a.engine.Drift(0)
	if drift.MissingCount+drift.ExtraCount > 0 {
		a.log.Info("the policy differs from the seed", "missing", drift.MissingCount, "extra", drift.ExtraCount)
	}
}

// closeTimeout bounds how long the end waits for changes and denials that are being written.
const closeTimeout = 5 * time.Second

func (a *app) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var err error
	if a.engine != nil {
		err = a.engine.Close(ctx)
	}
	if a.stopNotifying != nil {
		err = errors.Join(err, a.stopNotifying())
	}
	pool, poolErr := a.db.DB()
	if poolErr == nil {
		poolErr = pool.Close()
	}
	if err = errors.Join(err, poolErr); err != nil {
		a.log.Warn("failed to close", "error", err)
	}
}
