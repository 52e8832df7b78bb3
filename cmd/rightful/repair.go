package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

// repairFlags are the flags of repair.
type repairFlags struct {
	writer
	complete, remove []int64
	effect           string
	dryRun           bool
}

func repairCommand(p process, out *output) *cobra.Command {
	var f repairFlags
	cmd := &cobra.Command{
		Use:   "repair [ROW...]",
		Short: "List, complete and remove bad rows of the policy table",
		Long: `List the bad rows of the policy table, or only those with the given ids: what is wrong with each,
which subjects it denies everything, and what completing or removing it would do. A bad row
isn't a valid rule. It grants nothing, and if it may be a restriction, it denies its subject
everything.

With --complete and --remove, repair changes only the rows that you name, in one recorded change.
Completing turns a row into the rule that was meant: it adds a missing effect (--effect), or
"group:" before the name of a group, and removes invisible characters. Rows with other errors
can only be removed.`,
		Example: `  rightful repair --db sqlite:policy.db
  rightful repair --db sqlite:policy.db --remove 71 --remove 72 --dry-run
  rightful repair --db sqlite:policy.db --complete 73 --effect allow --reason "typed by hand"`,
		ValidArgsFunction: noFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := rowIDs(args)
			if err != nil {
				return err
			}
			return repair(cmd.Context(), p, out, &f, ids)
		},
	}
	f.addFlags(cmd)
	flags := cmd.Flags()
	flags.Int64SliceVar(&f.complete, "complete", nil, "complete the `row` with this id; can be repeated")
	flags.Int64SliceVar(&f.remove, "remove", nil, "remove the `row` with this id; can be repeated")
	flags.StringVar(&f.effect, "effect", "", "`effect` for completed rows without one: allow or deny")
	for _, name := range []string{"complete", "remove"} {
		flags.Lookup(name).DefValue = "" // help says nothing of an empty list
	}
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "show what would change, and change nothing")
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

// plan returns what the flags ask for.
func (f *repairFlags) plan(ids []int64) (authz.RowRepair, error) {
	plan := authz.RowRepair{Complete: f.complete, Remove: f.remove}
	switch f.effect {
	case "":
	case "allow":
		plan.Effect = authz.KindGrant
	case "deny":
		plan.Effect = authz.KindRestriction
	default:
		return plan, usageError{fmt.Errorf("--effect must be allow or deny, not %q", f.effect)}
	}
	changes := len(plan.Complete)+len(plan.Remove) > 0
	switch {
	case changes && len(ids) > 0:
		return plan, usageError{errors.New("name each row with --complete or --remove: rows without these flags are only listed")}
	case !changes && f.effect != "":
		return plan, usageError{errors.New("--effect works only with --complete")}
	}
	return plan, nil
}

func repair(ctx context.Context, p process, out *output, f *repairFlags, ids []int64) error {
	plan, err := f.plan(ids)
	if err != nil {
		return err
	}
	s, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer s.close()
	if len(plan.Complete)+len(plan.Remove) == 0 {
		return listBadRows(ctx, out, s, ids)
	}
	if f.dryRun {
		s.Admin = s.DryRun()
	}
	change, err := s.RepairRows(ctx, plan)
	var invalid *authz.Error
	if errors.As(err, &invalid) && errors.Is(err, authz.ErrInvalid) {
		return notRepaired(invalid)
	}
	if err != nil {
		return err
	}
	return printRepair(out, change, f.dryRun)
}

// notRepaired answers no, with what is in the way.
func notRepaired(e *authz.Error) error {
	details := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		details[i] = fault.Detail
	}
	return noError{fmt.Errorf("%s; nothing changed", strings.Join(details, "; "))}
}

// badRow is a bad row with what a repair would do about it.
type badRow struct {
	authz.BadRow
	Completed  []string `json:"completed,omitempty"`     // what completing it would make
	NoComplete string   `json:"not_completed,omitempty"` // why it can't be completed
	Freed      int      `json:"freed"`                   // how many users get permissions back if it is removed
}

// maxListed bounds the rows whose repair is tried; each takes two dry runs.
const maxListed = 100

