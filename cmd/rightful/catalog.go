package main

import "github.com/spf13/cobra"

func catalogCommand(p process, out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "Check the catalog of an application",
	}
	makeParent(cmd, catalogLintCommand(p, out))
	return cmd
}
