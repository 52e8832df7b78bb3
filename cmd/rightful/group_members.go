package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func groupMembersCommand(p process, out *output) *cobra.Command {
	var f writeFlags
	var until endFlag
	cmd := withFormats(&cobra.Command{
		Use:   "members NAME [list | add USER... | remove USER...]",
		Short: "List, add and remove the members of a group",
		Long: `List the members of a group with the ends of their memberships, add users, or remove users. Adding
or removing several users is one change.

With add, --until sets when the memberships end, for example 2026-12-01T00:00:00Z, and "never"
makes them permanent, also for users who are members already. Without --until, existing
memberships keep their end, and new ones are permanent.`,
		Example: `  rightful group members "Requests desk"
  rightful group members "Requests desk" add cleo --until 2026-12-01T00:00:00Z --reason "covers for dana"
  rightful group members "Requests desk" remove cleo ben`,
		Args:              membersArguments,
		ValidArgsFunction: f.completing(p, completeGroups, completeVerb, completeUsers),
		RunE: func(cmd *cobra.Command, args []string) error {
			return members(cmd.Context(), p, out, &f, until, args)
		},
	}, formatCSV)
	f.addFlags(cmd)
	cmd.Flags().Var(&until, "until", "`time` (RFC 3339) at which the memberships end, or never")
	return cmd
}

func completeVerb(context.Context, namesOf, string) ([]string, error) {
	return []string{"list", "add", "remove"}, nil
}

func membersArguments(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usageError{errors.New("takes a group, and then list, add or remove")}
	case len(args) == 1, args[1] == "list" && len(args) == 2, (args[1] == "add" || args[1] == "remove") && len(args) > 2:
		return nil
	case args[1] == "add" || args[1] == "remove":
		return usageError{fmt.Errorf("name one or more users to %s", args[1])}
	}
	return usageError{fmt.Errorf("%q must be list, add or remove", args[1])}
}

// endFlag is the value of --until.
type endFlag struct {
	given bool
	end   time.Time // zero for never
}

func (e *endFlag) Type() string { return "time" }

func (e *endFlag) String() string { return date(e.end) }

func (e *endFlag) Set(text string) error {
	e.given = true
	if text == "never" {
		return nil
	}
	end, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return errors.New("must be a time such as 2026-12-01T00:00:00Z, or never")
	}
	e.end = end
	return nil
}

func members(ctx context.Context, p process, out *output, f *writeFlags, until endFlag, args []string) error {
	verb := append(args, "list")[1]
	if until.given && verb != "add" {
		return usageError{errors.New("--until works only with add")}
	}
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	group, users := args[0], args[min(2, len(args)):]
	switch {
	case verb == "list":
		return listMembers(ctx, out, policy, group)
	case verb == "remove":
		return f.write(out, policy, func(c *client.Client) error {
			_, err := c.Group(group).ChangeMembers(ctx, openapi.MembersDelta{Remove: users})
			return err
		})
	case !until.given:
		return f.write(out, policy, func(c *client.Client) error {
			_, err := c.Group(group).ChangeMembers(ctx, openapi.MembersDelta{Add: users})
			return err
		})
	}
	return f.write(out, policy, func(c *client.Client) error { return addUntil(ctx, c, group, users, until.end) })
}

// addUntil puts users into a group until a time, or changes when their memberships end.
func addUntil(ctx context.Context, c *client.Client, group string, users []string, end time.Time) error {
	if len(users) == 1 {
		return c.Group(group).AddUntil(ctx, users[0], end)
	}
	_, err := c.Batch(ctx, func(c *client.Client) error {
		for _, user := range users {
			if err := c.Group(group).AddUntil(ctx, user, end); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// groupMembers is the result of group members.
type groupMembers struct {
	Group string           `json:"group"`
	Items []openapi.Member `json:"items"`
}

func listMembers(ctx context.Context, out *output, p *policy, group string) error {
	items, err := all(p.Group(group).Members(ctx))
	if err != nil {
		return err
	}
	t := table{header: []string{"user", "name", "until"}}
	for _, m := range items {
		t.add(m.User, m.DisplayName, date(m.Until))
	}
	none := ""
	if len(items) == 0 {
		none = fmt.Sprintf("%s has no members.\n", group)
	}
	return out.printTable(groupMembers{group, items}, t, "", none)
}
