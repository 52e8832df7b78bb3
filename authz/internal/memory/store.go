// Package memory implements the store in memory. Hosts use it through package memstore, and tests through
// authztest.Store. [InsertRows], [DeleteRow], [PutEnd], [DeleteEnd], [DeleteRecord] and [SetClock] are only for tests.
package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rightful-go/rightful/authz"
)

var (
	_ authz.Store           = (*Store)(nil)
	_ authz.CheckpointStore = (*Store)(nil)
	_ authz.DenialStore     = (*Store)(nil)
	_ authz.RequestStore    = (*Store)(nil)
	_ authz.UsageStore      = (*Store)(nil)
)

// Store is an [authz.Store], an [authz.CheckpointStore], an [authz.DenialStore], an [authz.RequestStore] and an
// [authz.UsageStore] in memory. Make one with [New].
type Store struct {
	writing sync.Mutex // held by a commit, before mu
	mu      sync.RWMutex
	state   authz.State // without Groups, Ends and Now
	rows    table
	groups  map[authz.GroupName]authz.GroupRow
	ends    ends
	clock   func() time.Time
	users   map[authz.UserID]authz.Version
	records []record // by revision
	denials denials
	asked   requests
	usage   usage

	checkpoints []checkpoint // by revision
}

// New returns an empty store at revision 0.
func New() *Store {
	return &Store{
		rows:   newTable(),
		groups: map[authz.GroupName]authz.GroupRow{},
		ends:   ends{},
		clock:  time.Now,
		users:  map[authz.UserID]authz.Version{},
		usage:  usage{users: map[authz.UserID]map[authz.Permission]authz.Day{}},
	}
}

// Load implements [authz.Store]. It doesn't block commits while it calls row.
func (m *Store) Load(ctx context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	rows, present := m.contents()
	if err := state(present); err != nil {
		return err
	}
	for r := range rowsIn(rows) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := row(r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// contents returns a copy of the rows and the state.
func (m *Store) contents() ([]tableRow, authz.State) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	rows := slices.Clone(m.rows.list)
	state := m.state
	state.Position = m.position()
	state.Ends = m.ends.list()
	state.Groups = slices.SortedFunc(maps.Values(m.groups), func(a, b authz.GroupRow) int { return cmp.Compare(a.Name, b.Name) })
	return rows, state
}

// Position implements [authz.Store].
func (m *Store) Position(ctx context.Context) (authz.Position, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.position(), ctx.Err()
}

func (m *Store) position() authz.Position {
	p := m.state.Position
	p.Hash = slices.Clone(p.Hash)
	p.Now = m.clock().UnixMicro()
	return p
}

// Since implements [authz.Store].
func (m *Store) Since(ctx context.Context, after authz.Revision, limit, maxBytes int) ([]authz.Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	from, _ := slices.BinarySearchFunc(m.records, after+1, byRevision)
	var list []authz.Record
	bytes := 0
	for expect := after + 1; expect <= m.state.Revision && len(list) < limit && (maxBytes == 0 || bytes < maxBytes); expect++ {
		if from == len(m.records) || m.records[from].Revision != expect {
			return nil, authz.ErrGap
		}
		list = append(list, m.records[from].clone())
		bytes += len(m.records[from].Delta)
		from++
	}
	return list, ctx.Err()
}

// Before implements [authz.Store].
func (m *Store) Before(ctx context.Context, q authz.RecordQuery) ([]authz.Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	end := len(m.records)
	if q.Before != 0 {
		end, _ = slices.BinarySearchFunc(m.records, q.Before, byRevision)
	}
	var list []authz.Record
	bytes := 0
	for i := end - 1; i >= 0 && len(list) < q.Limit && (q.MaxBytes == 0 || bytes < q.MaxBytes); i-- {
		if m.records[i].selectedBy(q) {
			list = append(list, m.records[i].clone())
			bytes += len(m.records[i].Delta)
		}
	}
	return list, ctx.Err()
}

// UserVersion implements [authz.Store].
func (m *Store) UserVersion(ctx context.Context, id authz.UserID) (authz.Version, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.users[id], ctx.Err()
}

// Commit implements [authz.Store].
func (m *Store) Commit(ctx context.Context, c authz.Commit) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	c, err := m.overtaken(ctx, c)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	behind := c.Behind && c.Onto.Writes < m.state.Writes
	if c.Record.Revision != m.state.Revision+1 || !equal(c.Onto.Head, m.state.Head) || c.Onto.Writes != m.state.Writes && !behind {
		return authz.ErrConflict
	}
	if c.NotBefore != 0 && m.clock().UnixMicro() < c.NotBefore {
		return authz.ErrTooEarly
	}
	m.asked.mu.Lock()
	defer m.asked.mu.Unlock()
	decided, err := m.asked.after(c.Requests)
	if err != nil {
		return err
	}
	if err := m.write(c); err != nil && behind { // what was written since is in the way
		return fmt.Errorf("%w: %w", authz.ErrConflict, err)
	} else if err != nil {
		return err
	}
	// Nothing can fail from here on.
	m.asked.list = decided
	added := record{record{Record: c.Record}.clone(), slices.Clone(c.Keys)}
	m.records = append(m.records, added)
	m.state.Head = authz.Head{Revision: added.Revision, Hash: added.Hash}
	m.archive(c.Archive)
	m.state.Recorded = c.Onto.Writes
	m.state.Milestones = c.Milestones
	return nil
}

