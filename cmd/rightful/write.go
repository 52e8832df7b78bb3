package main

import (
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// writeFlags are the flags of commands that change the policy, wherever it is.
type writeFlags struct {
	source
	reason string
	dryRun bool
}

func (f *writeFlags) addFlags(cmd *cobra.Command) {
	f.source.addFlags(cmd)
	addReasonFlag(cmd, &f.reason)
	cmd.Flags().BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would change and change nothing")
}

// written is the result of a command that changes the policy.
type written struct {
	changed
	DryRun bool           `json:"dry_run,omitempty"`
	Change openapi.Change `json:"change"` // that was made, or would be
}

// write makes a change and says what it was: first it asks what the write would change, and who would gain or lose,
// then it makes it.
func (f *writeFlags) write(out *output, p *policy, operate func(*client.Client) error) error {
	c := p.Because(f.reason)
	change, err := c.Preview(operate)
	if err != nil {
		return err
	}
	result := written{DryRun: f.dryRun, Change: change}
	if !f.dryRun && !isEmpty(change) {
		if err := operate(c); err != nil {
			return err
		}
		result.Revision = p.revision()
		result.Changed, result.Change.Revision = true, int64(result.Revision)
	}
	return printWritten(out, result)
}

func printWritten(out *output, w written) error {
	var text strings.Builder
	writeChange(&text, w.Change)
	switch {
	case isEmpty(w.Change):
		note(&text, "Nothing changed.")
	case w.DryRun:
		note(&text, "Nothing changed; without --dry-run, this would be done.")
	default:
		note(&text, "Done in revision %d.", w.Revision)
	}
	return out.print(w, "%s", &text)
}

// isEmpty reports whether a change changes nothing.
func isEmpty(c openapi.Change) bool {
	return len(c.Groups) == 0 && c.AddedCount == 0 && c.RemovedCount == 0
}
