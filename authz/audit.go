package authz

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// VerifyRecords replays the records from the first on and holds them against the tables. It
// returns the number of records that fit and, where something doesn't, an [*AuditError] that
// names the first: a hash that isn't that of its record, a gap, a change that doesn't apply to
// the policy of its time, or tables that differ from where the records lead.
//
// Without Options.RecordKey it proves only that nobody edited by accident or in ignorance of
// the chain: who can write the tables can write a new chain. With one, a tail that was cut off
// together with what it did to the tables still fits; only a head kept elsewhere shows that.
// Records outside the chain, past its head or before its first, are not looked at.
func (e *Engine) VerifyRecords(ctx context.Context) (int, error) {
	present, err := load(ctx, e.store, nil)
	if err != nil {
		return 0, e.unavailable(err)
	}
	s, n := emptySnapshot(nil), 0
	for s.revision < present.revision {
		records, err := e.recordsAfter(ctx, s.revision)
		if err != nil {
			return n, err
		}
		for _, r := range records {
			if s.revision == present.revision {
				break
			}
			if s, err = e.replay(s, []Record{r}); err != nil {
				return n, &AuditError{r.Revision, err.Error()}
			}
			n++
		}
	}
	return n, compareWithRecords(present, s)
}

// recordsAfter returns the next records, at least one.
func (e *Engine) recordsAfter(ctx context.Context, revision Revision) ([]Record, error) {
	records, err := e.store.Since(ctx, revision, historyBatch)
	if errors.Is(err, ErrGap) { // somewhere among them; the first may be there
		records, err = e.store.Since(ctx, revision, 1)
	}
	switch {
	case errors.Is(err, ErrGap) || err == nil && len(records) == 0:
		return nil, &AuditError{revision + 1, "the record is missing"}
	case err != nil:
		return nil, e.unavailable(err)
	}
	return records, nil
}

// compareWithRecords says in what the tables differ from where the records lead.
func compareWithRecords(tables, records *snapshot) error {
	fault := func(format string, args ...any) error {
		return &AuditError{tables.revision, "the tables differ from the records: " + fmt.Sprintf(format, args...)}
	}
	if string(tables.hash) != string(records.hash) {
		return fault("the head of the chain is another")
	}
	if tables.marks != records.marks {
		return fault("whether there was a seed or an administrator is not what they say")
	}
	recorded := map[Rule]bool{}
	for r := range records.rules {
		recorded[r] = true
	}
	for r := range tables.rules {
		if !recorded[r] {
			return fault("they have a %s of %q that no record made", r.Kind, r.Holder)
		}
		delete(recorded, r)
	}
	if missing := slices.SortedFunc(maps.Keys(recorded), compareForExport); len(missing) > 0 {
		return fault("they lack a %s of %q, and %d more", missing[0].Kind, missing[0].Holder, len(missing)-1)
	}
	for name, id := range records.byName {
		g := tables.group(name)
		if g == nil || g.info != records.groups[id].info {
			return fault("the group %q is missing or described otherwise", name)
		}
	}
	if len(tables.byName) != len(records.byName) {
		return fault("they have a group that no record made")
	}
	return nil
}
