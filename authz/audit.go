package authz

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
)

// AuditRecords replays the records of a store from the first on and compares them with the tables. It
// needs no engine and writes nothing, so that foreign writes which no engine has recorded yet show as
// a difference. key is [Options.RecordKey].
//
// It returns the number of records that fit and, where something doesn't, an [*AuditError] that
// names the first: a hash that isn't that of its record, a gap, a change that doesn't apply to
// the policy of its time, or tables that differ from where the records lead.
//
// Without a key it proves only that nobody edited by accident or without knowing of the chain:
// anyone who can write the tables can write a new chain. With one, a tail that was cut off together
// with its effect on the tables still fits; only a head kept elsewhere shows that. Pass the heads
// that you have, from [Engine.Status] or from the log, and the records must lead through each of them.
func AuditRecords(ctx context.Context, store Store, key []byte, kept ...Head) (int, error) {
	e := &Engine{store: store, options: Options{RecordKey: key}, log: slog.New(slog.DiscardHandler)}
	present, err := load(ctx, e.store, nil)
	if err != nil {
		return 0, e.unavailable(ctx, err)
	}
	n := 0
	s, err := e.replayUpTo(ctx, present.revision, emptySnapshot(nil), func(s *snapshot) error {
		if slices.ContainsFunc(kept, func(h Head) bool { return h.Revision == s.revision && string(h.Hash) != string(s.hash) }) {
			return auditFault(s.revision, "it isn't the record whose hash was kept elsewhere")
		}
		n++
		return nil
	})
	if err != nil {
		return n, err
	}
	if err := e.recordsOutside(ctx, present.revision, kept); err != nil {
		return n, err
	}
	return n, compareWithRecords(present, s)
}

// recordsOutside finds records that are no part of the chain, and heads beyond its end.
func (e *Engine) recordsOutside(ctx context.Context, last Revision, kept []Head) error {
	newest, err := e.store.Before(ctx, 0, 1)
	if err != nil {
		return e.unavailable(ctx, err)
	}
	if len(newest) > 0 && newest[0].Revision > last {
		// Another instance may have made it a moment ago.
		if now, err := e.store.Position(ctx); err != nil {
			return e.unavailable(ctx, err)
		} else if newest[0].Revision > now.Revision {
			return auditFault(newest[0].Revision, "the record lies beyond the end of the chain")
		}
	}
	before, err := e.store.Before(ctx, 1, 1)
	if err != nil {
		return e.unavailable(ctx, err)
	}
	if len(before) > 0 {
		return auditFault(before[0].Revision, "the record lies before the beginning of the chain")
	}
	for _, h := range kept {
		if h.Revision > last {
			return auditFault(last+1, fmt.Sprintf("the record is missing: a head of revision %d was kept elsewhere", h.Revision))
		}
	}
	return nil
}

// compareWithRecords says in what the tables differ from where the records lead.
func compareWithRecords(tables loadedTables, records *snapshot) error {
	fault := func(format string, args ...any) error {
		return auditFault(tables.revision, "the tables differ from the records: "+fmt.Sprintf(format, args...))
	}
	if string(tables.hash) != string(records.hash) {
		return fault("the head of the chain is another")
	}
	if tables.milestones != records.milestones {
		return fault("whether there was a seed or an administrator is not what they say")
	}
	d := tables.diffFrom(records)
	switch {
	case len(d.Groups) > 0 && d.Groups[0].Before == nil:
		return fault("they have a group %q that no record made", d.Groups[0].After.Name)
	case len(d.Groups) > 0:
		return fault("the group %q is missing or described otherwise", d.Groups[0].Before.Name)
	case len(d.Removed) > 0:
		return fault("they lack a %s of %q, and %d more", d.Removed[0].Kind, d.Removed[0].Subject, len(d.Removed)-1)
	case len(d.Added) > 0:
		return fault("they have a %s of %q that no record made", d.Added[0].Kind, d.Added[0].Subject)
	case len(d.AddedRows) > 0:
		return fault("they have a row (id %d) that can't be understood and that no record tells of", d.AddedRows[0].ID)
	case len(d.RemovedRows) > 0:
		return fault("they lack a row that couldn't be understood, and %d more", len(d.RemovedRows)-1)
	}
	return nil
}
