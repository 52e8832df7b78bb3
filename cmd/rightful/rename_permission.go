package main

import (
	"context"
	"errors"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

func renamePermissionCommand(p process, out *output) *cobra.Command {
	var w writer
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "rename-permission OLD NEW",
		Short: "Rename a permission in all rules",
		Long: `Replace OLD with NEW in every grant and restriction of every group and user, as one recorded
change. Use it when the application renames a permission in its catalog: otherwise the rules
still name OLD, which the application no longer checks, and nobody holds NEW.

Patterns with a wildcard don't change. The command doesn't read the catalog, so it doesn't
check that NEW is declared; rightful status lists the rules for undeclared permissions.`,
		Example: `  rightful rename-permission --db sqlite:policy.db finance.books:edit finance.books:update`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{errors.New("takes two permissions: the old one and the new one")}
			}
			return nil
		},
		ValidArgsFunction: noFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return renamePermission(cmd.Context(), p, out, &w, authz.Permission(args[0]), authz.Permission(args[1]), dryRun)
		},
	}
	w.addFlags(cmd)
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show what would change, and change nothing")
	return cmd
}

func renamePermission(ctx context.Context, p process, out *output, w *writer, old, to authz.Permission, dryRun bool) error {
	s, err := w.open(ctx, p)
	if err != nil {
		return err
	}
	defer s.close()
	if dryRun {
		s.Admin = s.DryRun()
	}
	change, err := s.RenamePermission(ctx, old, to)
	if err != nil {
		return err
	}
	result := renamed{changed{change.Revision > 0, change.Revision}, make([]renamedRule, 0, len(change.Delta.Removed))}
	var text strings.Builder
	for _, r := range change.Delta.Removed {
		result.Rules = append(result.Rules, renamedRule{string(r.Kind), string(r.Subject)})
		note(&text, "  %s of %s\n", r.Kind, r.Subject)
	}
	count := plural(len(result.Rules), "rule")
	switch {
	case len(result.Rules) == 0:
		return out.print(result, "Nothing changed: no rule names %s.", old)
	case dryRun:
		return out.print(result, "%sDry run: nothing changed. %s would be renamed to %s in %s.", &text, old, to, count)
	}
	return out.print(result, "%sRenamed %s to %s in %s, in revision %d.", &text, old, to, count, change.Revision)
}

// renamed is the result of rename-permission.
type renamed struct {
	changed
	Rules []renamedRule `json:"rules"` // that were renamed, or would be
}

type renamedRule struct {
	Rule    string `json:"rule"` // grant or restriction
	Subject string `json:"subject"`
}
