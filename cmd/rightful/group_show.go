package main

import (
	"context"
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func groupShowCommand(p process, out *output) *cobra.Command {
	var s source
	cmd := withFormats(&cobra.Command{
		Use:   "show NAME",
		Short: "Show a group with the rules that apply to its members",
		Long: `Show a group: its description, the groups that it inherits, and the rules that apply to its
members, with the group that each rule belongs to. rightful group members lists the members.`,
		Example:           `  rightful group show --db sqlite:policy.db "Requests desk"`,
		Args:              one("group"),
		ValidArgsFunction: s.completing(p, completeGroups),
		RunE: func(cmd *cobra.Command, args []string) error {
			return showGroup(cmd.Context(), p, out, &s, args[0])
		},
	}, formatCSV)
	s.addFlags(cmd)
	s.addSeedFlag(cmd)
	return cmd
}

// shownGroup is the result of group show.
type shownGroup struct {
	openapi.Group
	Effective []effectiveRule `json:"effective"` // its own rules and those that it inherits
}

type effectiveRule struct {
	Rule    openapi.RuleKind `json:"rule"`
	Pattern string           `json:"pattern"`
	Path    []string         `json:"path"` // of groups, from this one to the one that has the rule
}

func showGroup(ctx context.Context, p process, out *output, s *source, name string) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	group, _, err := policy.Group(name).Get(ctx)
	if err != nil {
		return err
	}
	rules, err := policy.effectiveRules(ctx, name)
	if err != nil {
		return err
	}
	t := table{header: []string{"rule", "pattern", "from"}}
	for _, r := range rules {
		t.add(string(r.Rule), r.Pattern, r.Path[len(r.Path)-1])
	}
	var text strings.Builder
	writeGroup(&text, group)
	after := ""
	if len(rules) == 0 {
		after = "It has no rules.\n"
	} else {
		note(&text, "\n")
	}
	return out.printTable(shownGroup{group, rules}, t, text.String(), after)
}

func writeGroup(text *strings.Builder, g openapi.Group) {
	note(text, "%s", g.Name)
	if g.Description != "" {
		note(text, ": %s", g.Description)
	}
	note(text, "\n  %s\n", plural(g.MemberCount, "member"))
	if len(g.Inherits) > 0 {
		note(text, "  inherits %s\n", strings.Join(g.Inherits, ", "))
	}
	if g.Protected {
		note(text, "  protected: it holds every permission and can't be changed or deleted\n")
	}
}

// effectiveRules lists the rules that apply to the members of a group.
func (p *policy) effectiveRules(ctx context.Context, name string) ([]effectiveRule, error) {
	list := []effectiveRule{}
	for item, err := range p.Group(name).EffectiveRules(ctx) {
		if err != nil {
			return nil, err
		}
		rules, err := p.wholeRules(ctx, item)
		if err != nil {
			return nil, err
		}
		for _, pattern := range rules.Grants {
			list = append(list, effectiveRule{openapi.RuleKindGrant, pattern, item.Path})
		}
		for _, pattern := range rules.Restrictions {
			list = append(list, effectiveRule{openapi.RuleKindRestriction, pattern, item.Path})
		}
	}
	return list, nil
}

// wholeRules returns the own rules of a group in a list, which has only the first of very many.
func (p *policy) wholeRules(ctx context.Context, item client.GroupRules) (openapi.Rules, error) {
	if item.Rules.GrantCount+item.Rules.RestrictionCount == 0 {
		return item.Rules, nil
	}
	rules, _, err := p.Group(item.Group).Rules(ctx)
	return rules, err
}
