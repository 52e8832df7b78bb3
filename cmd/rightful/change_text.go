package main

import (
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
)

const (
	shownUsers       = 10 // who gain or lose something, for people
	shownPermissions = 5  // of each of them
)

// writeChange writes for people what a change adds and removes, and who gains and loses by it.
func writeChange(text *strings.Builder, c openapi.Change) {
	for _, g := range c.Groups {
		note(text, "  %s\n", groupChangeText(g))
	}
	for _, r := range c.Added {
		note(text, "  + %s\n", changedRuleText(r))
	}
	writeMore(text, "+", c.AddedCount-len(c.Added))
	for _, r := range c.Removed {
		note(text, "  - %s\n", changedRuleText(r))
	}
	writeMore(text, "-", c.RemovedCount-len(c.Removed))
	if c.Fault != "" {
		note(text, "  ! %s\n", c.Fault)
	}
	if c.LeftOut > 0 {
		note(text, "  %s left out: the membership has ended already\n", are(c.LeftOut, "line"))
	}
	if c.DroppedEnds > 0 {
		note(text, "  %s made permanent: the file sets no end for them\n", are(c.DroppedEnds, "membership"))
	}
	writeImpact(text, "gains", c.Gains, c.GainCount)
	writeImpact(text, "loses", c.Losses, c.LossCount)
}

func writeMore(text *strings.Builder, sign string, more int) {
	if more > 0 {
		note(text, "  %s %d more, not shown\n", sign, more)
	}
}

func groupChangeText(g openapi.GroupChange) string {
	switch {
	case g.Before == nil:
		return "+ group " + described(*g.After)
	case g.After == nil:
		return "- group " + g.Before.Name
	case g.Before.Name != g.After.Name:
		return fmt.Sprintf("~ group %s becomes %s", g.Before.Name, g.After.Name)
	}
	return fmt.Sprintf("~ group %s: %q becomes %q", g.After.Name, g.Before.Description, g.After.Description)
}

func described(g openapi.GroupDescription) string {
	if g.Description == "" {
		return g.Name
	}
	return g.Name + ": " + g.Description
}

// changedRuleText describes a rule of a change.
func changedRuleText(r openapi.ChangedRule) string {
	subject := subjectName(r.Subject)
	switch r.Rule {
	case openapi.RuleKindMember:
		if r.Until.IsZero() {
			return fmt.Sprintf("%s in %s", subject, r.Group)
		}
		return fmt.Sprintf("%s in %s until %s", subject, r.Group, date(r.Until))
	case openapi.RuleKindInherit:
		return fmt.Sprintf("%s inherits %s", subject, r.Group)
	}
	return fmt.Sprintf("%s %s of %s", r.Rule, r.Pattern, subject)
}

// writeImpact says who gains or loses what. The list is absent for a caller who may not see users.
func writeImpact(text *strings.Builder, verb string, list []openapi.Gain, count *int) {
	if count == nil {
		return
	}
	for _, one := range list[:min(shownUsers, len(list))] {
		permissions := one.Permissions
		more := max(one.PermissionCount, len(permissions)) - shownPermissions
		shown := strings.Join(permissions[:min(shownPermissions, len(permissions))], ", ")
		if more > 0 {
			shown += fmt.Sprintf(" and %d more", more)
		}
		note(text, "  %s %s %s\n", one.User, verb, shown)
	}
	if more := *count - shownUsers; more > 0 {
		note(text, "  %s also %s permissions\n", plural(more, "other user"), plainVerb(verb, more))
	}
}

// plainVerb is the form of "gains" and "loses" for so many users.
func plainVerb(verb string, n int) string {
	if n == 1 {
		return verb
	}
	return strings.TrimSuffix(verb, "s")
}
