package authz

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
)

// AuditRecords replays all records of a store from the first on and compares the result with the
// tables. It needs no engine and writes nothing; foreign writes that no engine has recorded yet appear
// as a difference. key is [Options.RecordKey].
//
// It returns the number of records that fit. If something doesn't fit, it also returns
// [ErrRecordsDoNotFit] with the first fault: a wrong hash, a missing record, a change that doesn't
// apply to the policy before it, or tables that differ from the policy of the records. If the store
// can't be read, it returns [ErrStoreUnavailable].
//
// Without a key, the audit finds accidents but not forgery, because anyone who can write to the
// database can compute a new chain of hashes. With a key, it can't find that the latest records were
// removed together with their changes. Only a head kept outside the database shows both: pass the
// heads that you have, from [Engine.Status] or from the log, and the records must contain each.
func AuditRecords(ctx context.Context, store Store, key []byte, kept ...Head) (int, error) {
	e := &Engine{store: store, options: Options{RecordKey: key}, log: slog.New(slog.DiscardHandler)}
	present, err := load(ctx, e.store, nil)
	if err != nil {
		return 0, e.unavailable(ctx, err)
	}
	n := 0
	s, err := e.replayUpTo(ctx, present.revision, emptySnapshot(nil), func(s *snapshot) error {
		if slices.ContainsFunc(kept, func(h Head) bool { return h.Revision == s.revision && string(h.Hash) != string(s.hash) }) {
			return auditFault(s.revision, "the hash of the record differs from the head kept elsewhere")
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

// recordsOutside finds records before or after the chain, and kept heads beyond its end.
func (e *Engine) recordsOutside(ctx context.Context, last Revision, kept []Head) error {
	newest, err := e.store.Before(ctx, 0, 1)
	if err != nil {
		return e.unavailable(ctx, err)
	}
	if len(newest) > 0 && newest[0].Revision > last {
		// Another instance may have written it a moment ago.
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
			return auditFault(last+1, fmt.Sprintf("the record is missing: a head of revision %d is kept elsewhere", h.Revision))
		}
	}
	return nil
}

// compareWithRecords returns the first difference between the tables and the policy of the records.
func compareWithRecords(tables loadedTables, records *snapshot) error {
	fault := func(format string, args ...any) error {
		return auditFault(tables.revision, "the tables differ from the records: "+fmt.Sprintf(format, args...))
	}
	if string(tables.hash) != string(records.hash) {
		return fault("they have another hash of the last record")
	}
	if tables.milestones != records.milestones {
		return fault("they have other milestones (seed applied, administrator appointed)")
	}
	d := tables.diffFrom(records)
	switch {
	case len(d.Groups) > 0 && d.Groups[0].Before == nil:
		return fault("they have a group %q that no record created", d.Groups[0].After.Name)
	case len(d.Groups) > 0:
		return fault("the group %q is missing or has another description", d.Groups[0].Before.Name)
	case len(d.Removed) > 0:
		return fault("they lack a %s of %q, and %d more", d.Removed[0].Kind, d.Removed[0].Subject, len(d.Removed)-1)
	case len(d.Added) > 0:
		return fault("they have a %s of %q that no record added", d.Added[0].Kind, d.Added[0].Subject)
	case len(d.AddedRows) > 0:
		return fault("they have the quarantined row %d, which is in no record", d.AddedRows[0].ID)
	case len(d.RemovedRows) > 0:
		return fault("they lack the quarantined row %d, and %d more", d.RemovedRows[0].ID, len(d.RemovedRows)-1)
	}
	return nil
}
