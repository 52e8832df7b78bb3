package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// auditFilter are the flags that select changes.
type auditFilter struct {
	client.ChangeFilter
	since, until timeFlag
}

func (f *auditFilter) addFlags(cmd *cobra.Command, s *source, p process) {
	flags := cmd.Flags()
	flags.StringVar(&f.Actor, "actor", "", "only changes by this actor: the `id` of a user, or the account that ran a command")
	flags.StringVar(&f.Group, "group", "", "only changes to this `group`, its rules, members or inheritance")
	flags.StringVar(&f.User, "user", "", "only changes to the groups and own rules of this `user`")
	completeFlag(cmd, "group", s.completing(p, completeGroups))
	completeFlag(cmd, "user", s.completing(p, completeUsers))
	completeFlag(cmd, "actor", s.completing(p, completeUsers))
}

// timeFlag is a time on the command line, as RFC 3339 has it.
type timeFlag struct{ time.Time }

func (t *timeFlag) Type() string   { return "time" }
func (t *timeFlag) String() string { return date(t.Time) }

func (t *timeFlag) Set(text string) (err error) {
	if t.Time, err = time.Parse(time.RFC3339Nano, text); err != nil {
		return errors.New("must be a time such as 2026-12-01T00:00:00Z")
	}
	return nil
}

func auditListCommand(p process, out *output) *cobra.Command {
	var s source
	var f auditFilter
	var limit int
	cmd := withFormats(&cobra.Command{
		Use:   "list",
		Short: "List changes, newest first",
		Example: `  rightful audit list --db sqlite:policy.db --group Finance --since 2026-11-01T00:00:00Z
  rightful audit list --actor ana --limit 0 -o csv > changes.csv`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.Since, f.Until = f.since.Time, f.until.Time
			return listChanges(cmd.Context(), p, out, &s, f.ChangeFilter, limit)
		},
	}, formatCSV)
	s.addFlags(cmd)
	f.addFlags(cmd, &s, p)
	flags := cmd.Flags()
	flags.Var(&f.since, "since", "only changes made at this `time` (RFC 3339) or later")
	flags.Var(&f.until, "until", "only changes made before this `time` (RFC 3339)")
	flags.IntVar(&limit, "limit", 50, "list at most this `number` of changes; 0 for all")
	return cmd
}

// changes is the result of audit list.
type changes struct {
	Items []openapi.Change `json:"items"`
	More  bool             `json:"more"` // there are older ones, which the limit leaves out
}

func listChanges(ctx context.Context, p process, out *output, s *source, filter client.ChangeFilter, limit int) error {
	if limit < 0 {
		return usageError{errors.New("--limit must not be negative")}
	}
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	list, t := changes{Items: []openapi.Change{}}, newChangeTable()
	for change, err := range policy.Changes(ctx, filter) {
		if err != nil {
			return err
		}
		if limit > 0 && len(list.Items) == limit {
			list.More = true
			break
		}
		list.Items = append(list.Items, change)
		t.add(changeFields(change)...)
	}
	end := ""
	switch {
	case len(list.Items) == 0:
		end = "No changes match.\n"
	case list.More:
		end = "Older changes aren't shown; --limit 0 lists all.\n"
	}
	return out.printTable(list, t, "", end)
}

func newChangeTable() table {
	return table{header: []string{"revision", "at", "kind", "actor", "channel", "action", "target", "added", "removed", "reason"}}
}

func changeFields(c openapi.Change) []string {
	return []string{
		strconv.FormatInt(c.Revision, 10), date(c.At), string(c.Actor.Kind), c.Actor.ID, c.Channel, c.Action, c.Target,
		strconv.Itoa(c.AddedCount), strconv.Itoa(c.RemovedCount), c.Reason,
	}
}
