package main

import "github.com/spf13/cobra"

func catalogCommand(p process, out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "Check a catalog file, or generate Go constants from it",
	}
	makeParent(cmd, catalogLintCommand(p, out), catalogGenerateCommand(p, out))
	return cmd
}
