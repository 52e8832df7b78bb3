package main

import (
	"context"
	"fmt"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

func bootstrapCommand(p process, out *output) *cobra.Command {
	var w writer
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use:   "bootstrap USER",
		Short: "Make a user an administrator if no administrator can sign in",
		Long: `Add USER to Administrators, as a recorded change. Use it if no administrator can sign in any
more. USER is the id by which the service knows the user. Accounts belong to the service, so
the command can't check that USER has one: if the policy doesn't name USER, perhaps because
of a typo, the command asks first, unless you add --yes.

The change takes effect on every running instance within a second.`,
		Example:           `  rightful bootstrap --db sqlite:policy.db --reason "ana has left" eve`,
		Args:              oneUser,
		ValidArgsFunction: noFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return bootstrap(cmd.Context(), p, out, &w, authz.UserID(args[0]), yes, dryRun)
		},
	}
	w.addFlags(cmd)
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show what would change, and change nothing")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "don't ask about a user that the policy doesn't name")
	return cmd
}

func bootstrap(ctx context.Context, p process, out *output, w *writer, user authz.UserID, yes, dryRun bool) error {
	s, err := w.open(ctx, p)
	if err != nil {
		return err
	}
	defer s.close()
	if dryRun {
		return printBootstrapDue(ctx, out, s, user)
	}
	if !yes && user.Check() == nil && !s.engine.View().User(user).Known && !confirmed(p, user) {
		return noError{fmt.Errorf("nothing changed: the policy doesn't name %q; add --yes if the id is right", user)}
	}
	change, err := s.Bootstrap(ctx, user)
	if err != nil {
		return err
	}
	result := changed{Revision: change.Revision, Changed: change.Revision > 0}
	if !result.Changed {
		return out.print(result, "Nothing changed: %q is an administrator already.", user)
	}
	return out.print(result, "Made %q an administrator in revision %d.", user, change.Revision)
}

func printBootstrapDue(ctx context.Context, out *output, s *session, user authz.UserID) error {
	change, err := s.DryRun().Bootstrap(ctx, user)
	if err != nil {
		return err
	}
	if len(change.Delta.Added) == 0 {
		return out.print(changed{}, "Nothing changed: %q is an administrator already.", user)
	}
	return out.print(changed{}, "Dry run: nothing changed. %q would become an administrator.", user)
}

// confirmed asks whether a user that the policy doesn't name is to be an administrator.
func confirmed(p process, user authz.UserID) bool {
	return answersYes(p, fmt.Sprintf("The policy doesn't name %q. Make this user an administrator anyway?", user))
}

// changed is the result of a command that changes the policy.
type changed struct {
	Changed  bool           `json:"changed"`
	Revision authz.Revision `json:"revision"` // 0 if nothing changed
}
