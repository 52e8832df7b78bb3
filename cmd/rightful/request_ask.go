package main

import (
	"context"
	"errors"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func requestAskCommand(p process, out *output) *cobra.Command {
	var s signedIn
	var ask openapi.AccessRequestInput
	var end endFlag
	cmd := &cobra.Command{
		Use:   "ask {PERMISSION... | --denial ID}",
		Short: "Ask for access for yourself",
		Long: `Ask for permissions, or with --denial for everything that a refused request required; ID is the
denial_id of the 403. The access is for the owner of the token, so this works only on a service.
If you have an open request for the same permissions already, the command shows that one.`,
		Example: `  rightful request ask --url https://desk.example/api/v1 finance.operations:create --reason "covers for dana"
  rightful request ask --denial NVR3WHMMZUNJBKZGERSVCT74PO --until 2026-12-01T00:00:00Z`,
		ValidArgsFunction: s.completing(p, completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask.Permissions = args
			if end.given && !end.end.IsZero() {
				ask.Until = end.end.UTC().Format(rfc3339Micro)
			}
			return askForAccess(cmd.Context(), p, out, &s, ask)
		},
	}
	s.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&ask.DenialID, "denial", "", "`id` of a denial, in place of permissions")
	flags.StringVar(&ask.Reason, "reason", "", "`text` that says why; those who decide read it")
	flags.Var(&end, "until", "`time` (RFC 3339) at which the access should end, or never")
	return cmd
}

// rfc3339Micro is how a time is sent, as precise as it is kept.
const rfc3339Micro = "2006-01-02T15:04:05.999999Z07:00"

func askForAccess(ctx context.Context, p process, out *output, s *signedIn, ask openapi.AccessRequestInput) error {
	switch {
	case len(ask.Permissions) == 0 && ask.DenialID == "":
		return usageError{errors.New("takes one or more permissions, or --denial with an id")}
	case len(ask.Permissions) > 0 && ask.DenialID != "":
		return usageError{errors.New("--denial and permissions can't be combined: use one of them")}
	}
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	r, err := policy.Ask(ctx, ask)
	if err != nil {
		return err
	}
	return out.print(r, "Request %s is open until %s.", r.ID, r.ExpiresAt.Local().Format(moment))
}
