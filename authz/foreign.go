package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// reload reads the whole policy and records the foreign writes in it, if the store noticed any.
// Decisions keep the old policy until the new one is complete and valid.
func (e *Engine) reload(ctx context.Context) error { return e.read(ctx, loadedTables.intact) }

// compareTables reads the whole policy and compares it with the records, even if the store noticed no
// foreign write.
func (e *Engine) compareTables(ctx context.Context) error {
	return e.read(ctx, func(tables loadedTables) bool { return tables.revision == 0 })
}

// read loads the tables and makes them the policy of the next decision, after it recorded the
// foreign writes in tables that aren't trusted. It leaves the policy alone if that has moved meanwhile.
func (e *Engine) read(ctx context.Context, trusted func(loadedTables) bool) error {
	for {
		from, asked := e.current.Load(), time.Now()
		tables, err := load(ctx, e.store, e.catalog.Load().sorted)
		if err != nil {
			return e.unavailable(ctx, err)
		}
		e.clock.read(tables.now, asked, tables.readAt)
		s := tables.snapshot
		if !trusted(tables) {
			s, err = e.recordForeignWrites(ctx, tables)
		}
		switch {
		case errors.Is(err, ErrConflict) && e.current.Load() != from:
			return nil
		case errors.Is(err, ErrConflict): // with a record of another instance
			if position, err := e.position(ctx); err == nil && from != nil {
				e.takeRecords(ctx, from, position.Revision)
			}
			if e.current.Load() != from {
				return nil
			}
			pause(ctx, conflictPause)
			continue // the load fails when ctx ends
		case err != nil:
			return err
		}
		if !e.swap(from, s, asked) {
			return nil
		}
		e.reportBadRows(from, s)
		e.reportBadGroups(ctx, tables.badGroups)
		return nil
	}
}

const (
	// maxReportedRows bounds how many bad rows are logged at once.
	maxReportedRows = 100
	// maxReportedDenied bounds how many of those that a bad row denies are logged with it.
	maxReportedDenied = 20
)

// reportBadRows logs the bad rows of a policy that the one before it didn't have.
func (e *Engine) reportBadRows(before, s *snapshot) {
	if s.revision == 0 { // before the adoption, the rows are another program's
		return
	}
	known := map[string]bool{}
	if before != nil {
		for _, b := range before.badRows {
			known[b.key()] = true
		}
	}
	rows := slices.DeleteFunc(slices.Clone(s.badRows), func(b BadRow) bool { return known[b.key()] })
	for _, b := range rows[:min(len(rows), maxReportedRows)] {
		e.log.Error("row of the policy table is quarantined; repair it", "id", b.ID, "reason", b.Detail,
			"denies", b.Denies[:min(len(b.Denies), maxReportedDenied)], "denied", len(b.Denies))
	}
	if more := len(rows) - maxReportedRows; more > 0 {
		e.log.Error("more rows of the policy table are quarantined; see the status", "rows", more)
	}
}

// reportBadGroups logs the rows of the groups table that are wrong, the first of them.
func (e *Engine) reportBadGroups(ctx context.Context, list []error) {
	for _, err := range list[:min(len(list), maxReportedRows)] {
		e.limited.Error(ctx, err.Error(), "a row of the groups table is not valid, and what isn't is ignored", "error", err)
	}
}

// recordForeignWrites records what other programs wrote to the tables, repairs what they did to
// Administrators, and returns the policy after that. It returns [ErrConflict] if the store has moved
// on from the tables. It goes through the stages of an operation that aren't about an actor.
func (e *Engine) recordForeignWrites(ctx context.Context, tables loadedTables) (*snapshot, error) {
	p, err := e.draftForeign(ctx, &tables)
	switch {
	case err != nil:
		return nil, err
	case p.change.Delta.isEmpty():
		return tables.snapshot, nil
	}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	e.seal(p)
	p.commit = tables.commitForeign(p.commit)
	if err := e.commit(ctx, p); errors.Is(err, ErrConflict) {
		return nil, ErrConflict
	} else if err != nil {
		switch decided, written, _ := e.settle(ctx, p); {
		case !decided:
			return nil, e.cannotRecord(ctx, err)
		case !written:
			return nil, ErrConflict
		}
	}
	e.counters.foreignWrites.Add(1)
	e.log.Warn("foreign writes to the policy tables recorded", "revision", p.change.Revision)
	e.announce(p.change)
	return p.after, nil
}

// cannotRecord reports that the foreign writes in the tables can't be recorded. Until they are, the policy stays as it is:
// that is an outage, also if the database answers and only refuses the record.
func (e *Engine) cannotRecord(ctx context.Context, err error) error {
	if !errors.Is(err, ErrValueRefused) {
		return e.unavailable(ctx, err)
	}
	e.limited.Error(ctx, "", "the store refuses the record of foreign writes to the policy tables; until it takes it, no change takes effect",
		"error", err)
	e.storeErr.Store(&err)
	return fmt.Errorf("%w: it refuses the record of foreign writes: %w", ErrStoreUnavailable, err)
}

// draftForeign drafts the change that records the foreign writes to the tables, and notes in them which rows
// it completes.
func (e *Engine) draftForeign(ctx context.Context, tables *loadedTables) (*proposal, error) {
	before, err := e.policyOfRecords(ctx, *tables)
	if err != nil {
		return nil, err
	}
	c := newChange(tables.revision, Actor{Kind: ActorOutside}, ActionPolicyOutside)
	c.Channel = "tables"
	tables.completed = tables.completions(before)
	if c.Delta = tables.diffFrom(before); c.Delta.isEmpty() {
		return &proposal{change: c, before: before, after: tables.snapshot}, nil
	}
	after, err := tables.withForeign(before, c)
	if err != nil {
		return nil, bug(err)
	}
	return &proposal{change: c, before: before, after: after}, nil
}

