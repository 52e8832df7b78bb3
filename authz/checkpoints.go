package authz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// emptyPolicy returns the policy before the first record.
func (e *Engine) emptyPolicy() *snapshot {
	return emptySnapshot(e.declared())
}

// declared returns the permissions of the catalog; none in an audit.
func (e *Engine) declared() []Permission {
	if known := e.catalog.Load(); known != nil {
		return known.sorted
	}
	return nil
}

// checkpoints returns the checkpoints of the store, newest first; none if it keeps none.
func (e *Engine) checkpoints(ctx context.Context) ([]Checkpoint, error) {
	store, ok := StoreAs[CheckpointStore](e.given)
	if !ok {
		return nil, nil
	}
	list, err := store.Checkpoints(ctx)
	if err != nil {
		return nil, e.unavailable(ctx, err)
	}
	return list, nil
}

// startPolicy returns the policy from which to replay the records up to a revision: that of the newest
// checkpoint that fits, or the empty one.
func (e *Engine) startPolicy(ctx context.Context, revision Revision) (*snapshot, error) {
	list, err := e.checkpoints(ctx)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c Checkpoint) bool { return c.Revision > revision })
	s, err := e.firstFitting(ctx, list)
	if s == nil && err == nil {
		s = e.emptyPolicy()
	}
	return s, err
}

// nearPolicy returns the policy of the checkpoint nearest to a revision, or the empty one if that is nearer.
// It is nil if none is within a distance.
func (e *Engine) nearPolicy(ctx context.Context, revision, within Revision) (*snapshot, error) {
	list, err := e.checkpoints(ctx)
	if err != nil {
		return nil, err
	}
	list = append(list, Checkpoint{}) // the empty policy
	distance := func(c Checkpoint) Revision { return max(c.Revision-revision, revision-c.Revision) }
	list = slices.DeleteFunc(list, func(c Checkpoint) bool { return distance(c) > within })
	slices.SortStableFunc(list, func(a, b Checkpoint) int { return cmp.Compare(distance(a), distance(b)) })
	return e.firstFitting(ctx, list)
}

// firstFitting returns the policy of the first checkpoint that fits, nil if there is none.
func (e *Engine) firstFitting(ctx context.Context, list []Checkpoint) (*snapshot, error) {
	for _, c := range list {
		if c.Revision == 0 {
			return e.emptyPolicy(), nil
		}
		s, err := e.policyAt(ctx, c)
		if !errors.Is(err, ErrRecordsDoNotFit) {
			return s, err
		}
		e.limited.Error(ctx, fmt.Sprint(c.Revision), "a checkpoint doesn't fit the records and isn't used", "revision", c.Revision, "error", err)
	}
	return nil, nil
}

// policyAt returns the policy of a checkpoint. If its hash isn't that of the record of its revision, or
// it isn't what was stored, it returns [ErrRecordsDoNotFit].
func (e *Engine) policyAt(ctx context.Context, c Checkpoint) (*snapshot, error) {
	record, err := e.store.Before(ctx, RecordQuery{Before: c.Revision + 1, Limit: 1})
	if err != nil {
		return nil, e.unavailable(ctx, err)
	}
	// Without that record, the next one shows whether the hash is right.
	if len(record) > 0 && (record[0].Revision != c.Revision || string(record[0].Hash) != string(c.Hash)) {
		return nil, checkpointFault(c, "it has another hash than the record of that revision")
	}
	store, _ := StoreAs[CheckpointStore](e.given) // it has the checkpoint
	chunks := &chunkReader{ctx: ctx, store: store, checkpoint: c}
	s, err := readCheckpoint(c, e.options.RecordKey, e.declared(), chunks)
	switch {
	case chunks.err != nil:
		return nil, e.unavailable(ctx, chunks.err)
	case err != nil:
		return nil, checkpointFault(c, err.Error())
	}
	return s, nil
}

func checkpointFault(c Checkpoint, detail string) error {
	return auditFault(c.Revision, "the checkpoint doesn't fit: "+detail)
}

const recordMissing = "the record is missing"

// archivedThrough returns the last revision whose record was archived, 0 if none was. What an archive leaves
// is the checkpoint of that revision and the records after it.
func (e *Engine) archivedThrough(ctx context.Context) (Revision, error) {
	list, err := e.checkpoints(ctx)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	oldest := list[len(list)-1].Revision
	records, err := e.store.Before(ctx, RecordQuery{Before: oldest + 1, Limit: 1})
	if err != nil {
		return 0, e.unavailable(ctx, err)
	}
	if len(records) > 0 {
		return 0, nil
	}
	return oldest, nil
}

// missing returns the error for a record that isn't there: [ErrArchived] if it was archived, otherwise
// [ErrRecordsDoNotFit].
func (e *Engine) missing(ctx context.Context, revision Revision) error {
	through, err := e.archivedThrough(ctx)
	switch {
	case err != nil:
		return err
	case revision > through:
		return auditFault(revision, recordMissing)
	}
	return &Error{
		Kind: ErrArchived, Revision: through,
		Detail: fmt.Sprintf("archived; the records up to revision %d were moved to a file", through),
	}
}

// chunkReader reads the chunks of a checkpoint one after the other.
type chunkReader struct {
	ctx        context.Context //nolint:containedctx // an io.Reader takes none
	store      CheckpointStore
	checkpoint Checkpoint
	read       int
	rest       []byte
	err        error // of the store
}

func (c *chunkReader) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.read >= c.checkpoint.Chunks {
			return 0, io.EOF
		}
		chunk, err := c.store.CheckpointChunk(c.ctx, c.checkpoint.Revision, c.read)
		if errors.Is(err, ErrGap) {
			return 0, errors.New("a chunk is missing")
		}
		if err != nil {
			c.err = err
			return 0, err
		}
		c.rest = chunk
		c.read++
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
