package main

import (
	"context"
	"errors"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// ruleSubject is what has rules: a group, or a user beside those of the groups that they are in.
type ruleSubject struct {
	kind     string // of the parent command, too
	argument string
	example  string
	complete completer
	change   func(ctx context.Context, c *client.Client, name string, delta openapi.RulesDelta) error
}

var groupRules = ruleSubject{"group", "NAME", "Compliance", completeGroups, func(ctx context.Context, c *client.Client, name string, delta openapi.RulesDelta) error {
	_, _, err := c.Group(name).ChangeRules(ctx, delta)
	return err
}}

var userRules = ruleSubject{"user", "USER", "emil", completeUsers, func(ctx context.Context, c *client.Client, name string, delta openapi.RulesDelta) error {
	_, _, err := c.User(name).ChangeRules(ctx, delta)
	return err
}}

// commands are the commands that add and remove rules.
func (s ruleSubject) commands(p process, out *output) []*cobra.Command {
	return []*cobra.Command{
		s.command(p, out, "grant", "Grant permissions to a "+s.kind,
			func(list []string) openapi.RulesDelta { return openapi.RulesDelta{Grant: list} }),
		s.command(p, out, "revoke", "Remove grants from a "+s.kind,
			func(list []string) openapi.RulesDelta { return openapi.RulesDelta{Revoke: list} }),
		s.command(p, out, "restrict", "Deny a "+s.kind+" permissions, even if something grants them",
			func(list []string) openapi.RulesDelta { return openapi.RulesDelta{Restrict: list} }),
		s.command(p, out, "lift", "Remove restrictions from a "+s.kind,
			func(list []string) openapi.RulesDelta { return openapi.RulesDelta{Lift: list} }),
	}
}

func (s ruleSubject) command(p process, out *output, verb, short string, delta func([]string) openapi.RulesDelta) *cobra.Command {
	var f writeFlags
	cmd := &cobra.Command{
		Use:               verb + " " + s.argument + " PERMISSION...",
		Short:             short,
		Long:              s.long(short),
		Example:           "  rightful " + s.kind + " " + verb + " " + s.example + ` finance.reports:export --reason "quarterly review"`,
		Args:              s.arguments,
		ValidArgsFunction: f.completing(p, s.complete, completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.changeRules(cmd.Context(), p, out, &f, args[0], delta(args[1:]))
		},
	}
	f.addFlags(cmd)
	return cmd
}

func (s ruleSubject) long(short string) string {
	text := short + `, in one change. A permission can be a pattern, such as
"finance.*:*". It is no error if nothing changes.`
	if s.kind == "user" {
		text += "\n\nThis changes the user's own rules, not those of the user's groups."
	}
	return text
}

func (s ruleSubject) arguments(_ *cobra.Command, args []string) error {
	if len(args) < 2 {
		return usageError{errors.New("takes a " + s.kind + " and one or more permissions")}
	}
	return nil
}

func (s ruleSubject) changeRules(ctx context.Context, p process, out *output, f *writeFlags, name string, delta openapi.RulesDelta) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	return f.write(out, policy, func(c *client.Client) error { return s.change(ctx, c, name, delta) })
}
