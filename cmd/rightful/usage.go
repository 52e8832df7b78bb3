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
	short: "Show when a user last used what they may do",
	about: `Show the day (UTC) on which a guard last let USER through for each permission that they hold.
Days are known only if the service records uses (Options.Usage).

With --unused-for, only those permissions are shown that are known to be unused for so many
days: uses were recorded and the user held them on all of these days. The command also says
which groups and own grants could be taken from the user, without taking what was used.`,
	read: func(ctx context.Context, c *client.Client, name string, unusedFor int) (openapi.Usage, error) {
		return c.User(name).Usage(ctx, unusedFor)
	},
}

var groupUsage = usageSubject{
	kind: "group", argument: "NAME", example: "Finance", verb: "gives", complete: completeGroups,
	short: "Show when members last used what a group gives",
	about: `Show the day (UTC) on which a guard last let a member through for each permission that the group
gives. Members of groups that inherit it count, too, and so do uses of what another group gives
them as well. Days are known only if the service records uses (Options.Usage).

With --unused-for, only those permissions are shown that are known to be unused for so many
days: uses were recorded, the group gave them and it had some of its members on all of these
days. The command also says which grants of the group could be revoked, without taking what a
member used.`,
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
	cmd.Flags().Var(&f.unusedFor, "unused-for", "show what is known to be unused for so many `days`, up to today")
	cmd.Flags().BoolVar(&f.remove, "remove", false, "take away what is unused, as one change")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "don't ask")
}

func (s usageSubject) command(p process, out *output) *cobra.Command {
	var f usageFlags
	cmd := withFormats(&cobra.Command{
		Use:   "usage " + s.argument,
		Short: s.short,
		Long: s.about + `

With --remove, this is done as one change. On a terminal the command first shows what it would
change, and asks; --yes answers in advance. Exit status 3 means that something else would be
changed after the question than before it.`,
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
