// Command rightful is for the operators of a Rightful service. It creates the tables, adopts those
// that plain Casbin filled, verifies the audit log, brings back an administrator, removes bad rows and explains denials:
//
//	rightful migrate --db postgres://… [--print]
//	rightful adopt --db postgres://… [--check] [--model FILE] [--copy PREFIX]
//	rightful audit verify --db postgres://… [--record-key FILE] [--head REVISION:HASH]... [--archive FILE]...
//	rightful audit archive --db postgres://… [--record-key FILE] [--keep N] FILE
//	rightful bootstrap --db postgres://… USER
//	rightful repair --db postgres://… [ROW...]
//	rightful rename-permission --db postgres://… OLD NEW
//	rightful status --url https://…/api/v1
//	rightful why --url https://…/api/v1 DENIAL
//	rightful why --url https://…/api/v1 USER PERMISSION...
//
// RIGHTFUL_DB stands in for --db, RIGHTFUL_URL for --url. The token of a service comes from
// RIGHTFUL_TOKEN alone. Start reading at [run]; each command is in the file of its name.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/mattn/go-isatty"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], process{os.Stdin, os.Stdout, os.Stderr, os.Getenv, isTerminal(os.Stdin) && isTerminal(os.Stderr)})
	stop()
	os.Exit(status)
}

func isTerminal(f *os.File) bool { return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()) }
