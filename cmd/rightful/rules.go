package main

import (
	"context"
	"errors"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// groupRuleCommands are the commands that add and remove rules of a group.
func groupRuleCommands(p process, out *output) []*cobra.Command {
	return []*cobra.Command{
		groupRuleCommand(p, out, "grant", "Grant permissions to a group",
			func(list []string) openapi.RulesDelta { return openapi.RulesDelta{Grant: list} }),
		groupRuleCommand(p, out, "revoke", "Remove grants from a group",
			func(list []string) openapi.RulesDelta { return openapi.RulesDelta{Revoke: list} }),
		groupRuleCommand(p, out, "restrict", "Forbid permissions to a group, whatever grants them",
			func(list []string) openapi.RulesDelta { return openapi.RulesDelta{Restrict: list} }),
		groupRuleCommand(p, out, "lift", "Remove restrictions from a group",
			func(list []string) openapi.RulesDelta { return openapi.RulesDelta{Lift: list} }),
	}
}

func groupRuleCommand(p process, out *output, verb, short string, delta func([]string) openapi.RulesDelta) *cobra.Command {
	var f writeFlags
	cmd := &cobra.Command{
		Use:   verb + " NAME PERMISSION...",
		Short: short,
		Long: short + `, in one change. A permission can be a pattern, such as "finance.*:*". What
holds already is no error.`,
		Example:           "  rightful group " + verb + ` Compliance finance.reports:export --reason "quarterly review"`,
		Args:              groupAndPermissions,
		ValidArgsFunction: f.completing(p, completeGroups, completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeRules(cmd.Context(), p, out, &f, args[0], delta(args[1:]))
		},
	}
	f.addFlags(cmd)
	return cmd
}

func groupAndPermissions(_ *cobra.Command, args []string) error {
	if len(args) < 2 {
		return usageError{errors.New("takes a group and one or more permissions")}
	}
	return nil
}

func changeRules(ctx context.Context, p process, out *output, f *writeFlags, name string, delta openapi.RulesDelta) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	return f.write(out, policy, func(c *client.Client) error {
		_, _, err := c.Group(name).ChangeRules(ctx, delta)
		return err
	})
}
