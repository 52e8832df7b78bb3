package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

func doctorCommand(p process, out *output) *cobra.Command {
	var s source
	cmd := withFormats(&cobra.Command{
		Use:   "doctor",
		Short: "Check the policy and its store, and say what to do",
		Long: `Check the service or the database: whether it can be reached, its store and the version of its
tables, its clock, the age of the policy, bad rows, the administrators, rules for permissions
that the catalog doesn't declare, drift from the seed, and the head of the audit log. Each
problem is shown with what to do.

Exit status 0 means that there are no errors; there may be warnings. Some checks need the
rights to view users, groups and changes on a service; without them, they are skipped.`,
		Example: `  rightful doctor --db postgres://app@db.example/desk --catalog permissions.csv
  rightful doctor --url https://desk.example/api/v1`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return doctor(cmd.Context(), p, out, &s)
		},
	}, formatCSV)
	s.addFlags(cmd)
	return cmd
}

// checkup is the result of doctor.
type checkup struct {
	Errors   int           `json:"errors"`
	Warnings int           `json:"warnings"`
	Checks   []checkResult `json:"checks"`

	away bool // an error is that the store can't be reached
}

type checkResult struct {
	Check  string     `json:"check"`
	State  checkState `json:"state"`
	Detail string     `json:"detail"`
	Advice string     `json:"advice,omitempty"`
}

type checkState string

const (
	checkOK      checkState = "ok"
	checkWarning checkState = "warning"
	checkError   checkState = "error"
	checkSkipped checkState = "skipped"
)

func (c *checkup) add(check string, state checkState, advice, format string, args ...any) {
	switch state {
	case checkError:
		c.Errors++
	case checkWarning:
		c.Warnings++
	}
	c.Checks = append(c.Checks, checkResult{check, state, fmt.Sprintf(format, args...), advice})
}

func (c *checkup) ok(check, format string, args ...any) { c.add(check, checkOK, "", format, args...) }

func (c *checkup) skip(check, why string) { c.add(check, checkSkipped, "", "%s", why) }

func doctor(ctx context.Context, p process, out *output, s *source) error {
	if err := s.choose(p.getenv); err != nil {
		return err
	}
	report := &checkup{Checks: []checkResult{}}
	policy, err := s.open(ctx, p)
	if err == nil {
		defer policy.close()
		err = report.examine(ctx, policy, s)
	}
	if err != nil {
		report.add("reachable", checkError, adviceFor(err), "%s", message(err))
	}
	if printed := report.print(out); printed != nil {
		return printed
	}
	switch {
	case err != nil:
		return err
	case report.away:
		return fmt.Errorf("%s: %w", plural(report.Errors, "error"), authz.ErrStoreUnavailable)
	case report.Errors > 0:
		return fmt.Errorf("%s found", plural(report.Errors, "error"))
	}
	return nil
}

func adviceFor(err error) string {
	if isUnreachable(err) {
		return "check the address and the network, and whether the server runs"
	}
	return "correct what the message says, and see rightful doctor --help"
}

func (c *checkup) print(out *output) error {
	t := table{header: []string{"check", "state", "detail", "advice"}}
	var text strings.Builder
	for _, one := range c.Checks {
		t.add(one.Check, string(one.State), one.Detail, one.Advice)
		note(&text, "%-8s %s: %s\n", one.State, one.Check, one.Detail)
		if one.Advice != "" {
			note(&text, "         %s\n", one.Advice)
		}
	}
	if out.format == formatCSV {
		return t.writeCSV(out.to)
	}
	return out.print(c, "%s%s, %s.", &text, plural(c.Errors, "error"), plural(c.Warnings, "warning"))
}
