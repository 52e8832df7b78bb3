package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

// approveFlags are the flags of request approve.
type approveFlags struct {
	writeFlags
	until endFlag
	fix   int // its number; 0 for the first that will do
	yes   bool
}

func requestApproveCommand(p process, out *output) *cobra.Command {
	var f approveFlags
	cmd := &cobra.Command{
		Use:   "approve ID",
		Short: "Approve a request by applying one of its fixes",
		Long: `Approve a request by applying a fix: the first that you may apply, or the one with the number
--fix in rightful request show. A fix that puts the user into Administrators needs --fix. On a
terminal, the command shows what would change and who would gain or lose permissions, and asks
before it does anything, unless you add --yes.

Memberships end at the time that the user asked for, or at --until. Rules have no end: if the
access must end, a fix with rules needs --fix, and can't be combined with --until except "never".

Exit status 3 means that the request was decided already, or that the policy changed so that the
fix would now give something else.`,
		Example: `  rightful request approve --db sqlite:policy.db SDN4JJWLDQJZWCWK5TLFCRVT5S --reason "covers for dana"
  rightful request approve SDN4JJWLDQJZWCWK5TLFCRVT5S --fix 2 --until 2026-12-01T00:00:00Z --dry-run`,
		Args:              one("request"),
		ValidArgsFunction: f.completing(p, completeRequests, completeNothing),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("fix") && f.fix < 1 {
				return usageError{errors.New("--fix must be 1 or more")}
			}
			return approveRequest(cmd.Context(), p, out, &f, args[0])
		},
	}
	f.addFlags(cmd)
	flags := cmd.Flags()
	flags.IntVar(&f.fix, "fix", 0, "`number` of the fix (default: the first suitable one)")
	flags.Var(&f.until, "until", "`time` (RFC 3339) at which the memberships end, or never (default: the time that the user asked for)")
	flags.BoolVarP(&f.yes, "yes", "y", false, "don't ask for confirmation")
	return cmd
}

// approved is the result of request approve.
type approved struct {
	written
	Request openapi.AccessRequest `json:"request"`
}

func approveRequest(ctx context.Context, p process, out *output, f *approveFlags, id string) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	r, err := f.read(ctx, policy, id)
	if err != nil {
		return err
	}
	fix, err := f.choose(r)
	if err != nil {
		return err
	}
	c := policy.Because(f.reason)
	change, err := c.Preview(func(c *client.Client) error { _, err := c.Approve(ctx, r, fix); return err })
	if err != nil {
		return err
	}
	result := approved{written{DryRun: f.dryRun, Change: change}, r}
	if f.dryRun {
		return printApproved(out, result)
	}
	if p.terminal && !f.yes && !confirmsApproval(p, r, fix, change) {
		return noError{errors.New("nothing changed")}
	}
	if result.Request, err = c.Approve(ctx, r, fix); err != nil {
		return err
	}
	if result.Changed = result.Request.Revision > 0; result.Changed {
		result.Revision, result.Change.Revision = policy.revision(), result.Request.Revision
	}
	return printApproved(out, result)
}

// read reads a request that can be approved.
func (f *approveFlags) read(ctx context.Context, p *policy, id string) (openapi.AccessRequest, error) {
	r, err := p.Request(ctx, id)
	if err == nil && r.State == openapi.AccessRequestStateOpen && f.until.given {
		r, err = p.RequestUntil(ctx, id, f.until.end)
	}
	if err == nil && r.State != openapi.AccessRequestStateOpen {
		err = conflictError{errors.New("the request is no longer open: " + stateText(r))}
	}
	return r, err
}

// choose returns the fix to apply, an empty one if the user has the access by now.
func (f *approveFlags) choose(r openapi.AccessRequest) (openapi.Fix, error) {
	switch {
	case f.fix == 0 && isHeld(r):
		return openapi.Fix{}, nil
	case f.fix == 0:
		return f.chooseFirst(r)
	case f.fix > len(r.Fixes):
		return openapi.Fix{}, usageError{fmt.Errorf("there is no fix %d: the request has %s; see rightful request show %s", f.fix, fixCount(len(r.Fixes)), r.ID)}
	}
	fix := r.Fixes[f.fix-1]
	if f.until.given && !f.until.end.IsZero() && !ends(fix) {
		return openapi.Fix{}, usageError{fmt.Errorf("fix %d can't end, because only memberships have an end: leave out --until, or choose a fix that puts %s into a group", f.fix, r.User)}
	}
	return fix, nil
}

// chooseFirst returns the first fix that the caller may apply and that ends when it has to.
func (f *approveFlags) chooseFirst(r openapi.AccessRequest) (openapi.Fix, error) {
	end := r.Until
	if f.until.given {
		end = f.until.end
	}
	switch {
	case len(r.BadRows) > 0:
		return openapi.Fix{}, fmt.Errorf("row %d is a bad row and denies %s everything, so no fix helps; see rightful repair %[1]d", r.BadRows[0].ID, r.User)
	case len(r.Fixes) == 0:
		return openapi.Fix{}, errors.New("there is no fix for this request")
	}
	if !slices.ContainsFunc(r.Fixes, func(fix openapi.Fix) bool { return fix.Allowed }) {
		return openapi.Fix{}, fmt.Errorf("you may apply none of the %s; rightful request show %s says what you lack", fixCount(len(r.Fixes)), r.ID)
	}
	for _, fix := range r.Fixes {
		tooMuch := slices.Contains(fix.Groups, string(authz.Administrators))
		if fix.Allowed && !tooMuch && (end.IsZero() || ends(fix)) {
			return fix, nil
		}
	}
	if end.IsZero() {
		return openapi.Fix{}, fmt.Errorf("the only fix that you may apply puts %s into Administrators: to apply it, use --fix with its number in rightful request show %s", r.User, r.ID)
	}
	return openapi.Fix{}, fmt.Errorf("no fix that you may apply ends at %s, except perhaps one with Administrators: to apply another, use --fix with its number in rightful request show %s", date(end), r.ID)
}

func fixCount(n int) string {
	if n == 1 {
		return "1 fix"
	}
	return fmt.Sprintf("%d fixes", n)
}

// confirmsApproval shows what an approval does and asks whether to carry it out. If others change the policy meanwhile so
// that it would give something else, the service refuses it.
func confirmsApproval(p process, r openapi.AccessRequest, fix openapi.Fix, change openapi.Change) bool {
	var text strings.Builder
	writeChange(&text, change)
	question := "Approve the request of " + r.User + "?"
	if what := describe(r.User, fix); what != "" {
		question = "Approve the request of " + r.User + " (" + what + ")?"
	}
	note(p.stderr, "%s", &text)
	return answersYes(p, question)
}

func printApproved(out *output, a approved) error {
	var text strings.Builder
	writeChange(&text, a.Change)
	switch {
	case a.DryRun:
		note(&text, "Dry run: nothing changed.")
	case a.Changed:
		note(&text, "Approved in revision %d. %s has the access%s.", a.Revision, a.Request.User, untilOrForGood(a.Request))
	default:
		note(&text, "Approved without a change: %s has the access%s.", a.Request.User, untilOrForGood(a.Request))
	}
	return out.print(a, "%s", &text)
}

// untilOrForGood says when the access of an approved request ends.
func untilOrForGood(r openapi.AccessRequest) string {
	if r.Until.IsZero() {
		return " permanently"
	}
	return until(r.Until)
}
