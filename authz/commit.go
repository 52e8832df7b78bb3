package authz

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// newChange returns a change made now onto a revision, still without a delta and a hash.
func newChange(onto Revision, actor Actor, action Action) Change {
	return Change{Revision: onto + 1, At: time.Now().UTC().Truncate(time.Microsecond), Actor: actor, Action: action}
}

// seal returns the record of a change, chained to the records of the policy before it, and gives
// its hash to the change and to the policy after it.
func (e *Engine) seal(c *Change, before, after *snapshot) (Record, error) {
	record, err := c.record(before.hash, e.options.RecordKey)
	c.Hash, after.hash = slices.Clone(record.Hash), record.Hash
	return record, err
}

// newCommit returns what the store is to write for a change.
func newCommit(after *snapshot, d Delta, record Record) Commit {
	c := Commit{Record: record, Milestones: after.milestones}
	for _, g := range d.Groups {
		switch {
		case g.After == nil:
			c.DeleteGroups = append(c.DeleteGroups, g.Before.Name)
		case g.Before != nil && g.Before.Name != g.After.Name:
			c.Renames = append(c.Renames, Rename{g.Before.Name, g.After.Name})
		}
	}
	for _, r := range d.Removed {
		c.RemoveRows = append(c.RemoveRows, r.row())
	}
	for _, r := range d.Added {
		c.AddRows = append(c.AddRows, r.row())
	}
	for _, g := range after.groups {
		if g != nil && g.version == after.revision {
			c.PutGroups = append(c.PutGroups, GroupRow{
				GroupInfo: g.info, Version: g.version, UpdatedAt: g.updatedAt.UnixMicro(), UpdatedBy: g.updatedBy,
			})
		}
	}
	for id := range userMoves(d) {
		c.Users = append(c.Users, id)
	}
	slices.Sort(c.Users)
	return c
}

// announce logs a committed change and notifies the other instances.
func (e *Engine) announce(c Change) {
	e.log.Info("policy changed", "revision", c.Revision, "actor_kind", c.Actor.Kind, "actor", c.Actor.ID,
		"channel", c.Channel, "action", c.Action, "target", c.Target,
		"added", len(c.Delta.Added), "removed", len(c.Delta.Removed), "head", hex.EncodeToString(c.Hash))
	if e.options.Notifier == nil {
		return
	}
	e.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), e.options.WriteTimeout)
		defer cancel()
		if err := e.options.Notifier.Publish(ctx, c.Revision); err != nil {
			e.log.Warn("can't notify other instances; they find the change by polling", "revision", c.Revision, "error", err)
		}
	})
}

// bug wraps an error that only a fault of this package can cause.
func bug(err error) error { return fmt.Errorf("this is a bug in Rightful, please report it: %w", err) }
