package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
	"github.com/spf13/cobra"
)

// adoptFlags are the flags of adopt.
type adoptFlags struct {
	writer
	check, dryRun bool
	model         string // the file
	copyTo        string // the prefix
	rename        map[string]string
	questions     int
	how           authz.AdoptOptions
}

func adoptCommand(p process, out *output) *cobra.Command {
	var f adoptFlags
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Adopt a policy table that plain Casbin filled",
		Long: `Turn a policy table that another program filled, usually plain Casbin, into a Rightful policy,
in one recorded change. This rewrites the rows, so the other program can no longer read them.
With --copy, adopt fills new tables instead and leaves the old one as it is, so that you can go
back.

With --check, adopt writes nothing. It reports what would happen to each row, compares the decisions
of the old model with those of the adopted policy, and lists those that differ. Exit status 0
means that no decision differs and no row would be bad; otherwise it is 1.

Names on the right of "g" rows become groups, unless the table marks groups with "group:"; all
other names become users. Rows with three values become grants. A bad row grants nothing, and
one that may be a restriction denies its subject everything. Therefore adopt refuses tables with
rows that would be bad, and models with domains, unless you add --accept-bad.`,
		Example: `  rightful adopt --db postgres://app@db.example/desk --check --model old.conf
  rightful adopt --db postgres://app@db.example/desk --copy desk
  rightful adopt --db sqlite:policy.db --rename role:admin=Administrators --reason "move to Rightful"`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return adopt(cmd.Context(), p, out, &f) },
	}
	f.addFlags(cmd)
	return cmd
}

func (f *adoptFlags) addFlags(cmd *cobra.Command) {
	f.writer.addFlags(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.check, "check", false, "compare decisions, and change nothing")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "show what would change, and change nothing")
	flags.StringVar(&f.model, "model", "", "model `file` of the old program (default: Casbin's plain RBAC model)")
	flags.StringVar(&f.copyTo, "copy", "", "fill new tables with this `prefix`, and leave the old table as it is")
	flags.StringToStringVar(&f.rename, "rename", nil, "rename a group of the table, as `OLD=NEW`; can be repeated")
	flags.BoolVar(&f.how.SubjectsAsGroups, "subjects-as-groups", false, `treat subjects that no "g" row names as groups, not as users`)
	flags.IntVar(&f.questions, "questions", 0, "with --check, compare at most this `number` of decisions (default: 500 to 200,000, depending on the size of the table)")
	flags.BoolVar(&f.how.AcceptBad, "accept-bad", false, "adopt the table even with bad rows or domains")
}

// complete checks the flags and reads the model.
func (f *adoptFlags) complete(p process) error {
	if err := f.db.complete(p.getenv); err != nil {
		return err
	}
	if f.copyTo != "" {
		if _, err := gormstore.TablesOf(f.copyTo); err != nil {
			return usageError{err}
		}
	}
	if f.model != "" {
		text, err := os.ReadFile(f.model)
		if err != nil {
			return fmt.Errorf("read the model: %w", err)
		}
		f.how.Model = string(text)
	}
	f.how.Rename = map[string]authz.GroupName{}
	for old, name := range f.rename {
		f.how.Rename[old] = authz.GroupName(name)
	}
	f.how.Command, f.how.Reason = account(), f.reason
	f.how.Progress = progress(p)
	if f.how.MaxQuestions = max(f.questions, 0); !f.check {
		f.how.MaxQuestions = -1
	}
	return nil
}

func adopt(ctx context.Context, p process, out *output, f *adoptFlags) error {
	if err := f.complete(p); err != nil {
		return err
	}
	from, err := f.db.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	report, err := authz.CheckAdoption(ctx, from, f.how)
	if err != nil {
		return err
	}
	refused := !report.Acceptable() || !f.how.AcceptBad && (report.Count[authz.RowBad] > 0 || report.Comparison.Domains)
	switch {
	case report.Adopted > 0 && f.copyTo != "":
		return usageError{fmt.Errorf("this is a Rightful policy already, at revision %d; --copy is for tables of other programs", report.Adopted)}
	case report.Adopted > 0:
		return out.print(changed{}, "Nothing changed: this is a Rightful policy already, at revision %d.", report.Adopted)
	case len(report.Rows) == 0:
		return out.print(changed{}, "Nothing changed: the policy table has no rows to adopt.")
	case f.check:
		return printCheck(out, report, f)
	case refused || f.dryRun:
		return printDryRun(out, report, refused)
	}
	return f.adopt(ctx, p, out, from, report)
}

// adopt adopts the table of a store. The report says what it will find.
func (f *adoptFlags) adopt(ctx context.Context, p process, out *output, from authz.Store, report authz.AdoptionReport) error {
	key, err := f.key.read()
	if err != nil {
		return err
	}
	prefix := f.db.prefix
	if f.copyTo != "" {
		prefix, f.how.From = f.copyTo, from
	}
	store, err := database.Open(ctx, f.db.address, gormstore.Options{Prefix: prefix})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := f.checkTarget(ctx, store); err != nil {
		return err
	}
	tellLong(p, len(report.Rows), "Writing %s", plural(len(report.Rows), "row"))
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	engine, err := authz.Open(ctx, store, authz.Options{RecordKey: key, Logger: log, WriteTimeout: adoptionTimeout, Adopt: &f.how})
	switch {
	case errors.Is(err, authz.ErrAdoptionRefused): // another program wrote to the table meanwhile
		return noError{err}
	case err != nil:
		return err
	}
	defer func() { _ = engine.Close(context.Background()) }()
	change, err := engine.Change(ctx, 1)
	if err != nil {
		return err
	}
	if f.copyTo != "" {
		if err := f.tellMissed(ctx, p, from, report); err != nil {
			return err
		}
	}
	return printAdopted(out, engine, change, report, f)
}

// checkTarget returns an error unless the tables to copy into are new.
func (f *adoptFlags) checkTarget(ctx context.Context, store authz.Store) error {
	if f.copyTo == "" {
		return nil
	}
	report, err := authz.CheckAdoption(ctx, store, authz.AdoptOptions{MaxQuestions: -1})
	if err == nil && (report.Adopted > 0 || len(report.Rows) > 0) {
		return fmt.Errorf("tables with the prefix %s already contain a policy; choose another prefix for --copy", f.copyTo)
	}
	return err
}

// adoptionTimeout is the WriteTimeout of an adoption, which may take twelve times as long.
const adoptionTimeout = 30 * time.Second

// tellMissed says so if the old table was written to while it was copied.
func (f *adoptFlags) tellMissed(ctx context.Context, p process, from authz.Store, before authz.AdoptionReport) error {
	after, err := authz.CheckAdoption(ctx, from, authz.AdoptOptions{MaxQuestions: -1})
	if err != nil {
		return err
	}
	same := func(a, b authz.AdoptedRow) bool { return a.ID == b.ID && slices.Equal(a.Values, b.Values) }
	if !slices.EqualFunc(before.Rows, after.Rows, same) {
		note(p.stderr, "The old table changed during the copy, so the copy may lack the newest rows: drop the tables with the prefix %s, and copy again.\n", f.copyTo)
	}
	return nil
}