// commitForeign adjusts a commit to tables that already contain the foreign writes: it only makes
// the repairs.
func (t loadedTables) commitForeign(c Commit) Commit {
	c.Onto = t.position()
	c.Behind = true // programs that write all the time don't keep what they wrote from being recorded
	c.RemoveRows, c.AddRules, c.Ends = nil, nil, nil
	for _, end := range t.strayEnds {
		c.Ends = append(c.Ends, MembershipEnd{User: end.User, Group: end.Group})
	}
	if t.lacksTheirRule {
		c.AddRows = []Row{administratorsRule.row()}
	}
	for _, b := range t.forbidden() {
		c.RemoveIDs = append(c.RemoveIDs, b.ID)
	}
	for _, r := range t.completed {
		c.RemoveIDs = append(c.RemoveIDs, r.row.ID)
		if r.isNew {
			c.AddRows = append(c.AddRows, r.rule.row())
		}
	}
	return c
}

// policyOfRecords returns the policy that the records lead to at the revision of the tables. If the
// records are damaged, it logs that and returns the policy of the tables, so that nothing is
// recorded as foreign.
func (e *Engine) policyOfRecords(ctx context.Context, tables loadedTables) (*snapshot, error) {
	s, err := e.current.Load(), error(nil)
	fits := s != nil && s.revision <= tables.revision
	if fits {
		s, err = e.replayToTables(ctx, tables, s)
		// The store may have been restored since, or its records archived.
		fits = !errors.Is(err, ErrRecordsDoNotFit) && !errors.Is(err, ErrArchived)
	}
	if !fits {
		if s, err = e.startPolicy(ctx, tables.revision); err == nil {
			s, err = e.replayToTables(ctx, tables, s)
		}
	}
	if errors.Is(err, ErrRecordsDoNotFit) {
		e.limited.Error(ctx, "", "the records don't lead to the policy in the tables; foreign writes can't be determined", "error", err)
		return tables.snapshot, nil
	}
	return s, err
}

// replayToTables applies the records after s, up to the revision of the tables. It returns
// [ErrRecordsDoNotFit] if they don't lead to the head in the tables.
func (e *Engine) replayToTables(ctx context.Context, tables loadedTables, s *snapshot) (*snapshot, error) {
	s, err := e.replayUpTo(ctx, tables.revision, s, nil)
	if err == nil && !s.head().equal(tables.head()) {
		err = auditFault(s.revision, "the hash of the last record differs from the head in the tables")
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
	for _, end := range t.strayEnds {
		row := BadRow{
			Values: []string{"until", string(end.User), string(end.Group), strconv.FormatInt(int64(end.Until), 10)},
			Detail: "the end of a membership of a user or a group that doesn't exist; it is removed",
		}
		d.AddedRows, d.RemovedRows = append(d.AddedRows, row), append(d.RemovedRows, row)
	}
	for _, r := range t.completed {
		d.RemovedRows = append(d.RemovedRows, r.row)
		if r.isNew {
			d.Added = append(d.Added, r.rule)
		}
	}
	return d
}

// completions returns the rows of three values that another program has added to a policy: they are grants,
// as in Casbin's common models, and the change that records them adds the effect. A row that may be the rest
// of a rule which the same writes removed stays quarantined.
func (t loadedTables) completions(before *snapshot) (list []completedRow) {
	known, have := map[string]bool{}, map[Rule]bool{}
	for _, b := range before.badRows {
		known[b.key()] = before.lostEffect(b.row())
	}
	for i, b := range t.badRows {
		r, err := t.ruleOf(b.row(), nil)
		if !errors.Is(err, errNoEffect) || known[b.key()] {
			continue
		}
		removed := false
		for _, kind := range []RuleKind{KindGrant, KindRestriction} {
			was := Rule{Kind: kind, Subject: r.Subject, Pattern: r.Pattern}
			removed = removed || before.hasPattern(was) && !t.hasPattern(was)
		}
		if !removed {
			b.Detail, b.Denies = "has no effect and is completed with allow", nil
			t.badRows[i] = b
			list = append(list, completedRow{b, r, !have[r] && !t.hasRule(r)})
			have[r] = true
		}
	}
	return list
}

// withForeign returns the policy after the change that records foreign writes. Its quarantined rows
// are those of the tables, with their ids, except for the ones that the repair removes.
func (t loadedTables) withForeign(before *snapshot, c Change) (*snapshot, error) {
	after, err := before.apply(c.update())
	if err != nil {
		return nil, err
	}
	repaired := map[int64]bool{}
	for _, b := range t.forbidden() {
		repaired[b.ID] = true
	}
	for _, r := range t.completed {
		repaired[r.row.ID] = true
	}
	var bad []badRow
	for _, b := range t.badRows {
		if !repaired[b.ID] {
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
	return t.revision == 0 || t.recorded && !t.lacksAdministrators && !t.lacksTheirRule && len(t.forbidden())+len(t.strayEnds) == 0
}

// forbidden returns the bad rows that promise 1 forbids.
func (t loadedTables) forbidden() []BadRow {
	return slices.DeleteFunc(slices.Clone(t.badRows), func(b BadRow) bool {
		r, err := parseFields(b.Values)
		return err != nil || !forbiddenToAdministrators(r)
	})
}
