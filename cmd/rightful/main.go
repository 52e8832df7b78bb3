// Command rightful looks after a policy for whoever has the machine: it makes the tables, holds
// the records against them, and is the way back in when nobody is an administrator any more.
//
//	rightful migrate -db postgres://… [-print]
//	rightful audit verify -db postgres://… [-record-key FILE] [-head REVISION:HASH]…
//	rightful bootstrap -db postgres://… USER
//	rightful repair -db postgres://… [ID…]
//	rightful why -url https://…/api/v1 DENIAL, or USER PERMISSION…
//
// It ends with 0 when all is well, with 1 when it isn't, and with 2 when it was called wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], environment{os.Getenv, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// environment is what a command has of the world.
type environment struct {
	getenv   func(string) string
	out, err io.Writer
}

// command is one that someone can call.
type command struct {
	name, takes, does string
	run               func(context.Context, *call) error
	flags             func(*call) // those that not every command has
	remote            bool        // asks a running service, and no database
}

var commands = []command{
	{"migrate", "", "make the tables, or bring them to the version that this program knows", migrate, (*call).migrateFlags, false},
	{"audit verify", "", "replay the records and hold them against the tables", verify, (*call).auditFlags, false},
	{"bootstrap", "USER", "make USER an administrator, on record", bootstrap, (*call).writeFlags, false},
	{"repair", "[ID…]", "take rows out of the policy table that can't be understood, on record", repair, (*call).writeFlags, false},
	{"why", "DENIAL | USER PERMISSION…", "say why someone was refused, by the id of the denial, and what would help", why, (*call).remoteFlags, true},
}

const (
	succeeded = iota
	failed
	misused
)

// misuse is an error of whoever called the command.
type misuse struct{ error }

func run(ctx context.Context, args []string, env environment) int {
	c, rest, ok := find(args)
	if !ok {
		usage(env.err, args)
		if len(args) > 0 && isHelp(args[0]) {
			return succeeded
		}
		return misused
	}
	call := &call{environment: env}
	err := call.parse(c, rest)
	if err == nil {
		err = c.run(ctx, call)
	}
	var wrong misuse
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return succeeded
	case errors.As(err, &wrong):
		tell(env.err, "rightful %s: %v\n", c.name, err)
		return misused
	}
	tell(env.err, "rightful %s: %v\n", c.name, err)
	return failed
}

func find(args []string) (c command, rest []string, ok bool) {
	for _, c := range commands {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == c.name {
			return c, args[len(words):], true
		}
	}
	return command{}, nil, false
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}

// tell writes for people. Where nobody reads it, there is nobody to tell of that either.
func tell(to io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(to, format, args...) }

func usage(to io.Writer, args []string) {
	if len(args) > 0 && !isHelp(args[0]) {
		tell(to, "rightful: there is no command %q.\n\n", strings.Join(args[:min(len(args), 2)], " "))
	}
	tell(to, "Usage: rightful COMMAND [flags] [arguments]\n")
	for _, c := range commands {
		tell(to, "  %-32s %s\n", strings.TrimSpace(c.name+" "+c.takes), c.does)
	}
	tell(to, "\nrightful COMMAND -h lists the flags of a command.\n")
}
