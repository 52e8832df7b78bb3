package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func userCommand(p process, out *output) *cobra.Command {
	var s source
	cmd := withFormats(&cobra.Command{
		Use:   "user USER",
		Short: "Show the groups, rules and effective permissions of a user",
		Long: `Show the groups of USER with the ends of the memberships, the user's own rules, and the effective
permissions, each with a rule that grants it. -o csv lists only the effective permissions. Any id
is accepted, because accounts belong to the service. If an id is also the name of a command
below, put -- before it, as in rightful user -- grant.

The commands below change only the user's own rules. To change the groups of a user, use
rightful group members.`,
		Example: `  rightful user --db sqlite:policy.db cleo
  rightful user grant emil finance.reports:export --reason "quarterly review"`,
		Args:              one("user"),
		ValidArgsFunction: s.completing(p, completeUsers),
		RunE: func(cmd *cobra.Command, args []string) error {
			return showUser(cmd.Context(), p, out, &s, args[0])
		},
	}, formatCSV)
	s.addFlags(cmd)
	s.addSeedFlag(cmd)
	cmd.AddCommand(userUsage.command(p, out))
	cmd.AddCommand(userRules.commands(p, out)...)
	return cmd
}

func showUser(ctx context.Context, p process, out *output, s *source, id string) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	user, err := policy.wholeUser(ctx, id)
	if err != nil {
		return err
	}
	t := table{header: []string{"permission", "label", "until", "grant", "through"}}
	for _, e := range user.Effective {
		grant := firstGrant(e.Origins)
		t.add(e.Permission, e.Label, date(e.Until), grant[0], grant[1])
	}
	var text strings.Builder
	writeUser(&text, user)
	return out.printTable(user, t, text.String(), "")
}

// wholeUser reads a user, and in pages what a user with very many rules shows only in part.
func (p *policy) wholeUser(ctx context.Context, id string) (openapi.User, error) {
	user, _, err := p.User(id).Get(ctx)
	if err == nil && user.GroupCount > 0 {
		user.Groups, _, err = p.User(id).Groups(ctx)
		user.GroupCount = 0
	}
	if err == nil && user.Permissions.GrantCount+user.Permissions.RestrictionCount > 0 {
		user.Permissions, _, err = p.User(id).Rules(ctx)
	}
	if err == nil && user.EffectiveCount > 0 {
		user.Effective, err = all(p.User(id).Effective(ctx))
		user.EffectiveCount = 0
	}
	return user, err
}

func writeUser(text *strings.Builder, user openapi.User) {
	name := user.ID
	if user.DisplayName != "" {
		name = fmt.Sprintf("%s (%s)", user.ID, user.DisplayName)
	}
	if !user.Known {
		note(text, "%s\n", unknownUser(user.ID))
		return
	}
	note(text, "%s\n", name)
	for _, m := range user.Groups {
		note(text, "  member of %s%s\n", m.Group, until(m.Until))
	}
	writeRules(text, user.Permissions)
	if len(user.Effective) == 0 {
		note(text, "%s has no permissions.\n", user.ID)
		return
	}
	note(text, "\n")
}

// writeRules lists own rules.
func writeRules(text *strings.Builder, rules openapi.Rules) {
	for _, pattern := range rules.Grants {
		note(text, "  grant %s\n", pattern)
	}
	for _, pattern := range rules.Restrictions {
		note(text, "  restriction %s\n", pattern)
	}
}
