// Command backoffice is a broker's back office that runs on Rightful: accounts and sessions of
// its own, requests, profiles, operations, balances and settings behind the guard, and the
// administrators' REST interface at /api/v1, and AuthZEN for other services. It is an example of a host, and a place to try
// things: every account has the same demo password, so it serves this machine alone.
//
// Start reading in app.go, which puts the parts together, and routes.go, which says what each
// route needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "backoffice:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. What to try goes to out, the log to logs.
func run(ctx context.Context, args []string, getenv func(string) string, out, logs io.Writer) error {
	c, err := readConfig(args, getenv, logs)
	if err != nil {
		return err
	}
	// The address is looked at before anything is opened or written.
	address, err := loopback(ctx, c.addr)
	if err != nil {
		return err
	}
	c.identifier = identifierOf(address)
	log := slog.New(slog.NewTextHandler(logs, nil))
	a, err := newApp(ctx, c, log)
	if err != nil {
		return err
	}
	defer a.close()
	return a.serve(ctx, address, out)
}
