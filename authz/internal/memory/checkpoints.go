package memory

import (
	"bytes"
	"context"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// checkpoint is a checkpoint with its contents.
type checkpoint struct {
	authz.Checkpoint
	chunks [][]byte
}

// Checkpoints implements [authz.CheckpointStore].
func (m *Store) Checkpoints(ctx context.Context) ([]authz.Checkpoint, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []authz.Checkpoint
	for _, c := range slices.Backward(m.checkpoints) {
		c.Hash, c.Digest = slices.Clone(c.Hash), slices.Clone(c.Digest)
		list = append(list, c.Checkpoint)
	}
	return list, ctx.Err()
}

// CheckpointChunk implements [authz.CheckpointStore].
func (m *Store) CheckpointChunk(ctx context.Context, r authz.Revision, chunk int) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	i := m.checkpointAt(r)
	if i < 0 || chunk < 0 || chunk >= len(m.checkpoints[i].chunks) {
		return nil, authz.ErrGap
	}
	return slices.Clone(m.checkpoints[i].chunks[chunk]), ctx.Err()
}

func (m *Store) checkpointAt(r authz.Revision) int {
	return slices.IndexFunc(m.checkpoints, func(c checkpoint) bool { return c.Revision == r })
}

// AddCheckpoint implements [authz.CheckpointStore].
func (m *Store) AddCheckpoint(ctx context.Context, c authz.Checkpoint, chunks [][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	i, there := slices.BinarySearchFunc(m.records, c.Revision, byRevision)
	if !there || !bytes.Equal(m.records[i].Hash, c.Hash) || m.checkpointAt(c.Revision) >= 0 {
		return authz.ErrConflict
	}
	c.Hash, c.Digest = slices.Clone(c.Hash), slices.Clone(c.Digest)
	added := checkpoint{Checkpoint: c}
	for _, chunk := range chunks {
		added.chunks = append(added.chunks, slices.Clone(chunk))
	}
	m.checkpoints = append(m.checkpoints, added)
	slices.SortFunc(m.checkpoints, func(a, b checkpoint) int { return int(a.Revision - b.Revision) })
	return nil
}

// archive carries out [authz.Commit.Archive].
func (m *Store) archive(through authz.Revision) {
	if through == 0 {
		return
	}
	m.records = slices.DeleteFunc(m.records, func(r record) bool { return r.Revision <= through })
	m.checkpoints = slices.DeleteFunc(m.checkpoints, func(c checkpoint) bool { return c.Revision < through })
	subjects := m.rows.subjects()
	for id, version := range m.users {
		if version.Revision <= through && !subjects[string(id)] {
			delete(m.users, id)
		}
	}
}
