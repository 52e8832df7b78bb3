package main

import (
	"context"

	"github.com/spf13/cobra"
)

func requestWithdrawCommand(p process, out *output) *cobra.Command {
	var s signedIn
	cmd := &cobra.Command{
		Use:   "withdraw ID",
		Short: "Withdraw one of your own requests",
		Long: `Withdraw an open request of yours. You are the owner of the token, so this works only on a
service. Exit status 3 means that the request was decided already.`,
		Example:           `  rightful request withdraw --url https://desk.example/api/v1 SDN4JJWLDQJZWCWK5TLFCRVT5S`,
		Args:              one("request"),
		ValidArgsFunction: s.completing(p, completeOwnRequests, completeNothing),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withdrawRequest(cmd.Context(), p, out, &s, args[0])
		},
	}
	s.addFlags(cmd)
	return cmd
}

func withdrawRequest(ctx context.Context, p process, out *output, s *signedIn, id string) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	if err := policy.Withdraw(ctx, id); err != nil {
		return err
	}
	r, err := policy.MyRequest(ctx, id)
	if err != nil {
		return err
	}
	return out.print(r, "Withdrew the request.")
}
