package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// followFlags are the flags of audit follow.
type followFlags struct {
	source
	auditFilter
	after    int64
	interval time.Duration
	count    int
}

func auditFollowCommand(p process, out *output) *cobra.Command {
	var f followFlags
	cmd := withFormats(&cobra.Command{
		Use:   "follow",
		Short: "Print changes as they are made",
		Long: `Print each change as it is made, with what it adds and removes, until you interrupt the
command. With -o json, each line is one change. While the service or the database can't be
reached, the command says so and tries again; it misses no change.`,
		Example: `  rightful audit follow --url https://desk.example/api/v1
  rightful audit follow --after 482 -o json | logger -t rightful`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return follow(cmd.Context(), p, out, &f, cmd.Flags().Changed("after"))
		},
	}, formatCSV)
	f.source.addFlags(cmd)
	f.auditFilter.addFlags(cmd, &f.source, p)
	flags := cmd.Flags()
	flags.Int64Var(&f.after, "after", 0, "start after this `revision`; 0 starts with the first change (default: the current revision)")
	flags.DurationVar(&f.interval, "interval", 2*time.Second, "`duration` between two requests for new changes, at least 100ms")
	flags.IntVar(&f.count, "count", 0, "stop after this `number` of changes")
	return cmd
}

// shortestInterval keeps a mistake from flooding a service with requests.
const shortestInterval = 100 * time.Millisecond

func follow(ctx context.Context, p process, out *output, f *followFlags, hasAfter bool) error {
	if f.interval < shortestInterval {
		return usageError{errors.New("--interval must be at least 100ms")}
	}
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	last := f.after
	if !hasAfter {
		now, err := policy.Status(ctx)
		if err != nil {
			return err
		}
		last = now.Revision
	}
	return f.poll(ctx, p, out, policy, last)
}

// poll prints the changes after a revision, until the context ends, which is no error, or enough are printed.
func (f *followFlags) poll(ctx context.Context, p process, out *output, policy *policy, last openapi.Revision) error {
	printed, away := 0, false
	tick := time.NewTicker(f.interval)
	defer tick.Stop()
	for {
		list, err := policy.changesAfter(ctx, f.ChangeFilter, last)
		switch {
		case ctx.Err() != nil:
			return nil
		case isUnreachable(err):
			if !away {
				note(p.stderr, "%s; trying again.\n", message(err))
			}
			away = true
		case err != nil:
			return err
		default:
			away = false
		}
		for _, change := range list {
			if err := printChange(out, change); err != nil {
				return err
			}
			last = change.Revision
			if printed++; printed == f.count {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// changesAfter lists the changes after a revision, the oldest first.
func (p *policy) changesAfter(ctx context.Context, filter client.ChangeFilter, last openapi.Revision) ([]openapi.Change, error) {
	filter.After = last
	list, err := all(p.Changes(ctx, filter))
	slices.Reverse(list)
	return list, err
}

func printChange(out *output, change openapi.Change) error {
	switch out.format {
	case formatJSON:
		return json.NewEncoder(out.to).Encode(change)
	case formatCSV:
		return writeCSV(out.to, changeFields(change))
	}
	var text strings.Builder
	writeRecord(&text, change)
	return out.print(change, "%s", strings.TrimSuffix(text.String(), "\n"))
}

// writeRecord writes a recorded change for people.
func writeRecord(text *strings.Builder, c openapi.Change) {
	note(text, "%d  %s  %s", c.Revision, date(c.At), c.Actor.Kind)
	for _, field := range []string{c.Actor.ID, c.Action, c.Target} {
		if field != "" {
			note(text, " %s", field)
		}
	}
	if c.Reason != "" {
		note(text, " (%s)", c.Reason)
	}
	note(text, "\n")
	writeChange(text, c)
}
