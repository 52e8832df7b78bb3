package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// applyFlags are the flags of apply.
type applyFlags struct {
	writeFlags
	replace, yes bool
}

func applyCommand(p process, out *output) *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "apply FOLDER",
		Short: "Apply a seed folder to the policy",
		Long: `Apply the seed in FOLDER to the policy: first its rules and memberships, by an import, then its
groups and their descriptions, by another change. On a terminal, apply shows what would change
and who would gain or lose permissions, and asks before it does anything, unless you add --yes.

The seed is merged: what only the policy has stays. With --replace, rules, memberships and
groups that the seed lacks are removed, except Administrators and its members. Applying the
same seed again changes nothing. Exit status 3 means that someone else changed the policy at
the same time.`,
		Example: `  rightful apply --url https://desk.example/api/v1 --reason "$CI_COMMIT" policy/
  rightful apply --db sqlite:policy.db --replace --dry-run policy/`,
		Args: one("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return apply(cmd.Context(), p, out, &f, args[0])
		},
	}
	f.addFlags(cmd)
	cmd.Flags().BoolVar(&f.replace, "replace", false, "remove what the seed lacks")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "don't ask for confirmation")
	return cmd
}

func apply(ctx context.Context, p process, out *output, f *applyFlags, folder string) error {
	seed, err := readSeedFolder(folder)
	if err != nil {
		return err
	}
	policy, err := f.openFor(ctx, p, seed)
	if err != nil {
		return err
	}
	defer policy.close()
	tellLong(p, len(seed.Policy.Lines), "Comparing %s", plural(len(seed.Policy.Lines), "line"))
	plan, err := policy.plan(ctx, seed, modeOf(f.replace))
	if err != nil {
		return err
	}
	noteCatalog(p, plan)
	if f.dryRun || !plan.Differs {
		return printApplied(out, applied{Plan: plan, DryRun: f.dryRun})
	}
	if p.terminal && !f.yes {
		if err := confirm(ctx, p, policy, seed, plan); err != nil {
			return err
		}
	}
	done, err := policy.carryOut(ctx, seed, plan, f.reason)
	if err != nil {
		return err
	}
	return printApplied(out, done)
}

// confirm shows a plan and asks whether to carry it out. Meanwhile others may change the policy: then what was shown
// may no longer be what would be done.
func confirm(ctx context.Context, p process, policy *policy, seed seedFolder, plan seedPlan) error {
	var text strings.Builder
	writePlan(&text, plan)
	note(p.stderr, "%s", &text)
	if !answersYes(p, fmt.Sprintf("Apply the seed in %s?", plan.summary())) {
		return noError{errors.New("nothing changed")}
	}
	now, err := policy.plan(ctx, seed, plan.Mode)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(now, plan) {
		return conflictError{errors.New("the policy changed before you answered, so the seed would now change something else; run apply again")}
	}
	return nil
}

// applied is the result of apply.
type applied struct {
	Changed   bool               `json:"changed"`
	DryRun    bool               `json:"dry_run,omitempty"`
	Revisions []openapi.Revision `json:"revisions"` // of the changes that were made
	Plan      seedPlan           `json:"plan"`
}

func printApplied(out *output, a applied) error {
	if a.Revisions == nil {
		a.Revisions = []openapi.Revision{}
	}
	var text strings.Builder
	writePlan(&text, a.Plan)
	switch {
	case !a.Plan.Differs:
		note(&text, "Nothing changed.")
	case a.DryRun:
		note(&text, "Dry run: nothing changed. This would take %s.", a.Plan.summary())
	default:
		note(&text, "Done in %s.", revisions(a.Revisions))
	}
	return out.print(a, "%s", &text)
}

func revisions(list []openapi.Revision) string {
	texts := make([]string, len(list))
	for i, r := range list {
		texts[i] = fmt.Sprint(r)
	}
	if len(list) == 1 {
		return "revision " + texts[0]
	}
	return "the revisions " + strings.Join(texts, " and ")
}
