package main

import "github.com/spf13/cobra"

func groupCommand(p process, out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "group",
		Short: "Show and change groups",
	}
	makeParent(cmd,
		groupListCommand(p, out),
		groupShowCommand(p, out),
		groupMembersCommand(p, out),
		groupCreateCommand(p, out),
		groupCloneCommand(p, out),
		groupRenameCommand(p, out),
		groupDeleteCommand(p, out),
		groupUsage.command(p, out),
	)
	cmd.AddCommand(groupRules.commands(p, out)...)
	return cmd
}
