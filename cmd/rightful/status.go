package main

import (
	"context"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func statusCommand(p process, out *output) *cobra.Command {
	var s source
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the revision of the policy, and problems with it",
		Long: `Show the revision of the policy and when it was last confirmed. With rightful.changes:view, also
show whether the store can be reached, bad rows, rules for undeclared permissions, and drift from
the seed. With --db, there is no seed, and a catalog only with --catalog. rightful doctor also
says what to do about problems.

Exit status 0 means that there is no problem. It is 1 if the store can't be reached, or if there
are bad rows or rules for undeclared permissions.`,
		Example: `  rightful status --url https://desk.example/api/v1`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return status(cmd.Context(), p, out, &s)
		},
	}
	s.addFlags(cmd)
	return cmd
}

func status(ctx context.Context, p process, out *output, s *source) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	now, err := policy.Status(ctx)
	if err != nil {
		return err
	}
	var text strings.Builder
	problem := writeStatus(&text, now)
	if err := out.print(now, "%s", strings.TrimSuffix(text.String(), "\n")); err != nil || !problem {
		return err
	}
	return noError{}
}

// writeStatus writes a status for people and reports whether it shows a problem.
func writeStatus(text *strings.Builder, now openapi.Status) (problem bool) {
	note(text, "Revision %d, confirmed %.1f seconds ago.\n", now.Revision, now.AgeSeconds)
	if now.Store == nil {
		note(text, "With rightful.changes:view, you would also see the store, bad rows and drift.\n")
		return false
	}
	if now.Store.State != openapi.StoreStatusStateOK {
		problem = true
		note(text, "The store can't be reached: %s\n", now.Store.Detail)
	}
	if n := now.BadRows.Count; n > 0 {
		problem = true
		note(text, "%s in the policy table; see rightful repair.\n", plural(n, "bad row"))
	}
	if n := now.Undeclared.Count; n > 0 {
		problem = true
		note(text, "%s for undeclared permissions; see rightful rename-permission:\n", plural(n, "rule"))
		for _, r := range now.Undeclared.Items {
			note(text, "  %s of %s: %s\n", r.Rule, r.Subject, r.Pattern)
		}
	}
	if now.Drift.MissingCount+now.Drift.ExtraCount > 0 {
		note(text, "The seed has %s that the policy lacks, and lacks %d that the policy has.\n", plural(now.Drift.MissingCount, "rule"), now.Drift.ExtraCount)
	}
	return problem
}
