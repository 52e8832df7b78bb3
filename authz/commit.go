package authz

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"
)

// newChange returns a change made now onto a revision, still without a delta and a hash.
func newChange(onto Revision, actor Actor, action Action) Change {
	return Change{Revision: onto + 1, At: time.Now().UTC().Truncate(time.Microsecond), Actor: actor, Action: action}
}

// errMoved is the internal result of a commit that wasn't made because the policy has moved on.
var errMoved = errors.New("the policy moved on")

// proposal is a change that was drafted and checked on a policy, on its way into the store.
type proposal struct {
	change        Change
	before, after *snapshot // the policy that it was checked on, and the one that it leads to
	from          *endings  // of before; nil if that isn't and wasn't the present policy
	record        Record
	commit        Commit

	// open is true from a commit that ended with an unknown outcome until the store's records decide it:
	// the record may be there, or get there yet.
	open bool

	footprint footprint // nil until a rebase needs it
}

// prepare builds what the store is to write, apart from the hash and the position, which [Engine.seal] adds
// while it holds the token. What it costs follows the size of the change. The keys are for the record, beside those
// that the change has.
func (p *proposal) prepare(keys ...string) (err error) {
	if p.record, err = p.change.record(); err != nil {
		return err
	}
	p.commit = newCommit(p.after, p.change.Actor, p.change.Delta)
	p.commit.Keys = append(p.commit.Keys, keys...)
	return nil
}

// seal completes a proposal with the hash that chains its record to those of the policy before it.
func (e *Engine) seal(p *proposal) {
	p.record.Hash = p.record.sum(p.before.hash, e.options.RecordKey)
	p.change.Hash, p.after.hash = slices.Clone(p.record.Hash), p.record.Hash
	p.after.sealGroups()
	p.commit.Record, p.commit.Onto, p.commit.PutGroups = p.record, p.before.position(), p.after.changedGroups()
}

// commit writes a sealed proposal to the store. It returns when ctx ends, even if the store doesn't: a
// database driver may not be able to interrupt a COMMIT. After any error but those of [refusesCommit] the outcome is
// unknown, and the proposal is open.
func (e *Engine) commit(ctx context.Context, p *proposal) error {
	done := make(chan error, 1)
	commit := p.commit
	e.writes.spawn(func() {
		done <- e.supervisor.run("store's commit", func() error { return e.store.Commit(ctx, commit) })
	})
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(commitGrace):
			err = ctx.Err()
		}
	}
	switch {
	case isDecided(err): // and no conflict: the record isn't there, and since requests are decided once, it never will be
		p.open = false
	case err != nil && !refusesCommit(err):
		p.open = true
	}
	return err
}

// refusesCommit reports whether an error of a store's commit says that nothing was written.
func refusesCommit(err error) bool {
	return errors.Is(err, ErrConflict) || errors.Is(err, ErrTooEarly) || isDecided(err)
}

// commitGrace is how long a store whose context has ended may take to say what became of a commit.
const commitGrace = 20 * time.Millisecond

// settle looks for the record of a proposal in the store. If another is in its place, the proposal can't be
// written any more. Neither is decided while there is none.
func (e *Engine) settle(ctx context.Context, p *proposal) (decided, written bool, err error) {
	records, err := e.store.Since(ctx, p.record.Revision-1, 1, 0)
	if err != nil {
		return false, false, e.unavailable(ctx, err)
	}
	if len(records) == 0 {
		return false, false, nil
	}
	p.open = false
	return true, bytes.Equal(records[0].Hash, p.record.Hash), nil
}

// adoptOwn makes the policy of a committed proposal the present one, unless the present policy contains the
// change already because the follower was faster. It returns false if neither is the case; then the store
// has to be read.
func (e *Engine) adoptOwn(p *proposal, asked time.Time) bool {
	onto := func(present *snapshot) bool { return present.position().equal(p.before.position()) }
	if e.replace(onto, p.after, p.change) {
		e.confirm(asked)
		return true
	}
	e.swapping.Lock()
	defer e.swapping.Unlock()
	present := e.current.Load()
	return present.head().equal(p.after.head()) || e.recent.has(p.after.head())
}

// sealGroups puts the hash of the record into the versions of the groups that its change made.
func (s *snapshot) sealGroups() {
	for i, g := range s.groups {
		if g != nil && g.version.Revision == s.revision {
			sealed := *g
			sealed.version = NewVersion(s.revision, s.hash)
			s.groups[i] = &sealed
		}
	}
}

// changedGroups returns the rows of the groups that the last change created or updated.
func (s *snapshot) changedGroups() (rows []GroupRow) {
	for _, g := range s.groups {
		if g != nil && g.version.Revision == s.revision {
			rows = append(rows, GroupRow{
				GroupInfo: g.info, Version: g.version, UpdatedAt: g.updatedAt.UnixMicro(), UpdatedBy: g.updatedBy,
			})
		}
	}
	return rows
}

// newCommit returns what the store is to write for a change, apart from what depends on the record's hash.
func newCommit(after *snapshot, actor Actor, d Delta) Commit {
	c := Commit{Milestones: after.milestones, AddRules: d.Added}
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
	for _, end := range d.Ends {
		c.Ends = append(c.Ends, MembershipEnd{end.User, end.Group, end.After})
	}
	for id := range movesOf(d).users {
		c.Users = append(c.Users, id)
	}
	c.Keys = recordKeys(actor, d)
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
	e.writes.spawn(func() {
		ctx, cancel := context.WithTimeout(e.life, e.options.WriteTimeout)
		defer cancel()
		err := e.supervisor.run("notifier", func() error { return e.options.Notifier.Publish(ctx, c.Revision) })
		failed := e.counters.unpublished.Swap(err != nil)
		switch {
		case err != nil && !failed:
			e.log.Warn("can't notify other instances; they find changes by polling", "revision", c.Revision, "error", err)
		case err == nil && failed:
			e.log.Info("other instances are notified again", "revision", c.Revision)
		}
	})
}
