package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rightful-go/rightful/api/openapi"
)

func diffCommand(p process, out *output) *cobra.Command {
	var s source
	var replace bool
	cmd := withFormats(&cobra.Command{
		Use:   "diff FOLDER",
		Short: "Show how the policy differs from a seed folder",
		Long: `Show what rightful apply FOLDER would change, and who would gain or lose permissions. Only
permissions.csv, groups.csv and policy.csv are read. The catalog belongs to the application:
differences from permissions.csv are shown on stderr, and don't affect the exit status.

What only the policy has is not a difference, unless you add --replace. Exit status 0 means
that nothing differs, 1 that something does.`,
		Example: `  rightful diff --url https://desk.example/api/v1 policy/`,
		Args:    one("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return diff(cmd.Context(), p, out, &s, args[0], replace)
		},
	}, formatCSV)
	s.addFlags(cmd)
	cmd.Flags().BoolVar(&replace, "replace", false, "also show what only the policy has, as a difference")
	return cmd
}

func diff(ctx context.Context, p process, out *output, s *source, folder string, replace bool) error {
	seed, err := readSeedFolder(folder)
	if err != nil {
		return err
	}
	policy, err := s.openFor(ctx, p, seed)
	if err != nil {
		return err
	}
	defer policy.close()
	tellLong(p, len(seed.Policy.Lines), "Comparing %s", plural(len(seed.Policy.Lines), "line"))
	plan, err := policy.plan(ctx, seed, modeOf(replace))
	if err != nil {
		return err
	}
	noteCatalog(p, plan)
	if err := printPlan(out, plan); err != nil || !plan.Differs {
		return err
	}
	return noError{}
}

// openFor opens the policy for a seed.
func (s *source) openFor(ctx context.Context, p process, seed seedFolder) (*policy, error) {
	if err := s.choose(p.getenv); err != nil {
		return nil, err
	}
	s.catalog = seed.catalogOf(s)
	return s.open(ctx, p)
}

func printPlan(out *output, plan seedPlan) error {
	if out.format == formatCSV {
		return plan.table().writeCSV(out.to)
	}
	var text strings.Builder
	writePlan(&text, plan)
	switch {
	case plan.Differs:
		note(&text, "Applying the seed takes %s.", plan.summary())
	case plan.Mode == openapi.ImportModeMerge:
		note(&text, "The policy has everything in the seed. Add --replace to also show what only the policy has.")
	default:
		note(&text, "Nothing differs.")
	}
	return out.print(plan, "%s", &text)
}
