// Package memory implements the store in memory. Hosts use it through package memstore, and tests through
// authztest.Store. [InsertRows], [DeleteRow] and [DeleteRecord] are only for tests.
package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/rightful-go/rightful/authz"
)

var (
	_ authz.Store       = (*Store)(nil)
	_ authz.DenialStore = (*Store)(nil)
)

// Store is an [authz.Store] and an [authz.DenialStore] in memory. Make one with [New].
type Store struct {
	mu      sync.RWMutex
	state   authz.State // without Groups, which are in groups
	rows    table
	groups  map[authz.GroupName]authz.GroupRow
	users   map[authz.UserID]authz.Revision
	records []authz.Record // by revision
	denials denials
}

// New returns an empty store at revision 0.
func New() *Store {
	return &Store{
		rows:   table{ids: map[authz.Row][]int64{}},
		groups: map[authz.GroupName]authz.GroupRow{},
		users:  map[authz.UserID]authz.Revision{},
	}
}

// Load implements [authz.Store]. It doesn't block commits while it calls row.
func (m *Store) Load(ctx context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	rows, present := m.contents()
	if err := state(present); err != nil {
		return err
	}
	for _, r := range rows {
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
func (m *Store) contents() ([]authz.Row, authz.State) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	rows := slices.AppendSeq(make([]authz.Row, 0, len(m.rows.list)), m.rows.all)
	state := m.state
	state.Position = m.position()
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
	return p
}

// Since implements [authz.Store].
func (m *Store) Since(ctx context.Context, after authz.Revision, limit int) ([]authz.Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	from, _ := slices.BinarySearchFunc(m.records, after+1, byRevision)
	var list []authz.Record
	for expect := after + 1; expect <= m.state.Revision && len(list) < limit; expect++ {
		if from == len(m.records) || m.records[from].Revision != expect {
			return nil, authz.ErrGap
		}
		list = append(list, cloneRecord(m.records[from]))
		from++
	}
	return list, ctx.Err()
}

// Before implements [authz.Store].
func (m *Store) Before(ctx context.Context, before authz.Revision, limit int) ([]authz.Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	end := len(m.records)
	if before != 0 {
		end, _ = slices.BinarySearchFunc(m.records, before, byRevision)
	}
	var list []authz.Record
	for i := end - 1; i >= 0 && len(list) < limit; i-- {
		list = append(list, cloneRecord(m.records[i]))
	}
	return list, ctx.Err()
}

// UserVersion implements [authz.Store].
func (m *Store) UserVersion(ctx context.Context, id authz.UserID) (authz.Revision, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.users[id], ctx.Err()
}

// Commit implements [authz.Store].
func (m *Store) Commit(ctx context.Context, c authz.Commit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.Record.Revision != m.state.Revision+1 || !equal(c.Onto, m.state.Position) {
		return authz.ErrConflict
	}
	groups, err := changedGroups(m.groups, c)
	if err != nil {
		return err
	}
	if err := m.rows.change(c); err != nil {
		return err
	}
	// Nothing can fail from here on.
	m.groups = groups
	for _, id := range c.Users {
		m.users[id] = c.Record.Revision
	}
	record := cloneRecord(c.Record)
	m.records = append(m.records, record)
	m.state.Head = authz.Head{Revision: record.Revision, Hash: record.Hash}
	m.state.Recorded = c.Onto.Writes
	m.state.Milestones = c.Milestones
	return nil
}

func equal(a, b authz.Position) bool {
	return a.Revision == b.Revision && bytes.Equal(a.Hash, b.Hash) && a.Writes == b.Writes
}

func byRevision(r authz.Record, revision authz.Revision) int {
	return cmp.Compare(r.Revision, revision)
}

func cloneRecord(r authz.Record) authz.Record {
	r.Delta, r.Hash = slices.Clone(r.Delta), slices.Clone(r.Hash)
	return r
}

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
