package authz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/rightful-go/rightful/internal/lograte"
)

// AuditOptions configure [AuditRecords]. Every field is optional.
type AuditOptions struct {
	Key []byte // [Options.RecordKey]

	// Heads were kept outside the database: from [Engine.Status], or from the log. The records must contain
	// each that lies in the part that is replayed.
	Heads []Head

	// Archives are the texts of the files that [Admin.Archive] wrote, uncompressed, from the first record
	// on and in order.
	Archives []io.Reader
}

// Audit is what [AuditRecords] found.
type Audit struct {
	From        Revision // the first record that was replayed: 1, or the one after those that are archived
	Records     int      // how many records fit
	Checkpoints int      // how many checkpoints fit
}

// AuditRecords replays all records of a store from the first on, compares each checkpoint with the policy
// that the records lead to, and compares the result with the tables. It needs no engine and writes nothing.
//
// If something doesn't fit, it returns [ErrRecordsDoNotFit] with the first fault, beside what it found until
// then: a wrong hash, a missing record, a change that doesn't apply to the policy before it, a checkpoint that
// isn't the policy of the records, or tables that differ from it. If all records fit and the tables differ
// because another program wrote to them since, it returns [ErrUnrecorded] instead: an engine records that as a
// change of its own when it follows the store, and then everything fits. If the store can't be read, it returns
// [ErrStoreUnavailable].
//
// Of archived records it replays the files in [AuditOptions.Archives], and compares each with the digest in the
// record of its archive. Without files it starts at the checkpoint that the archive left: Audit.From says so,
// and the policy of that checkpoint isn't proven. The archive must be on record even then.
//
// Without a key, the audit finds accidents but not forgery, because anyone who can write to the
// database can compute a new chain of hashes. With a key, it can't find that the latest records were
// removed together with their changes. Only a head kept outside the database shows both.
func AuditRecords(ctx context.Context, store Store, options AuditOptions) (Audit, error) {
	e := &Engine{given: store, store: store, options: Options{RecordKey: options.Key}, log: slog.New(slog.DiscardHandler)}
	e.limited = lograte.New(e.log)
	a := &auditing{engine: e, AuditOptions: options, checkpoints: map[Revision]Checkpoint{}}
	err := a.run(ctx)
	return a.found, err
}

// auditing is one run of [AuditRecords].
type auditing struct {
	AuditOptions
	engine      *Engine
	found       Audit
	checkpoints map[Revision]Checkpoint
	through     Revision   // the last revision whose record was deleted by an archive
	files       []Archived // that were read, as their records should describe them
	recorded    []Archived // by the records, in order
}

func (a *auditing) run(ctx context.Context) error {
	present, err := load(ctx, a.engine.store, nil)
	if err != nil {
		return a.engine.unavailable(ctx, err)
	}
	s, err := a.start(ctx)
	if err != nil {
		return err
	}
	visit := func(r Record, s *snapshot) error { return a.visit(ctx, r, s) }
	for _, file := range a.Archives {
		if s, err = a.replayFile(file, s, visit); err != nil {
			return err
		}
	}
	if s.revision < a.through {
		return auditFault(s.revision+1, fmt.Sprintf("the records up to %d are archived; their files must be given too", a.through))
	}
	if s, err = a.engine.replayUpTo(ctx, present.revision, s, visit); err != nil {
		return err
	}
	if err := a.checkArchives(); err != nil {
		return err
	}
	if err := a.engine.recordsOutside(ctx, present.revision, a.Heads); err != nil {
		return err
	}
	return compareWithRecords(present, s)
}

// start returns the policy before the first record to replay.
func (a *auditing) start(ctx context.Context) (*snapshot, error) {
	list, err := a.engine.checkpoints(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		a.checkpoints[c.Revision] = c
	}
	if a.through, err = a.engine.archivedThrough(ctx); err != nil {
		return nil, err
	}
	a.found.From = 1
	if a.through == 0 || len(a.Archives) > 0 {
		return a.engine.emptyPolicy(), nil
	}
	a.found.From = a.through + 1
	return a.engine.policyAt(ctx, a.checkpoints[a.through])
}

// replayFile replays the records of an archive.
func (a *auditing) replayFile(in io.Reader, s *snapshot, visit func(Record, *snapshot) error) (*snapshot, error) {
	r, err := newArchiveReader(in)
	if err != nil {
		return nil, auditFault(s.revision+1, fmt.Sprintf("archive %d: %v", len(a.files)+1, err))
	}
	if r.From != s.revision+1 {
		return nil, auditFault(s.revision+1, fmt.Sprintf("archive %d begins at revision %d", len(a.files)+1, r.From))
	}
	for {
		record, err := r.read()
		if errors.Is(err, io.EOF) {
			break
		}
		var next *snapshot
		if err == nil {
			next, err = a.engine.replay(s, []Record{record})
		}
		if err != nil {
			return nil, auditFault(s.revision+1, fmt.Sprintf("archive %d: %v", len(a.files)+1, err))
		}
		if err := visit(record, next); err != nil {
			return nil, err
		}
		s = next
	}
	if s.revision != r.Through {
		return nil, auditFault(s.revision+1, fmt.Sprintf("archive %d ends before revision %d", len(a.files)+1, r.Through))
	}
	a.files = append(a.files, Archived{r.From, r.Through, s.hash, r.digest.Sum(nil)})
	return s, nil
}