// write carries out what a commit does to rows, ends, groups and users, or nothing.
func (m *Store) write(c authz.Commit) error {
	ends, err := m.ends.renamed(c)
	if err != nil {
		return err
	}
	groups, err := changedGroups(m.groups, c)
	if err != nil {
		return err
	}
	if err := m.rows.change(c); err != nil {
		return err
	}
	m.groups = groups
	m.ends = ends
	m.ends.set(c.Ends)
	for _, id := range c.Users {
		m.users[id] = authz.NewVersion(c.Record.Revision, c.Record.Hash)
	}
	return nil
}

// maxOvertaking is how many records may have overtaken a commit that is moved over them.
const maxOvertaking = 200

// overtaken returns the commit to write: c, or what it becomes after the records that were faster.
func (m *Store) overtaken(ctx context.Context, c authz.Commit) (authz.Commit, error) {
	if c.Overtaken == nil {
		return c, nil
	}
	now, err := m.Position(ctx)
	if err != nil || now.Revision <= c.Onto.Revision || now.Writes != c.Onto.Writes {
		return c, err
	}
	records, err := m.Since(ctx, c.Onto.Revision, maxOvertaking, 0)
	if err != nil || c.Onto.Revision+authz.Revision(len(records)) != now.Revision {
		return c, authz.ErrConflict
	}
	return c.Overtaken(ctx, records)
}

func equal(a, b authz.Head) bool { return a.Revision == b.Revision && bytes.Equal(a.Hash, b.Hash) }

// changedGroups returns the groups after c. It doesn't change its argument.
func changedGroups(groups map[authz.GroupName]authz.GroupRow, c authz.Commit) (map[authz.GroupName]authz.GroupRow, error) {
	if len(c.Renames)+len(c.PutGroups)+len(c.DeleteGroups) == 0 {
		return groups, nil
	}
	groups = maps.Clone(groups)
	for i, rename := range c.Renames {
		row, there := groups[rename.From]
		if !there {
			continue
		}
		delete(groups, rename.From)
		if _, taken := groups[rename.To]; taken {
			return nil, fmt.Errorf("rename %d: another group has that name already", i)
		}
		row.Name = rename.To
		groups[rename.To] = row
	}
	for _, row := range c.PutGroups {
		groups[row.Name] = row
	}
	for _, name := range c.DeleteGroups {
		delete(groups, name)
	}
	return groups, nil
}
