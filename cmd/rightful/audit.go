package main

import "github.com/spf13/cobra"

func auditCommand(p process, out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Read and verify the audit log, revert changes, archive old records",
	}
	makeParent(cmd, auditListCommand(p, out), auditFollowCommand(p, out), auditRevertCommand(p, out),
		auditArchiveCommand(p, out), auditVerifyCommand(p, out))
	return cmd
}
