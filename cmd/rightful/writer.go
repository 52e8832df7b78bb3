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

// writer is what commands that change the policy have in common.
type writer struct {
	db     databaseFlags
	key    recordKey
	reason string
}

func (w *writer) addFlags(cmd *cobra.Command) {
	w.db.addFlags(cmd)
	w.key.addFlag(cmd)
	cmd.Flags().StringVar(&w.reason, "reason", "", "`text` that says why, for the record")
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
	key, err := w.key.read()
	if err != nil {
		return nil, err
	}
	store, err := w.db.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkKey(ctx, store, key); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	engine, err := authz.Open(ctx, store, authz.Options{RecordKey: key, Logger: log})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &session{engine.AsCommand(account()).Because(w.reason), engine, store}, nil
}

// closeTimeout bounds how long a command waits at its end for a store that doesn't answer.
const closeTimeout = 5 * time.Second

func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_, _ = s.engine.Close(ctx), s.store.Close()
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
