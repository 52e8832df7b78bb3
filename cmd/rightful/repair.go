package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

func repairCommand(p process, out *output) *cobra.Command {
	var w writer
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "repair [ROW...]",
		Short: "Remove bad rows from the policy table",
		Long: `Remove bad rows from the policy table, as a recorded change: the rows with these ids, or all
bad rows if no id is given. A bad row is one that is not a valid rule. It grants nothing,
and if it may be a restriction, it denies its subject everything. A row that is not bad is
never removed.

With --dry-run, repair lists the rows that it would remove and leaves them in place.`,
		Example: `  rightful repair --db sqlite:policy.db --dry-run
  rightful repair --db sqlite:policy.db --reason "typed by hand" 71`,
		ValidArgsFunction: noFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := rowIDs(args)
			if err != nil {
				return err
			}
			return repair(cmd.Context(), p, out, &w, ids, dryRun)
		},
	}
	w.addFlags(cmd)
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "list the rows and remove nothing")
	return cmd
}

func rowIDs(args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return nil, usageError{fmt.Errorf("%q is not the id of a row", arg)}
		}
		ids[i] = id
	}
	return ids, nil
}

func repair(ctx context.Context, p process, out *output, w *writer, ids []int64, dryRun bool) error {
	s, err := w.open(ctx, p)
	if err != nil {
		return err
	}
	defer s.close()
	if err := checkRows(s.engine.View().BadRows(), ids); err != nil {
		return err
	}
	if dryRun {
		s.Admin = s.DryRun()
	}
	change, err := s.RemoveBadRows(ctx, ids...)
	if err != nil {
		return err
	}
	return printRepair(out, change, dryRun)
}

// checkRows answers no if one of the ids is not that of a bad row.
func checkRows(bad []authz.BadRow, ids []int64) error {
	var others []string
	for _, id := range ids {
		if !slices.ContainsFunc(bad, func(b authz.BadRow) bool { return b.ID == id }) {
			others = append(others, strconv.FormatInt(id, 10))
		}
	}
	switch len(others) {
	case 0:
		return nil
	case 1:
		return noError{fmt.Errorf("row %s is not a bad row; nothing was removed", others[0])}
	}
	return noError{fmt.Errorf("rows %s are not bad rows; nothing was removed", strings.Join(others, ", "))}
}

func printRepair(out *output, change authz.Change, dryRun bool) error {
	rows := change.Delta.RemovedRows
	result := repaired{changed{change.Revision > 0, change.Revision}, append([]authz.BadRow{}, rows...)}
	if len(rows) == 0 {
		return out.print(result, "There are no bad rows.")
	}
	var text strings.Builder
	for _, row := range rows {
		note(&text, "%8d  %s\n          %s\n", row.ID, strings.Join(row.Values, ", "), row.Detail)
	}
	if dryRun {
		return out.print(result, "%sNothing changed: repair would remove %s.", &text, plural(len(rows), "row"))
	}
	return out.print(result, "%sRemoved %s in revision %d.", &text, plural(len(rows), "row"), change.Revision)
}

// repaired is the result of repair.
type repaired struct {
	changed
	Rows []authz.BadRow `json:"rows"` // that were removed, or would be
}
