package main

import "github.com/spf13/cobra"

func auditCommand(p process, out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check the audit log and archive old records",
	}
	makeParent(cmd, auditArchiveCommand(p, out), auditVerifyCommand(p, out))
	return cmd
}
