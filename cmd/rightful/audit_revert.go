package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/rightful-go/rightful/api/client"
	"github.com/spf13/cobra"
)

func auditRevertCommand(p process, out *output) *cobra.Command {
	var f writeFlags
	cmd := &cobra.Command{
		Use:   "revert REVISION",
		Short: "Revert a change",
		Long: `Apply the inverse of a change to the current policy, all or nothing, as a new change. Later
changes stay. If the inverse can't be applied, the command lists all obstacles and changes
nothing.`,
		Example: `  rightful audit revert --db sqlite:policy.db 482 --dry-run`,
		Args:    one("revision"),
		RunE: func(cmd *cobra.Command, args []string) error {
			revision, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || revision < 1 {
				return usageError{fmt.Errorf("%q is not a revision", args[0])}
			}
			return revert(cmd.Context(), p, out, &f, revision)
		},
		ValidArgsFunction: noFiles,
	}
	f.addFlags(cmd)
	return cmd
}

func revert(ctx context.Context, p process, out *output, f *writeFlags, revision int64) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	return f.write(out, policy, func(c *client.Client) error {
		_, err := c.Revert(ctx, revision)
		return err
	})
}
