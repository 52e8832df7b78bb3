package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("takes no arguments, but got %q", args[0])}
	}
	return nil
}

// one takes exactly one argument.
func one(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("takes one %s, but got %s", what, plural(len(args), "argument"))}
		}
		return nil
	}
}

// atMostOne takes one argument or none.
func atMostOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError{fmt.Errorf("takes at most one %s, but got %d arguments", what, len(args))}
		}
		return nil
	}
}

func oneUser(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("takes the id of one user, but got %d arguments", len(args))}
	}
	return nil
}

func denialOrQuestion(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("takes the id of a denial, or a user and permissions")}
	}
	return nil
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("takes the name of one file, but got %d arguments", len(args))}
	}
	return nil
}
