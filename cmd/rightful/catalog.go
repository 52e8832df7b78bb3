package main

import "github.com/spf13/cobra"

func catalogCommand(p process, out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "Check the catalog of an application, and generate code from it",
	}
	makeParent(cmd, catalogLintCommand(p, out), catalogGenerateCommand(p, out))
	return cmd
}
