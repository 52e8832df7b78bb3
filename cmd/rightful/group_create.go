package main

import (
	"context"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// groupCreateFlags are the flags of group create.
type groupCreateFlags struct {
	writeFlags
	description                  string
	inherits, grants, restricted []string
}

func groupCreateCommand(p process, out *output) *cobra.Command {
	var f groupCreateFlags
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a group",
		Example: `  rightful group create Auditors --description "Reads the books" --grant finance.operations:view
  rightful group create Trainees --inherits "Requests desk" --restrict clients.requests.withdrawal:update`,
		Args:              one("group"),
		ValidArgsFunction: noFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return createGroup(cmd.Context(), p, out, &f, args[0])
		},
	}
	f.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.description, "description", "", "`text` that says what the group is for")
	flags.StringArrayVar(&f.inherits, "inherits", nil, "inherit this `group`; can be repeated")
	flags.StringArrayVar(&f.grants, "grant", nil, "grant this `permission` or pattern; can be repeated")
	flags.StringArrayVar(&f.restricted, "restrict", nil, "deny this `permission` or pattern; can be repeated")
	completeFlag(cmd, "inherits", f.completing(p, completeGroups))
	completeFlag(cmd, "grant", f.completing(p, completePermissions))
	completeFlag(cmd, "restrict", f.completing(p, completePermissions))
	return cmd
}

func createGroup(ctx context.Context, p process, out *output, f *groupCreateFlags, name string) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	group := openapi.GroupCreate{
		Name: name, Description: f.description, Inherits: f.inherits,
		Permissions: openapi.NewRules{Grants: f.grants, Restrictions: f.restricted},
	}
	return f.write(out, policy, func(c *client.Client) error {
		_, _, err := c.CreateGroup(ctx, group)
		return err
	})
}
