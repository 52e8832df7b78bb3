package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// usageSubject is what permissions are held or given by: a user, or a group.
type usageSubject struct {
	kind     string // of the parent command, too
	argument string
	short    string
	about    string
	example  string
	verb     string // in "ben holds"
	complete completer
	read     func(ctx context.Context, c *client.Client, name string, unusedFor int) (openapi.Usage, error)
}

var userUsage = usageSubject{
	kind: "user", argument: "USER", example: "hugo", verb: "holds", complete: completeUsers,
	short: "Show when a user last used each permission",
	about: `Show the day (UTC) on which a guard last allowed USER each permission that they hold. This needs
a service that records uses (Options.Usage).

With --unused-for, show only permissions that are known to be unused for that many days: uses
were recorded, and the user held the permission, on all of these days. The command also says
which groups and own grants to remove, so that the user loses nothing that was used.`,
	read: func(ctx context.Context, c *client.Client, name string, unusedFor int) (openapi.Usage, error) {
		return c.User(name).Usage(ctx, unusedFor)
	},
}

var groupUsage = usageSubject{
	kind: "group", argument: "NAME", example: "Finance", verb: "gives", complete: completeGroups,
	short: "Show when members last used each permission of a group",
	about: `Show the day (UTC) on which a guard last allowed a member each permission that the group gives.
Members of groups that inherit it are included. A use is included even if the member holds the
permission through another group as well. This needs a service that records uses (Options.Usage).

With --unused-for, show only permissions that are known to be unused for that many days: uses
were recorded, the group gave the permission, and some of the present members were in it, on all
of these days. The command also says which grants of the group to revoke, so that no member
loses anything that was used.`,
	read: func(ctx context.Context, c *client.Client, name string, unusedFor int) (openapi.Usage, error) {
		return c.Group(name).Usage(ctx, unusedFor)
	},
}

// usageFlags are the flags of user usage and group usage.
type usageFlags struct {
	writeFlags
	unusedFor   daysFlag
	remove, yes bool
}

func (f *usageFlags) addFlags(cmd *cobra.Command) {
	f.writeFlags.addFlags(cmd)
	cmd.Flags().Var(&f.unusedFor, "unused-for", "show only what is known to be unused for this many `days`, including today")
	cmd.Flags().BoolVar(&f.remove, "remove", false, "remove what is unused, in one change")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "don't ask for confirmation")
}

func (s usageSubject) command(p process, out *output) *cobra.Command {
	var f usageFlags
	cmd := withFormats(&cobra.Command{
		Use:   "usage " + s.argument,
		Short: s.short,
		Long: s.about + `

With --remove, the command makes this change. On a terminal, it shows the change and asks first,
unless you add --yes. Exit status 3 means that the policy, or what is unused, changed before you
answered.`,
		Example: "  rightful " + s.kind + " usage " + s.example + " --unused-for 90\n" +
			"  rightful " + s.kind + " usage " + s.example + ` --unused-for 90 --remove --reason "yearly review"`,
		Args:              one(s.kind),
		ValidArgsFunction: f.completing(p, s.complete),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.show(cmd.Context(), p, out, &f, args[0])
		},
	}, formatCSV)
	f.addFlags(cmd)
	return cmd
}

// shownUsage is the result of user usage and group usage.
type shownUsage struct {
	openapi.Usage
	Removal *written `json:"removal,omitempty"` // what takes away what is unused, if the caller may do it
}

func (s usageSubject) show(ctx context.Context, p process, out *output, f *usageFlags, name string) error {
	if f.remove && f.unusedFor == 0 {
		return usageError{errors.New("--remove needs --unused-for: say for how many days permissions must be unused")}
	}
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	usage, err := s.read(ctx, policy.Client, name, int(f.unusedFor))
	if err != nil {
		return err
	}
	r := usageRemoval{s, p, policy, f, name}
	result := shownUsage{Usage: usage}
	if len(usage.Operations) > 0 {
		if result.Removal, err = r.plan(ctx, usage); err != nil {
			return err
		}
	}
	return s.print(out, f, name, result)
}

// daysFlag is the value of --unused-for.
type daysFlag int

const maxDays = 3650 // that a service answers for

func (d *daysFlag) Type() string { return "days" }

func (d *daysFlag) String() string { return strconv.Itoa(int(*d)) }

func (d *daysFlag) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxDays {
		return errors.New("must be a number of days from 1 to " + strconv.Itoa(maxDays))
	}
	*d = daysFlag(n)
	return nil
}