// listBadRows lists bad rows: those with the ids, or all.
func listBadRows(ctx context.Context, out *output, s *session, ids []int64) error {
	bad := s.engine.View().BadRows()
	if len(ids) > 0 {
		if _, err := s.DryRun().RepairRows(ctx, authz.RowRepair{Remove: ids}); errors.Is(err, authz.ErrInvalid) {
			var invalid *authz.Error
			errors.As(err, &invalid)
			return notRepaired(invalid)
		}
		bad = slices.DeleteFunc(bad, func(b authz.BadRow) bool { return !slices.Contains(ids, b.ID) })
	}
	list := []badRow{}
	for i, b := range bad {
		row := badRow{BadRow: b}
		if i < maxListed {
			if err := tryRepairs(ctx, s, &row); err != nil {
				return err
			}
		}
		list = append(list, row)
	}
	if len(list) == 0 {
		return out.print(badRows{list}, "There are no bad rows.")
	}
	var text strings.Builder
	for _, row := range list {
		row.write(&text)
	}
	return out.print(badRows{list}, "%s%s. Nothing changed: use --complete or --remove to repair rows.", &text, plural(len(list), "bad row"))
}

// tryRepairs finds out what completing and removing a row would do.
func tryRepairs(ctx context.Context, s *session, row *badRow) error {
	completed, err := s.DryRun().RepairRows(ctx, authz.RowRepair{Complete: []int64{row.ID}})
	var invalid *authz.Error
	switch {
	case errors.As(err, &invalid) && errors.Is(err, authz.ErrInvalid):
		row.NoComplete = strings.TrimPrefix(invalid.Faults[0].Detail, fmt.Sprintf("row %d can't be completed: ", row.ID))
	case err != nil:
		return err
	default:
		row.Completed = []string{}
		for _, r := range completed.Delta.Added {
			row.Completed = append(row.Completed, ruleText(r))
		}
	}
	removed, err := s.DryRun().RepairRows(ctx, authz.RowRepair{Remove: []int64{row.ID}})
	if err != nil {
		return err
	}
	row.Freed = removed.Impact.GainCount
	return nil
}

func (row badRow) write(to io.Writer) {
	note(to, "%8d  %s\n          %s\n", row.ID, strings.Join(row.Values, ", "), row.Detail)
	switch {
	case len(row.Denies) > 0:
		subjects := make([]string, len(row.Denies))
		for i, h := range row.Denies {
			subjects[i] = string(h)
		}
		note(to, "          denies everything to %s\n", strings.Join(subjects, ", "))
	default:
		note(to, "          denies nobody anything\n")
	}
	switch {
	case row.NoComplete != "":
		note(to, "          can't be completed as it is: %s\n", row.NoComplete)
	case len(row.Completed) > 0:
		note(to, "          completing it makes: %s\n", strings.Join(row.Completed, "; "))
	case row.Completed != nil:
		note(to, "          completing it only removes it: the same rule exists already\n")
	}
	if row.Freed > 0 {
		note(to, "          removing it gives permissions back to %s\n", plural(row.Freed, "user"))
	}
}

func printRepair(out *output, change authz.Change, dryRun bool) error {
	rows, added := change.Delta.RemovedRows, change.Delta.Added
	result := repaired{changed{change.Revision > 0, change.Revision}, append([]authz.BadRow{}, rows...), append([]authz.Rule{}, added...)}
	var text strings.Builder
	for _, row := range rows {
		note(&text, "%8d  %s\n", row.ID, strings.Join(row.Values, ", "))
	}
	for _, r := range added {
		note(&text, "     new  %s\n", ruleText(r))
	}
	remove, add := "Removed ", " and added "
	if dryRun {
		remove, add = "Dry run: nothing changed. Repair would remove ", " and add "
	}
	did := remove + plural(len(rows), "row")
	if len(added) > 0 {
		did += add + plural(len(added), "rule")
	}
	if !dryRun {
		did += fmt.Sprintf(" in revision %d", change.Revision)
	}
	return out.print(result, "%s%s.", &text, did)
}

// ruleText describes a rule.
func ruleText(r authz.Rule) string {
	switch r.Kind {
	case authz.KindMember:
		return fmt.Sprintf("the membership of %s in %s", r.Subject, r.Group)
	case authz.KindInherit:
		return fmt.Sprintf("the inheritance of %s by %s", r.Group, r.Subject)
	}
	return fmt.Sprintf("the %s %s of %s", r.Kind, r.Pattern, r.Subject)
}

// badRows is the result of repair when it lists.
type badRows struct {
	Rows []badRow `json:"rows"`
}

// repaired is the result of repair when it changes something, or would.
type repaired struct {
	changed
	Rows  []authz.BadRow `json:"rows"`  // that were removed from the table, completed ones included
	Added []authz.Rule   `json:"added"` // rules that the completed rows became
}
