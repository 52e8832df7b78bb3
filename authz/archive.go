package authz

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
)

// ArchiveFile is where [Admin.Archive] writes records.
type ArchiveFile interface {
	io.Writer
	// Sync makes all that was written durable. Nothing is deleted before it returns nil.
	Sync() error
}

// Archive moves old records to a file: those up to the newest checkpoint that isn't after the revision through.
// The engine writes a checkpoint after 2,000 records, or after records as large as the policy, whichever is
// later; Archive writes those that are due. It replays the records as it writes them and compares the result with the checkpoint. After
// file.Sync it deletes them in one transaction with a record of the archive, which has the range, the last hash
// and the digest of the file in [Delta.Archived]. With them go the older checkpoints, and the versions of users
// who have had no rules and groups since then. That transaction may take twelve times [Options.WriteTimeout].
//
// From then on, what concerns these revisions returns [ErrArchived], and [AuditRecords] needs the file to
// prove them. Keep the file, also if Archive returns [ErrStoreUnavailable]: the records may have been deleted.
//
// The file has JSON lines: a header, and then the records, oldest first. Archive changes nothing, and returns
// an empty Change, if no checkpoint lies between the records that are archived already and through. It returns
// [ErrRecordsDoNotFit] if the records don't lead to the checkpoint. Only [Engine.AsCommand] may archive.
func (a Admin) Archive(ctx context.Context, through Revision, file ArchiveFile) (Change, error) {
	o := Operation{Action: ActionAuditArchive}
	if err := a.authorize(a.engine.counted.Load(), o.requirement(UserID(a.actor.ID))); err != nil {
		return Change{}, err
	}
	if task := a.engine.newCheckpointTask(); task != nil {
		if err := task.run(ctx); err != nil {
			return Change{}, err
		}
	}
	c, first, err := a.engine.archivable(ctx, through)
	if err != nil || c == nil {
		return Change{}, err
	}
	archived, err := a.engine.writeArchive(ctx, first, *c, file)
	if err != nil {
		return Change{}, err
	}
	return a.do(ctx, write{
		Operation: o,
		draft: func(d *draft) error {
			d.delta.Archived = archived
			return a.engine.checkStillArchivable(d.ctx, archived)
		},
		commit: func(c *Commit) { c.Archive = archived.Through },
	})
}

// checkStillArchivable makes sure that the records which a file holds are still those of the store, and not
// archived already: while the file was written, another archive can have been made, or a backup restored.
func (e *Engine) checkStillArchivable(ctx context.Context, a *Archived) error {
	done, err := e.archivedThrough(ctx)
	if err != nil {
		return err
	}
	if done+1 != a.From {
		return &Error{Kind: ErrArchived, Revision: done, Detail: "another archive was made in the meantime"}
	}
	records, err := e.store.Before(ctx, RecordQuery{Before: a.Through + 1, Limit: 1})
	if err != nil {
		return e.unavailable(ctx, err)
	}
	if len(records) != 1 || records[0].Revision != a.Through || !bytes.Equal(records[0].Hash, a.Hash) {
		return auditFault(a.Through, "the store has other records than the file; nothing was deleted. Was a backup restored meanwhile?")
	}
	return nil
}

// archivable returns the newest checkpoint that isn't after a revision, and the policy from which its
// records are replayed. The checkpoint is nil if there are no records to archive.
func (e *Engine) archivable(ctx context.Context, through Revision) (*Checkpoint, *snapshot, error) {
	done, err := e.archivedThrough(ctx)
	if err != nil {
		return nil, nil, err
	}
	list, err := e.checkpoints(ctx)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(list, func(c Checkpoint) bool { return c.Revision <= through })
	if i < 0 || list[i].Revision <= done {
		return nil, nil, nil
	}
	first := e.emptyPolicy()
	if done > 0 {
		first, err = e.policyAt(ctx, list[len(list)-1])
	}
	return &list[i], first, err
}

// writeArchive writes the records after a policy up to a checkpoint, and makes them durable.
func (e *Engine) writeArchive(ctx context.Context, first *snapshot, c Checkpoint, file ArchiveFile) (*Archived, error) {
	w, err := newArchiveWriter(file, archiveHeader{archiveForm, first.revision + 1, c.Revision})
	if err != nil {
		return nil, fmt.Errorf("write the archive: %w", err)
	}
	before := first.hash
	last, err := e.replayUpTo(ctx, c.Revision, first, func(r Record, s *snapshot) error {
		err := w.write(r, before, e.options.RecordKey)
		before = s.hash
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write the archive: %w", err)
	}
	if err := e.checkCheckpoint(ctx, c, last); err != nil {
		return nil, err
	}
	digest, err := w.done()
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		return nil, fmt.Errorf("write the archive: %w", err)
	}
	return &Archived{From: first.revision + 1, Through: c.Revision, Hash: last.hash, Digest: digest}, nil
}

// checkCheckpoint returns [ErrRecordsDoNotFit] unless a checkpoint is the policy that the records lead to. Their
// digests differ as well if another version of this package wrote the checkpoint, which may word what is wrong
// with a bad row differently; then the policies are compared.
func (e *Engine) checkCheckpoint(ctx context.Context, c Checkpoint, s *snapshot) error {
	stored, err := e.policyAt(ctx, c)
	if err != nil {
		return err
	}
	want, _, err := s.checkpoint(e.options.RecordKey)
	if err != nil {
		return err
	}
	sameDigest := string(want.Digest) == string(c.Digest)
	if string(want.Hash) != string(c.Hash) || !sameDigest && !s.sameAs(stored) {
		return checkpointFault(c, "the records lead to another policy")
	}
	return nil
}

// sameAs reports whether two policies have the same rules, groups, bad rows and milestones.
func (s *snapshot) sameAs(other *snapshot) bool {
	if s.milestones != other.milestones || !differences(s, other).isEmpty() {
		return false
	}
	for name, id := range s.byName {
		a, b := s.groups[id], other.group(name)
		if a.version != b.version || !a.updatedAt.Equal(b.updatedAt) || a.updatedBy != b.updatedBy {
			return false
		}
	}
	return true
}
