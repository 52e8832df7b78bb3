// Command backoffice is a broker's back office that uses Rightful. It has its own accounts and
// sessions; guarded routes for requests, profiles, operations, balances and settings; the
// administrators' REST interface at /api/v1; and AuthZEN for other services. It is an example of a
// host and a place to experiment. All accounts have the same demo password, so it listens only on
// the loopback.
//
// Start reading in app.go, which wires the parts together, and routes.go, which lists the
// permissions that each route requires.
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

// run serves until ctx ends. It writes the welcome text to out and the log to logs.
func run(ctx context.Context, args []string, getenv func(string) string, out, logs io.Writer) error {
	c, err := readConfig(args, getenv, logs)
	if err != nil {
		return err
	}
	// Check the address before anything is opened or written.
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
