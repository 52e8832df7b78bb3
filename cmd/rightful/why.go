package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

func whyCommand(p process, out *output) *cobra.Command {
	var s service
	cmd := &cobra.Command{
		Use:   "why {DENIAL | USER PERMISSION...}",
		Short: "Explain why a user was denied",
		Long: `Ask a running service why a user was denied and what would let them in, best fix first.
DENIAL is the denial_id that a 403 shows. Without one, name a user and permissions.

The caller, whose token is in RIGHTFUL_TOKEN, needs rightful.users:view and
rightful.groups:view. Exit status 0 means that the service answered, whatever the answer.`,
		Example: `  rightful why --url https://desk.example/api/v1 NVR3WHMMZUNJBKZGERSVCT74PO
  rightful why --url https://desk.example/api/v1 cleo finance.operations:create`,
		Args:              denialOrQuestion,
		ValidArgsFunction: noFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return why(cmd.Context(), p, out, s, args)
		},
	}
	s.addFlag(cmd)
	return cmd
}

func why(ctx context.Context, p process, out *output, s service, args []string) error {
	c, err := s.open(p.getenv)
	if err != nil {
		return err
	}
	var text strings.Builder
	user, permissions := args[0], args[1:]
	if len(permissions) == 0 {
		denial, err := c.Denial(ctx, args[0])
		if err != nil {
			return err
		}
		note(&text, "%s was denied %s %s at %s.\n", denial.User, denial.Method, denial.Route, denial.At.UTC().Format("2006-01-02 15:04:05 UTC"))
		user, permissions = denial.User, denial.Required
	}
	x, err := c.User(user).Explain(ctx, 0, permissions...)
	if err != nil {
		return err
	}
	writeExplanation(&text, x)
	return out.print(x, "%s", strings.TrimSuffix(text.String(), "\n"))
}
