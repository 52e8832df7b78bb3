package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func whyCommand(p process, out *output) *cobra.Command {
	var s source
	cmd := &cobra.Command{
		Use:   "why {DENIAL | USER PERMISSION...}",
		Short: "Explain a decision, and list fixes for a denial",
		Long: `Explain which rules allow a user something, or why it is denied, with the fixes that would allow
it, best first. Name either the denial_id of a 403 as DENIAL, or a user and permissions.

On a service, you need rightful.users:view and rightful.groups:view. Exit status 0 means that the
decision was explained, whether it is yes or no. Use rightful can to get the decision as exit
status.`,
		Example: `  rightful why --url https://desk.example/api/v1 NVR3WHMMZUNJBKZGERSVCT74PO
  rightful why --db sqlite:policy.db cleo finance.operations:create`,
		Args:              denialOrQuestion,
		ValidArgsFunction: s.completing(p, completeUsers, completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return why(cmd.Context(), p, out, &s, args)
		},
	}
	s.addFlags(cmd)
	s.addSeedFlag(cmd)
	return cmd
}

func why(ctx context.Context, p process, out *output, s *source, args []string) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	var text strings.Builder
	user, permissions := args[0], args[1:]
	if len(permissions) == 0 {
		denial, err := policy.Denial(ctx, args[0])
		if client.Is(err, openapi.ProblemTypeForbidden) {
			return fmt.Errorf("%w\nIf it is your own denial, ask for access: rightful request ask --denial %s", err, args[0])
		}
		if err != nil {
			return err
		}
		writeDenial(&text, denial)
		user, permissions = denial.User, denial.Required
	}
	x, err := policy.explain(ctx, user, permissions)
	if err != nil {
		return err
	}
	writeExplanation(&text, x)
	return out.print(x, "%s", strings.TrimSuffix(text.String(), "\n"))
}

func writeDenial(text *strings.Builder, d openapi.Denial) {
	note(text, "%s was denied %s %s at %s.\n", d.User, d.Method, d.Route, d.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	if d.OneIsEnough && len(d.Required) > 1 {
		note(text, "Any one of these permissions would have been enough.\n")
	}
}
