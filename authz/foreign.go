package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// reload reads everything, and puts on record what others wrote to it. What readers have
// stays until all of it is there and fits. The caller holds the writing token.
func (e *Engine) reload(ctx context.Context) error { return e.read(ctx, loadedTables.intact) }

// compare reads everything and holds it against the records, whether or not the store counted
// that someone wrote to it.
func (e *Engine) compare(ctx context.Context) error {
	return e.read(ctx, func(tables loadedTables) bool { return tables.revision == 0 })
}

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
			continue // which ends with ctx
		case err != nil:
			return err
		}
		e.swap(s, asked)
		if n := len(s.badRows); n > 0 {
			e.log.Warn("the policy table has rows that can't be understood; see the status", "rows", n, "first_id", s.badRows[0].ID)
		}
		return nil
	}
}

// takeIn puts on record what others wrote to the tables, makes good what they did to
// Administrators, and returns the policy after. It returns [ErrConflict] when the store stands
// elsewhere by now.
func (e *Engine) recordForeignWrites(ctx context.Context, tables loadedTables) (*snapshot, error) {
	before, err := e.recorded(ctx, tables)
	if err != nil {
		return nil, err
	}
	c := Change{
		Revision: tables.revision + 1, At: time.Now().UTC().Truncate(time.Microsecond),
		Actor: Actor{Kind: ActorOutside}, Channel: "tables", Action: ActionPolicyOutside,
		Delta: tables.diffFrom(before),
	}
	if c.Delta.isEmpty() {
		return tables.snapshot, nil
	}
	record, err := c.record(before.hash, e.options.RecordKey)
	if err != nil {
		return nil, err
	}
	c.Hash = record.Hash
	after, err := tables.withForeign(before, c)
	if err != nil {
		return nil, fmt.Errorf("this is a fault of Rightful's: %w", err)
	}
	commit := newCommit(after, c.Delta, record)
	commit.Onto = tables.position()
	commit.RemoveRows, commit.AddRows = nil, nil // that is so already
	if tables.lacksTheirRule {
		commit.AddRows = []Row{administratorsRule.row()}
	}
	for _, b := range tables.forbidden() {
		commit.RemoveIDs = append(commit.RemoveIDs, b.ID)
	}
	if err := e.store.Commit(ctx, commit); err != nil {
		if errors.Is(err, ErrConflict) {
			return nil, ErrConflict
		}
		return nil, e.unavailable(ctx, err)
	}
	e.log.Warn("someone wrote to the tables of the policy past the engine; it is taken in", "revision", c.Revision)
	e.announce(c)
	return after, nil
}

// recorded returns the policy that the records lead to, as of the revision of the tables.
func (e *Engine) recorded(ctx context.Context, tables loadedTables) (*snapshot, error) {
	s := e.current.Load()
	if s == nil || s.revision > tables.revision {
		s = emptySnapshot(e.catalog.sorted)
	}
	s, err := e.replayUpTo(ctx, tables.revision, s, nil)
	if err == nil && !s.head().equal(tables.head()) {
		err = auditFault(s.revision, "the head of the chain is another")
	}
	if errors.Is(err, ErrRecordsDoNotFit) {
		e.log.Error("the records don't lead to the policy in the tables; what others wrote to it can't be told", "error", err)
		return tables.snapshot, nil
	}
	return s, err
}

// since returns what was done to the policy past the engine, and what makes it good.
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

// after returns the policy after the change that takes the tables in. Its bad rows are those
// of the tables, by their ids.
func (t loadedTables) withForeign(before *snapshot, c Change) (*snapshot, error) {
	forbidden := t.forbidden()
	isForbidden := func(b BadRow) bool {
		return slices.ContainsFunc(forbidden, func(f BadRow) bool { return f.ID == b.ID })
	}
	after, err := before.apply(c)
	if err != nil {
		return nil, err
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
