package authz

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// checkpointEvery is how many records lie at least between two checkpoints.
const checkpointEvery = 2000

// checkpointTask writes the checkpoints that are due. Its policy comes from the records alone: what another
// program wrote to the tables unnoticed must not get into a checkpoint.
type checkpointTask struct {
	engine *Engine
	store  CheckpointStore
	every  Revision

	newest Revision // of the checkpoints; the next one lies at least every revisions after it
	large  int      // and the records between them have at least so many bytes, as the checkpoint has
	read   Revision // up to which their bytes are counted
	bytes  int
	again  Revision // before which nothing is tried, after a failure
}

// writeCheckpoints writes checkpoints until ctx ends. Instances that find one due at the same time wait for
// different times, so that mostly one of them writes it.
func (e *Engine) writeCheckpoints(ctx context.Context) {
	task := e.newCheckpointTask()
	if task == nil {
		return
	}
	tick := time.NewTicker(e.options.PollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !task.mayBeDue() {
			continue
		}
		pause(ctx, rand.N(e.options.PollInterval)) //nolint:gosec // so that instances rarely do the same work at once
		if err := task.run(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("can't write a checkpoint; the policy isn't affected", "error", err)
		}
	}
}

func (e *Engine) newCheckpointTask() *checkpointTask {
	store, ok := StoreAs[CheckpointStore](e.given)
	if !ok {
		return nil
	}
	task := &checkpointTask{engine: e, store: store, every: checkpointEvery}
	if e.options.checkpointEvery > 0 {
		task.every = e.options.checkpointEvery
	}
	return task
}

func (t *checkpointTask) mayBeDue() bool {
	present := t.engine.revision()
	wentBack := present < t.newest // or this instance lags behind the one that wrote the checkpoint
	return wentBack || present >= t.newest+t.every && present >= t.again
}

// run writes all checkpoints that are due. After a failure it waits for more records before it tries again.
func (t *checkpointTask) run(ctx context.Context) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
		if err != nil {
			t.again = t.engine.revision() + t.every
		}
	}()
	list, err := t.engine.checkpoints(ctx)
	if err != nil {
		return err
	}
	var newest Checkpoint
	if len(list) > 0 {
		newest = list[0]
	}
	if newest.Revision != t.newest || t.engine.revision() < t.read { // the store may have been restored
		t.wrote(newest)
	}
	return t.writeDue(ctx)
}

// writeDue writes the checkpoints that are due, one after the other.
func (t *checkpointTask) writeDue(ctx context.Context) error {
	var s *snapshot
	for {
		due, err := t.due(ctx)
		if err != nil || due == 0 {
			return err
		}
		if s == nil {
			if s, err = t.engine.startPolicy(ctx, due); err != nil {
				return err
			}
		}
		if s, err = t.engine.replayUpTo(ctx, due, s, nil); err != nil {
			return err
		}
		if err := t.write(ctx, s); err != nil {
			return err
		}
	}
}

// wrote notes the newest checkpoint.
func (t *checkpointTask) wrote(c Checkpoint) {
	t.newest, t.large = c.Revision, (c.Chunks-1)*chunkSize
	t.read, t.bytes = c.Revision, 0
}

// due returns the revision of the next checkpoint, 0 if it isn't due yet.
func (t *checkpointTask) due(ctx context.Context) (Revision, error) {
	present := t.engine.revision()
	if t.large <= 0 && present >= t.newest+t.every {
		return t.newest + t.every, nil
	}
	var batch batchSize
	for t.read < present {
		records, err := t.engine.recordsAfter(ctx, t.read, batch.next())
		if err != nil {
			return 0, err
		}
		batch.read(records)
		for _, r := range records {
			t.read, t.bytes = r.Revision, t.bytes+len(r.Delta)
			if t.bytes >= t.large && t.read >= t.newest+t.every {
				return t.read, nil
			}
		}
	}
	return 0, nil
}

// write stores a policy as a checkpoint. If another instance was faster, that is as good.
func (t *checkpointTask) write(ctx context.Context, s *snapshot) error {
	c, chunks, err := s.checkpoint(t.engine.options.RecordKey)
	if err != nil {
		return err
	}
	ctx, cancel := withStoreTimeout(ctx, t.engine.options.WriteTimeout*importFactor)
	defer cancel()
	if err := t.store.AddCheckpoint(ctx, c, chunks); err != nil && !errors.Is(err, ErrConflict) {
		return t.engine.unavailable(ctx, err)
	}
	t.wrote(c)
	return nil
}
