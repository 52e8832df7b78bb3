package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// process is what a command sees of the operating system.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer // the result goes to stdout, everything else to stderr
	getenv         func(string) string
	terminal       bool // a person sits at stdin and stderr, and can be asked
}

// run runs one command line, without the name of the program, and returns the exit status.
func run(ctx context.Context, args []string, p process) int {
	if args == nil {
		args = []string{} // cobra reads os.Args in place of nil
	}
	p.stderr = newPlainText(p.stderr)
	root := rootCommand(p)
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if silent(err) {
		return statusOf(err)
	}
	note(p.stderr, "%s: %s\n", cmd.CommandPath(), message(err))
	if errors.As(err, new(usageError)) {
		note(p.stderr, "Run '%s --help' for usage.\n", cmd.CommandPath())
	}
	return statusOf(err)
}

// note writes for people. If stderr is gone, no one is left to tell.
func note(to io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(to, format, args...) }
