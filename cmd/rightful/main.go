// Command rightful asks and changes the policy of a Rightful service: on its database, or through the service. The
// page docs/command.md says what it is good for, with examples:
//
//	rightful can | why | who-can | user | matrix        who may do what, and why
//	rightful request …                                 ask for access, and decide about it
//	rightful group … | import | export                  change it
//	rightful diff | apply | test | catalog lint         keep it like code
//	rightful audit … | doctor | status                  watch over it
//	rightful migrate | adopt | bootstrap | repair …     look after its database
//
// Start reading at [run]; each command is in the file of its name. [source] opens the policy: whatever the way, the
// code of the REST interface answers, through a client of it, so that the ways can't disagree. What only a database
// can do goes through a [session].
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
