package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/user"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

// writer is what commands that change the policy in a database alone have in common.
type writer struct {
	db     databaseFlags
	key    recordKey
	reason string
}

func (w *writer) addFlags(cmd *cobra.Command) {
	w.db.addFlags(cmd)
	w.key.addFlag(cmd)
	addReasonFlag(cmd, &w.reason)
}

func addReasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "`text` that says why; it is recorded with the change")
}

// session is an open policy and the right to change it.
type session struct {
	authz.Admin
	engine *authz.Engine
	store  closableStore
}

// open opens the policy. Changes are recorded as made by this command, by the account that runs it.
func (w *writer) open(ctx context.Context, p process) (*session, error) {
	if err := w.db.complete(p.getenv); err != nil {
		return nil, err
	}
	s, err := openSession(ctx, &w.db, w.key, authz.Options{Logger: slog.New(slog.NewTextHandler(p.stderr, nil))})
	if err != nil {
		return nil, err
	}
	s.Admin = s.Because(w.reason)
	return s, nil
}

// keepRequestsFor is more than any service: how long decided access requests are kept is up to the service.
const keepRequestsFor = 100 * 365 * 24 * time.Hour

// openSession opens the policy of a database as an instance of the service does: it records foreign writes.
func openSession(ctx context.Context, db *databaseFlags, keyFile recordKey, o authz.Options) (*session, error) {
	key, err := keyFile.read()
	if err != nil {
		return nil, err
	}
	store, err := db.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkKey(ctx, store, key); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	o.RecordKey = key
	o.Requests.KeepFor = keepRequestsFor
	engine, err := authz.Open(ctx, store, o)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &session{engine.AsCommand(account()), engine, store}, nil
}

// warnings is a log of what needs attention. The result of a command says the rest.
func warnings(p process) *slog.Logger {
	return slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// closeTimeout bounds how long a command waits at its end for a store that doesn't answer.
const closeTimeout = 5 * time.Second

func closeEngine(engine *authz.Engine) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = engine.Close(ctx)
}

func (s *session) close() {
	closeEngine(s.engine)
	_ = s.store.Close()
}

// account names the account that runs the command, for the record.
func account() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}
