package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func groupCloneCommand(p process, out *output) *cobra.Command {
	var f writeFlags
	var description string
	cmd := &cobra.Command{
		Use:   "clone NAME NEW",
		Short: "Create a group with the rules of another",
		Long: `Create the group NEW with the description, rules and inheritance of NAME, but without its
members. Add members with rightful group members NEW add.`,
		Example:           `  rightful group clone "Requests desk" "Night desk" --description "Requests at night"`,
		Args:              twoGroups,
		ValidArgsFunction: f.completing(p, completeGroups, completeNothing),
		RunE: func(cmd *cobra.Command, args []string) error {
			return cloneGroup(cmd.Context(), p, out, &f, args[0], args[1], description)
		},
	}
	f.addFlags(cmd)
	cmd.Flags().StringVar(&description, "description", "", "`text` that says what the new group is for (default: the description of NAME)")
	return cmd
}

func twoGroups(_ *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usageError{errors.New("takes two names: the group that exists, and the new name")}
	}
	return nil
}

func cloneGroup(ctx context.Context, p process, out *output, f *writeFlags, name, clone, description string) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	group, _, err := policy.Group(name).Get(ctx)
	if err != nil {
		return err
	}
	rules, _, err := policy.Group(name).Rules(ctx)
	if err != nil {
		return err
	}
	like := openapi.GroupCreate{
		Name: clone, Description: cmp.Or(description, group.Description), Inherits: group.Inherits,
		Permissions: openapi.NewRules{Grants: rules.Grants, Restrictions: rules.Restrictions},
	}
	return f.write(out, policy, func(c *client.Client) error {
		_, _, err := c.CreateGroup(ctx, like)
		return err
	})
}
