package authz

import (
	"context"
	"errors"
	"slices"
	"time"
)

// reload reads the whole policy and records the foreign writes in it, if the store noticed any.
// Decisions keep the old policy until the new one is complete and valid. The caller holds the
// writing token.
func (e *Engine) reload(ctx context.Context) error { return e.read(ctx, loadedTables.intact) }

// compare reads the whole policy and compares it with the records, even if the store noticed no
// foreign write. The caller holds the writing token.
func (e *Engine) compare(ctx context.Context) error {
	return e.read(ctx, func(tables loadedTables) bool { return tables.revision == 0 })
}

// read loads the tables and makes them the policy of the next decision, after it recorded the
// foreign writes in tables that aren't trusted.
func (e *Engine) read(ctx context.Context, trusted func(loadedTables) bool) error {
	for {
		asked := time.Now()
		tables, err := load(ctx, e.store, e.catalog.sorted)
		if err != nil {
			return e.unavailable(ctx, err)
		}
		s := tables.snapshot
		if !trusted(tables) {
			s, err = e.recordForeignWrites(ctx, tables)
		}
		switch {
		case errors.Is(err, ErrConflict):
			pause(ctx, conflictPause)
			continue // the load fails when ctx ends
		case err != nil:
			return err
		}
		e.swap(s, asked)
		if n := len(s.badRows); n > 0 {
			e.log.Warn("policy table has quarantined rows; see the status", "rows", n, "first_id", s.badRows[0].ID)
		}
		return nil
	}
}

// recordForeignWrites records what other programs wrote to the tables, repairs what they did to
// Administrators, and returns the policy after that. It returns [ErrConflict] if the store has moved
// on from the tables.
func (e *Engine) recordForeignWrites(ctx context.Context, tables loadedTables) (*snapshot, error) {
	before, err := e.policyOfRecords(ctx, tables)
	if err != nil {
		return nil, err
	}
	c := newChange(tables.revision, Actor{Kind: ActorOutside}, ActionPolicyOutside)
	c.Channel = "tables"
	if c.Delta = tables.diffFrom(before); c.Delta.isEmpty() {
		return tables.snapshot, nil
	}
	after, err := tables.withForeign(before, c)
	if err != nil {
		return nil, bug(err)
	}
	record, err := e.seal(&c, before, after)
	if err != nil {
		return nil, err
	}
	err = e.store.Commit(ctx, tables.commitForeign(newCommit(after, c.Delta, record)))
	switch {
	case errors.Is(err, ErrConflict):
		return nil, ErrConflict
	case err != nil:
		return nil, e.unavailable(ctx, err)
	}
	e.log.Warn("foreign writes to the policy tables recorded", "revision", c.Revision)
	e.announce(c)
	return after, nil
}

// commitForeign adjusts a commit to tables that already contain the foreign writes: it only makes
// the repairs.
func (t loadedTables) commitForeign(c Commit) Commit {
	c.Onto = t.position()
	c.RemoveRows, c.AddRows = nil, nil
	if t.lacksTheirRule {
		c.AddRows = []Row{administratorsRule.row()}
	}
	for _, b := range t.forbidden() {
		c.RemoveIDs = append(c.RemoveIDs, b.ID)
	}
	return c
}

// policyOfRecords returns the policy that the records lead to at the revision of the tables. If the
// records are damaged, it logs that and returns the policy of the tables, so that nothing is
// recorded as foreign.
func (e *Engine) policyOfRecords(ctx context.Context, tables loadedTables) (*snapshot, error) {
	s := e.current.Load()
	if s == nil || s.revision > tables.revision {
		s = emptySnapshot(e.catalog.sorted)
	}
	s, err := e.replayUpTo(ctx, tables.revision, s, nil)
	if err == nil && !s.head().equal(tables.head()) {
		err = auditFault(s.revision, "the hash of the last record differs from the head in the tables")
	}
	if errors.Is(err, ErrRecordsDoNotFit) {
		e.log.Error("the records don't lead to the policy in the tables; foreign writes can't be determined", "error", err)
		return tables.snapshot, nil
	}
	return s, err
}

// diffFrom returns the foreign writes to a policy together with their repair.
func (t loadedTables) diffFrom(before *snapshot) Delta {
	d := differences(before, t.snapshot)
	if t.lacksAdministrators {
		info := t.group(Administrators).info
		d.Groups = append(d.Groups, GroupChange{Before: &info, After: &info})
	}
	if t.lacksTheirRule {
		d.Removed = append(d.Removed, administratorsRule)
		d.Added = append(d.Added, administratorsRule)
	}
	d.RemovedRows = append(d.RemovedRows, t.forbidden()...)
	return d
}

// withForeign returns the policy after the change that records foreign writes. Its quarantined rows
// are those of the tables, with their ids, except for the ones that the repair removes.
func (t loadedTables) withForeign(before *snapshot, c Change) (*snapshot, error) {
	after, err := before.apply(c.update())
	if err != nil {
		return nil, err
	}
	forbidden := t.forbidden()
	isForbidden := func(b BadRow) bool {
		return slices.ContainsFunc(forbidden, func(f BadRow) bool { return f.ID == b.ID })
	}
	var bad []badRow
	for _, b := range t.badRows {
		if !isForbidden(b) {
			bad = append(bad, badRow{b.row(), b.Detail})
		}
	}
	after.setBadRows(bad)
	after.writes = t.writes
	after.milestones = t.milestones
	return after, nil
}

// intact reports whether the tables match the records, as far as can be seen without reading the
// records.
func (t loadedTables) intact() bool {
	return t.revision == 0 || t.recorded && !t.lacksAdministrators && !t.lacksTheirRule && len(t.forbidden()) == 0
}

// forbidden returns the bad rows that promise 1 forbids.
func (t loadedTables) forbidden() []BadRow {
	return slices.DeleteFunc(slices.Clone(t.badRows), func(b BadRow) bool {
		r, err := parseFields(b.Values)
		return err != nil || !forbiddenToAdministrators(r)
	})
}
