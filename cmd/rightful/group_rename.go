package main

import (
	"context"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func groupRenameCommand(p process, out *output) *cobra.Command {
	var f writeFlags
	cmd := &cobra.Command{
		Use:   "rename NAME NEW",
		Short: "Rename a group",
		Long: `Give a group another name. Its rules, its members, and the groups that inherit it stay. So do
the rights to assign its members.`,
		Example:           `  rightful group rename "Requests desk" "Client desk" --reason "the department was renamed"`,
		Args:              twoGroups,
		ValidArgsFunction: f.completing(p, completeGroups, completeNothing),
		RunE: func(cmd *cobra.Command, args []string) error {
			return renameGroup(cmd.Context(), p, out, &f, args[0], args[1])
		},
	}
	f.addFlags(cmd)
	return cmd
}

func renameGroup(ctx context.Context, p process, out *output, f *writeFlags, name, to string) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	_, version, err := policy.Group(name).Get(ctx)
	if err != nil {
		return err
	}
	return f.write(out, policy, func(c *client.Client) error {
		_, _, err := c.Group(name).Update(ctx, version, openapi.GroupPatch{Name: openapi.Set(to)})
		return err
	})
}
