package main

import (
	"context"
	"fmt"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func groupDeleteCommand(p process, out *output) *cobra.Command {
	var f writeFlags
	var release bool
	cmd := &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a group",
		Long: `Delete a group with its rules. If the group has members, --release is required. A group that
other groups inherit can't be deleted.`,
		Example:           `  rightful group delete "Night desk" --release --dry-run`,
		Args:              one("group"),
		ValidArgsFunction: f.completing(p, completeGroups, completeNothing),
		RunE: func(cmd *cobra.Command, args []string) error {
			return deleteGroup(cmd.Context(), p, out, &f, args[0], release)
		},
	}
	f.addFlags(cmd)
	cmd.Flags().BoolVar(&release, "release", false, "take the members out of the group first, in the same change")
	return cmd
}

func deleteGroup(ctx context.Context, p process, out *output, f *writeFlags, name string, release bool) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	_, version, err := policy.Group(name).Get(ctx)
	if err != nil {
		return err
	}
	err = f.write(out, policy, func(c *client.Client) error {
		if release {
			return c.Group(name).DeleteWithMembers(ctx, version)
		}
		return c.Group(name).Delete(ctx, version)
	})
	if client.Is(err, openapi.ProblemTypeGroupHasMembers) {
		return restated{fmt.Sprintf("%s has members: take them out first, or use --release", name), err}
	}
	return err
}
