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
		Long: `Decline an open request, with a reason for the user to read. The policy doesn't change. On a
service, you need rightful.users:view, rightful.groups:view, and either rightful.users:update or
the right to assign the members of a group. Exit status 3 means that the request was decided
already.`,
		Example:           `  rightful request decline --db sqlite:policy.db SDN4JJWLDQJZWCWK5TLFCRVT5S --reason "dana is back on Monday"`,
		Args:              one("request"),
		ValidArgsFunction: s.completing(p, completeRequests, completeNothing),
		RunE: func(cmd *cobra.Command, args []string) error {
			return declineRequest(cmd.Context(), p, out, &s, args[0], reason)
		},
	}
	s.addFlags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`text` that says why; the user reads it (required)")
	return cmd
}

func declineRequest(ctx context.Context, p process, out *output, s *source, id, reason string) error {
	if reason == "" {
		return usageError{errors.New("--reason is required: the user reads it")}
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
