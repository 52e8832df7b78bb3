package main

import (
	"context"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

func bootstrapCommand(p process, out *output) *cobra.Command {
	var w writer
	cmd := &cobra.Command{
		Use:   "bootstrap USER",
		Short: "Make a user an administrator",
		Long: `Add USER to Administrators, as a recorded change: the way back in if no administrator can
sign in any more. USER is the id by which the service knows the user. The command does not
check that such a user exists: accounts belong to the service, not to the policy.

The change takes effect on every running instance within a second.`,
		Example:           `  rightful bootstrap --db sqlite:policy.db --reason "ana has left" eve`,
		Args:              oneUser,
		ValidArgsFunction: noFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return bootstrap(cmd.Context(), p, out, &w, authz.UserID(args[0]))
		},
	}
	w.addFlags(cmd)
	return cmd
}

func bootstrap(ctx context.Context, p process, out *output, w *writer, user authz.UserID) error {
	s, err := w.open(ctx, p)
	if err != nil {
		return err
	}
	defer s.close()
	change, err := s.Bootstrap(ctx, user)
	if err != nil {
		return err
	}
	result := changed{Revision: change.Revision, Changed: change.Revision > 0}
	if !result.Changed {
		return out.print(result, "Nothing changed: %q is an administrator already.", user)
	}
	return out.print(result, "%q is an administrator since revision %d.", user, change.Revision)
}

// changed is the result of a command that changes the policy.
type changed struct {
	Changed  bool           `json:"changed"`
	Revision authz.Revision `json:"revision"` // 0 if nothing changed
}
