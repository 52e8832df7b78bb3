package main

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// seedPlan is how a policy differs from a seed, and so what applying the seed does: the import of its rules, and then
// a change of groups.
type seedPlan struct {
	Differs bool               `json:"differs"`
	Mode    openapi.ImportMode `json:"mode"`
	Policy  *openapi.Change    `json:"policy,omitempty"` // what the import would change; absent without policy.csv
	Groups  []groupStep        `json:"groups"`

	// The catalog belongs to the application, so differences from it are only told.
	OnlyInSeed    []string `json:"only_in_seed,omitempty"`    // permissions that the application doesn't declare
	OnlyInCatalog []string `json:"only_in_catalog,omitempty"` // permissions that permissions.csv lacks
}

// groupStep creates, describes or deletes a group.
type groupStep struct {
	Action      groupAction `json:"action"`
	Name        string      `json:"name"`
	Before      string      `json:"before,omitempty"` // the description
	Description string      `json:"description,omitempty"`
}

type groupAction string

const (
	groupCreated   groupAction = "create"
	groupDescribed groupAction = "describe"
	groupDeleted   groupAction = "delete"
)

// imports reports whether the plan changes rules, memberships or ends.
func (p *seedPlan) imports() bool { return p.Policy != nil && !isEmpty(*p.Policy) }

// plan compares a seed with the policy.
func (p *policy) plan(ctx context.Context, seed seedFolder, mode openapi.ImportMode) (seedPlan, error) {
	plan := seedPlan{Mode: mode, Groups: []groupStep{}}
	if seed.policy == nil && mode == openapi.ImportModeReplace {
		return plan, errors.New("the seed has no policy.csv, and without it --replace would remove every rule; use it without --replace")
	}
	groups, err := all(p.Groups(ctx, ""))
	if err != nil {
		return plan, err
	}
	if seed.policy != nil {
		change, err := p.Preview(func(c *client.Client) error {
			_, err := c.Import(ctx, mode, bytes.NewReader(seed.policy))
			return err
		})
		if err != nil {
			return plan, inFile(seed.file("policy.csv"), err)
		}
		plan.Policy = &change
	}
	plan.Groups = groupSteps(seed, groups, mode)
	if err := p.compareCatalog(ctx, seed, &plan); err != nil {
		return plan, err
	}
	plan.Differs = plan.imports() || len(plan.Groups) > 0
	return plan, nil
}

// groupSteps lists what makes the groups those of the seed, once its rules are imported.
func groupSteps(seed seedFolder, groups []openapi.Group, mode openapi.ImportMode) []groupStep {
	steps, named := []groupStep{}, seed.groupNames()
	before := map[string]string{}
	for _, g := range groups {
		before[g.Name] = g.Description
	}
	for _, g := range seed.Groups {
		name := string(g.Name)
		description, exists := before[name]
		switch {
		case !exists && !named[name]:
			steps = append(steps, groupStep{groupCreated, name, "", g.Description})
		case g.Description == description, g.Description == "" && mode == openapi.ImportModeMerge:
		default:
			steps = append(steps, groupStep{groupDescribed, name, description, g.Description})
		}
		named[name] = true
	}
	for _, g := range groups {
		if mode == openapi.ImportModeReplace && !g.Protected && !named[g.Name] {
			steps = append(steps, groupStep{groupDeleted, g.Name, g.Description, ""})
		}
	}
	return steps
}

// compareCatalog notes how the catalog of the seed differs from that of the application.
func (p *policy) compareCatalog(ctx context.Context, seed seedFolder, plan *seedPlan) error {
	if len(seed.Catalog) == 0 {
		return nil
	}
	declared, err := p.declared(ctx)
	if err != nil || len(declared) == 0 {
		return err
	}
	for _, e := range seed.Catalog {
		if !slices.ContainsFunc(declared, func(d openapi.Permission) bool { return d.Permission == string(e.Permission) }) {
			plan.OnlyInSeed = append(plan.OnlyInSeed, string(e.Permission))
		}
	}
	for _, d := range declared {
		if !slices.ContainsFunc(seed.Catalog, func(e authz.Entry) bool { return string(e.Permission) == d.Permission }) {
			plan.OnlyInCatalog = append(plan.OnlyInCatalog, d.Permission)
		}
	}
	return nil
}
