package authz

import (
	"bytes"
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
// Give those that you have, from [View.Head] or from the log, and the records must lead
// through each of them.
func (e *Engine) VerifyRecords(ctx context.Context, kept ...Head) (int, error) {
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
			if slices.ContainsFunc(kept, func(h Head) bool { return h.Revision == s.revision && string(h.Hash) != string(s.hash) }) {
				return n, &AuditError{r.Revision, "it isn't the record whose hash was kept elsewhere"}
			}
			n++
		}
	}
	if err := e.recordsOutside(ctx, present.revision, kept); err != nil {
		return n, err
	}
	return n, compareWithRecords(present, s)
}

// Head is where a chain of records stands: the revision and the hash of its last record,
// which is empty before the first.
type Head struct {
	Revision Revision
	Hash     []byte
}

func (s *snapshot) head() Head { return Head{s.revision, s.hash} }

func (h Head) equal(other Head) bool {
	return h.Revision == other.Revision && bytes.Equal(h.Hash, other.Hash)
}

// recordsOutside finds records that are no part of the chain, and heads beyond its end.
func (e *Engine) recordsOutside(ctx context.Context, last Revision, kept []Head) error {
	newest, err := e.store.Before(ctx, 0, 1)
	if err != nil {
		return e.unavailable(err)
	}
	if len(newest) > 0 && newest[0].Revision > last {
		// Another instance may have made it a moment ago.
		if now, err := e.store.Head(ctx); err != nil {
			return e.unavailable(err)
		} else if newest[0].Revision > now.Revision {
			return &AuditError{newest[0].Revision, "the record lies beyond the end of the chain"}
		}
	}
	before, err := e.store.Before(ctx, 1, 1)
	if err != nil {
		return e.unavailable(err)
	}
	if len(before) > 0 {
		return &AuditError{before[0].Revision, "the record lies before the beginning of the chain"}
	}
	for _, h := range kept {
		if h.Revision > last {
			return &AuditError{last + 1, fmt.Sprintf("the record is missing: a head of revision %d was kept elsewhere", h.Revision)}
		}
	}
	return nil
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
