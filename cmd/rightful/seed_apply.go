package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

// maxBatch is how many operations one change can have.
const maxBatch = 100

// carryOut makes the changes of a plan: the import of the rules, and then the groups, so that a group without rules
// can be deleted.
func (p *policy) carryOut(ctx context.Context, seed seedFolder, plan seedPlan, reason string) (applied, error) {
	done, c := applied{Plan: plan}, p.Because(reason)
	add := func(change openapi.Change) {
		if change.Revision > 0 {
			done.Changed, done.Revisions = true, append(done.Revisions, change.Revision)
		}
	}
	if plan.imports() {
		change, err := c.Import(ctx, plan.Mode, bytes.NewReader(seed.policy))
		if err != nil {
			return done, inFile(seed.file("policy.csv"), err)
		}
		add(change)
	}
	for steps := range slices.Chunk(plan.Groups, maxBatch) {
		change, err := p.changeGroups(ctx, c, steps)
		if err != nil && done.Changed {
			return done, fmt.Errorf("the rules are applied, in %s, but the groups are not; run apply again: %w", revisions(done.Revisions), err)
		}
		if err != nil {
			return done, err
		}
		add(change)
	}
	return done, nil
}

// changeGroups carries out steps as one change.
func (p *policy) changeGroups(ctx context.Context, c *client.Client, steps []groupStep) (openapi.Change, error) {
	versions := map[string]client.Version{}
	for _, step := range steps {
		if step.Action == groupCreated {
			continue
		}
		group, version, err := p.Group(step.Name).Get(ctx)
		if err != nil {
			return openapi.Change{}, err
		}
		if group.Description != step.Before {
			return openapi.Change{}, conflictError{fmt.Errorf("the group %s has changed in the meantime", step.Name)}
		}
		versions[step.Name] = version
	}
	return c.Batch(ctx, func(c *client.Client) error {
		for _, step := range steps {
			if err := step.operate(ctx, c, versions[step.Name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// operate adds the step to a batch.
func (s groupStep) operate(ctx context.Context, c *client.Client, version client.Version) (err error) {
	switch s.Action {
	case groupCreated:
		_, _, err = c.CreateGroup(ctx, openapi.GroupCreate{Name: s.Name, Description: s.Description})
	case groupDescribed:
		_, _, err = c.Group(s.Name).Update(ctx, version, openapi.GroupPatch{Description: openapi.Set(s.Description)})
	case groupDeleted:
		err = c.Group(s.Name).Delete(ctx, version)
	}
	return err
}
