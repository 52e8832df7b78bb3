package main

import (
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
)

// writePlan writes for people how a policy differs from a seed.
func writePlan(text *strings.Builder, p seedPlan) {
	created := p.createdGroups()
	for _, step := range p.Groups {
		if created[step.Name] { // the import creates it, and the step describes it
			step.Action = groupCreated
		}
		note(text, "  %s\n", step)
	}
	if p.Policy != nil {
		change := *p.Policy
		change.Groups = withoutSteps(change.Groups, p.Groups)
		writeChange(text, change)
	}
}

// createdGroups are the groups that the import creates.
func (p *seedPlan) createdGroups() map[string]bool {
	created := map[string]bool{}
	if p.Policy == nil {
		return created
	}
	for _, g := range p.Policy.Groups {
		if g.Before == nil && g.After != nil {
			created[g.After.Name] = true
		}
	}
	return created
}

// withoutSteps leaves out the groups that a step describes anyway.
func withoutSteps(groups []openapi.GroupChange, steps []groupStep) (rest []openapi.GroupChange) {
	described := map[string]bool{}
	for _, step := range steps {
		described[step.Name] = true
	}
	for _, g := range groups {
		if g.After == nil || !described[g.After.Name] {
			rest = append(rest, g)
		}
	}
	return rest
}

// String describes a step.
func (s groupStep) String() string {
	switch s.Action {
	case groupCreated:
		return "+ group " + described(openapi.GroupDescription{Name: s.Name, Description: s.Description})
	case groupDeleted:
		return "- group " + s.Name
	}
	if s.Before == "" {
		return fmt.Sprintf("~ group %s: %s", s.Name, s.Description)
	}
	return fmt.Sprintf("~ group %s: %q becomes %q", s.Name, s.Before, s.Description)
}

// summary says how many changes the plan takes.
func (p *seedPlan) summary() string {
	var parts []string
	if p.imports() {
		parts = append(parts, fmt.Sprintf("the import (%s) of %s", p.Mode, plural(p.Policy.AddedCount+p.Policy.RemovedCount, "difference")))
	}
	if n := len(p.Groups); n > 0 {
		parts = append(parts, fmt.Sprintf("a change of %s", plural(n, "group")))
	}
	return fmt.Sprintf("%s: %s", plural(len(parts), "change"), strings.Join(parts, ", and "))
}

// table lists the differences for programs.
func (p *seedPlan) table() table {
	t := table{header: []string{"change", "kind", "subject", "pattern", "group", "until", "description"}}
	for _, step := range p.Groups {
		t.add(string(step.Action), "group", "", "", step.Name, "", step.Description)
	}
	if p.Policy == nil {
		return t
	}
	for _, r := range p.Policy.Added {
		t.add("add", string(r.Rule), r.Subject, r.Pattern, r.Group, date(r.Until), "")
	}
	for _, r := range p.Policy.Removed {
		t.add("remove", string(r.Rule), r.Subject, r.Pattern, r.Group, date(r.Until), "")
	}
	return t
}

// shownPermissionsOfCatalog is how many permissions a note about the catalog names.
const shownPermissionsOfCatalog = 5

// noteCatalog tells how the catalog of the seed differs from that of the application.
func noteCatalog(p process, plan seedPlan) {
	tell := func(list []string, format string) {
		if len(list) == 0 {
			return
		}
		shown := strings.Join(list[:min(len(list), shownPermissionsOfCatalog)], ", ")
		if more := len(list) - shownPermissionsOfCatalog; more > 0 {
			shown += fmt.Sprintf(" and %d more", more)
		}
		note(p.stderr, format, plural(len(list), "permission"), shown)
	}
	tell(plan.OnlyInSeed, "permissions.csv has %s that the application doesn't declare: %s.\n")
	tell(plan.OnlyInCatalog, "The application declares %s that permissions.csv lacks: %s.\n")
}
