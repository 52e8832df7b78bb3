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
	cmd.Flags().BoolVarP(&f.dryRun, "dry-run", "n", false, "show what would change, and change nothing")
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
	result, err := f.carryOut(p, operate)
	if err != nil {
		return err
	}
	var text strings.Builder
	writeWritten(&text, result, "Dry run: nothing changed.")
	return out.print(result, "%s", strings.TrimSuffix(text.String(), "\n"))
}

// carryOut makes a change, unless it is a dry run, and returns what it was.
func (f *writeFlags) carryOut(p *policy, operate func(*client.Client) error) (written, error) {
	c := p.Because(f.reason)
	change, err := c.Preview(operate)
	if err != nil {
		return written{}, err
	}
	result := written{DryRun: f.dryRun, Change: change}
	if !f.dryRun && !isEmpty(change) {
		if err := operate(c); err != nil {
			return written{}, err
		}
		result.Revision = p.revision()
		result.Changed, result.Change.Revision = true, int64(result.Revision)
	}
	return result, nil
}

// writeWritten writes for people what was changed. The last line after a dry run is hint.
func writeWritten(text *strings.Builder, w written, hint string) {
	writeChange(text, w.Change)
	switch {
	case isEmpty(w.Change):
		note(text, "Nothing changed.\n")
	case w.DryRun:
		note(text, "%s\n", hint)
	default:
		note(text, "Done in revision %d.\n", w.Revision)
	}
}

// isEmpty reports whether a change changes nothing.
func isEmpty(c openapi.Change) bool {
	return len(c.Groups) == 0 && c.AddedCount == 0 && c.RemovedCount == 0
}