// visit checks one record that fits, and the policy after it.
func (a *auditing) visit(ctx context.Context, r Record, s *snapshot) error {
	if slices.ContainsFunc(a.Heads, func(h Head) bool { return h.Revision == s.revision && string(h.Hash) != string(s.hash) }) {
		return auditFault(s.revision, "the hash of the record differs from the head kept elsewhere")
	}
	if r.Action == ActionAuditArchive {
		c, err := r.change()
		if err != nil || c.Delta.Archived == nil {
			return auditFault(r.Revision, "the record of an archive doesn't say what was archived")
		}
		a.recorded = append(a.recorded, *c.Delta.Archived)
	}
	a.found.Records++
	c, ok := a.checkpoints[s.revision]
	if !ok {
		return nil
	}
	a.found.Checkpoints++
	return a.engine.checkCheckpoint(ctx, c, s)
}

// checkArchives compares the files and the missing records with what the records say was archived.
func (a *auditing) checkArchives() error {
	for _, file := range a.files {
		i := slices.IndexFunc(a.recorded, func(r Archived) bool { return r.From == file.From && r.Through == file.Through })
		switch {
		case i < 0 && file.Through > a.through: // a backup from before the archive was restored
		case i < 0:
			return auditFault(file.From, fmt.Sprintf("no change archived the records up to %d", file.Through))
		case string(a.recorded[i].Digest) != string(file.Digest) || string(a.recorded[i].Hash) != string(file.Hash):
			return auditFault(file.From, fmt.Sprintf("the file of the records up to %d isn't the one that was written", file.Through))
		}
	}
	if a.through == 0 || len(a.files) > 0 {
		return nil
	}
	left := a.checkpoints[a.through]
	if !slices.ContainsFunc(a.recorded, func(r Archived) bool { return r.Through == left.Revision && string(r.Hash) == string(left.Hash) }) {
		return auditFault(1, fmt.Sprintf("the records up to %d are missing, and no change archived them", left.Revision))
	}
	return nil
}

// recordsOutside finds records before or after the chain, and kept heads beyond its end.
func (e *Engine) recordsOutside(ctx context.Context, last Revision, kept []Head) error {
	newest, err := e.store.Before(ctx, RecordQuery{Limit: 1})
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
	before, err := e.store.Before(ctx, RecordQuery{Before: 1, Limit: 1})
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

// compareWithRecords returns the first difference between the tables and the policy of the records. Foreign
// writes that the store has noticed, and no engine has recorded yet, are [ErrUnrecorded].
func compareWithRecords(tables loadedTables, records *snapshot) error {
	const differ = "the tables differ from the records: "
	if string(tables.hash) != string(records.hash) {
		return auditFault(tables.revision, differ+"they have another hash of the last record")
	}
	if tables.milestones != records.milestones {
		return auditFault(tables.revision, differ+"they have other milestones (seed applied, administrator appointed)")
	}
	difference := firstDifference(tables.diffFrom(records))
	switch {
	case difference == "":
		return nil
	case !tables.recorded:
		return &Error{Kind: ErrUnrecorded, Revision: tables.revision, Detail: "the tables " + difference}
	}
	return auditFault(tables.revision, differ+"they "+difference)
}

// firstDifference says how tables differ from the policy of the records, "" if they don't.
func firstDifference(d Delta) string {
	switch {
	case len(d.Groups) > 0 && d.Groups[0].Before == nil:
		return fmt.Sprintf("have a group %q that no record created", d.Groups[0].After.Name)
	case len(d.Groups) > 0:
		return fmt.Sprintf("lack the group %q or have another description of it", d.Groups[0].Before.Name)
	case len(d.Removed) > 0:
		return fmt.Sprintf("lack a %s of %q, and %d more", d.Removed[0].Kind, d.Removed[0].Subject, len(d.Removed)-1)
	case len(d.Added) > 0:
		return fmt.Sprintf("have a %s of %q that no record added", d.Added[0].Kind, d.Added[0].Subject)
	case len(d.Ends) > 0:
		end := d.Ends[0]
		return fmt.Sprintf("end the membership of %q in %q %s, the records %s, and %d more", end.User, end.Group, end.After.words(), end.Before.words(), len(d.Ends)-1)
	case len(d.AddedRows) > 0:
		return fmt.Sprintf("have the quarantined row %d, which is in no record", d.AddedRows[0].ID)
	case len(d.RemovedRows) > 0:
		return fmt.Sprintf("lack the quarantined row %d, and %d more", d.RemovedRows[0].ID, len(d.RemovedRows)-1)
	}
	return ""
}

// words says when something ends.
func (u Until) words() string {
	if u == 0 {
		return "never"
	}
	return "at " + u.Time().Format(time.RFC3339Nano)
}
