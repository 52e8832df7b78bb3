package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

func requestDeclineCommand(p process, out *output) *cobra.Command {
	var s source
	var reason string
	cmd := &cobra.Command{
		Use:   "decline ID --reason TEXT",
		Short: "Decline a request",
		Long: `Decline an open request for a reason, which the user reads. It changes no policy. On a service, the
caller needs rightful.users:view, rightful.groups:view, and the right to update users or to assign
the members of a group. Exit status 3 means that the request was decided before.`,
		Example:           `  rightful request decline --db sqlite:policy.db SDN4JJWLDQJZWCWK5TLFCRVT5S --reason "dana is back on Monday"`,
		Args:              one("request"),
		ValidArgsFunction: s.completing(p, completeRequests, completeNothing),
		RunE: func(cmd *cobra.Command, args []string) error {
			return declineRequest(cmd.Context(), p, out, &s, args[0], reason)
		},
	}
	s.addFlags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`text` that tells the user why")
	return cmd
}

func declineRequest(ctx context.Context, p process, out *output, s *source, id, reason string) error {
	if reason == "" {
		return usageError{errors.New("give the --reason, which the user reads")}
	}
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	r, err := policy.Decline(ctx, id, reason)
	if err != nil {
		return err
	}
	return out.print(r, "Declined the request of %s.", r.User)
}
