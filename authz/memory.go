package authz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// MemoryStore is a [Store] that lasts as long as the process: for tests, examples, and hosts
// that seed the same policy at each start. Make one with [NewMemoryStore].
type MemoryStore struct {
	mu      sync.RWMutex
	state   State // but for its groups, which are in groups
	rows    memoryRows
	groups  map[GroupName]GroupRow
	users   map[UserID]Revision
	records []Record // by revision
	denials memoryDenials
}

// NewMemoryStore returns an empty store at revision 0.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{
		rows:   memoryRows{ids: map[Row][]int64{}},
		groups: map[GroupName]GroupRow{},
		users:  map[UserID]Revision{},
	}
}

// Load implements [Store]. Commits go on while row is being called.
func (m *MemoryStore) Load(ctx context.Context, state func(State) error, row func(Row) error) error {
	rows, present := m.moment()
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

// moment copies everything, as of now.
func (m *MemoryStore) moment() ([]Row, State) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	rows := slices.AppendSeq(make([]Row, 0, len(m.rows.list)), m.rows.all)
	state := m.state
	state.Position = m.position()
	state.Groups = slices.SortedFunc(maps.Values(m.groups), func(a, b GroupRow) int { return cmp.Compare(a.Name, b.Name) })
	return rows, state
}

// Position implements [Store].
func (m *MemoryStore) Position(ctx context.Context) (Position, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.position(), ctx.Err()
}

func (m *MemoryStore) position() Position {
	p := m.state.Position
	p.Hash = slices.Clone(p.Hash)
	return p
}

// Since implements [Store].
func (m *MemoryStore) Since(ctx context.Context, after Revision, limit int) ([]Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	from, _ := slices.BinarySearchFunc(m.records, after+1, byRevision)
	var list []Record
	for expect := after + 1; expect <= m.state.Revision && len(list) < limit; expect++ {
		if from == len(m.records) || m.records[from].Revision != expect {
			return nil, ErrGap
		}
		list = append(list, m.records[from].clone())
		from++
	}
	return list, ctx.Err()
}

// Before implements [Store].
func (m *MemoryStore) Before(ctx context.Context, before Revision, limit int) ([]Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	end := len(m.records)
	if before != 0 {
		end, _ = slices.BinarySearchFunc(m.records, before, byRevision)
	}
	var list []Record
	for i := end - 1; i >= 0 && len(list) < limit; i-- {
		list = append(list, m.records[i].clone())
	}
	return list, ctx.Err()
}

// UserVersion implements [Store].
func (m *MemoryStore) UserVersion(ctx context.Context, id UserID) (Revision, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.users[id], ctx.Err()
}

// Commit implements [Store].
func (m *MemoryStore) Commit(ctx context.Context, c Commit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.Record.Revision != m.state.Revision+1 || !c.Onto.equal(m.state.Position) {
		return ErrConflict
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
	record := c.Record.clone()
	m.records = append(m.records, record)
	m.state.Head = Head{record.Revision, record.Hash}
	m.state.Recorded = c.Onto.Writes
	m.state.Milestones = c.Milestones
	return nil
}

// InsertRows is what an outside program does: it puts rows into the table as they are, past
// the engine and without a change. It returns their ids; those in rows don't count.
func (m *MemoryStore) InsertRows(rows ...Row) []int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.Writes++
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = m.rows.insert(r)
	}
	return ids
}

// DeleteRow is what an outside program does: it takes a row out of the table, past the
// engine and without a change. It reports whether there was one.
func (m *MemoryStore) DeleteRow(id int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, there := m.rows.remove(id)
	if there {
		m.state.Writes++
	}
	return there
}

// DeleteRecord is what an outside program does: it takes away the record of a revision. It
// reports whether there was one.
func (m *MemoryStore) DeleteRecord(r Revision) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, there := slices.BinarySearchFunc(m.records, r, byRevision)
	if there {
		m.records = slices.Delete(m.records, i, i+1)
	}
	return there
}

func byRevision(r Record, revision Revision) int { return cmp.Compare(r.Revision, revision) }

func (r Record) clone() Record {
	r.Delta, r.Hash = slices.Clone(r.Delta), slices.Clone(r.Hash)
	return r
}

// changedGroups returns what becomes of the groups; the map it is given stays as it is.
func changedGroups(groups map[GroupName]GroupRow, c Commit) (map[GroupName]GroupRow, error) {
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
			return nil, fmt.Errorf("rename %d: a group has that name already", i)
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

// memoryRows is the policy table.
type memoryRows struct {
	list []memoryRow     // by id
	gone int             // how many of them
	ids  map[Row][]int64 // of the rows that are equal but for their id
	last int64           // the highest id ever given; ids aren't used twice
	undo []func()        // takes back what a commit did so far, last first
}

// memoryRow is a row, or the place of one that is gone and may come back.
type memoryRow struct {
	Row
	gone bool
}

// all yields the rows by their ids.
func (t *memoryRows) all(yield func(Row) bool) {
	for i := range t.list {
		if !t.list[i].gone && !yield(t.list[i].Row) {
			return
		}
	}
}

// find returns the place of a row, which may be gone, and nil where there is none.
func (t *memoryRows) find(id int64) *memoryRow {
	i, there := slices.BinarySearchFunc(t.list, id, func(r memoryRow, id int64) int { return cmp.Compare(r.ID, id) })
	if !there {
		return nil
	}
	return &t.list[i]
}

// tidy drops the places of rows that are gone when they are too many.
func (t *memoryRows) tidy() {
	if t.gone > len(t.list)/2+1000 {
		t.list = slices.DeleteFunc(t.list, func(r memoryRow) bool { return r.gone })
		t.gone = 0
	}
}

// change does to the rows what c says, or nothing.
func (t *memoryRows) change(c Commit) (err error) {
	t.undo = nil
	defer func() {
		if err == nil {
			t.tidy()
			return
		}
		for _, undo := range slices.Backward(t.undo) {
			undo()
		}
	}()
	for i, rename := range c.Renames {
		if err := t.rename(rename); err != nil {
			return fmt.Errorf("rename %d: %w", i, err)
		}
	}
	remove, err := t.toRemove(c)
	if err != nil {
		return err
	}
	for _, id := range remove {
		row, _ := t.remove(id)
		t.undo = append(t.undo, func() { t.put(row) })
	}
	for i, row := range c.AddRows {
		if err := t.add(row); err != nil {
			return fmt.Errorf("row %d to add: %w", i, err)
		}
	}
	return nil
}

// toRemove returns the ids of the rows that c removes.
func (t *memoryRows) toRemove(c Commit) ([]int64, error) {
	var found []int64
	for i, row := range c.RemoveRows {
		ids := t.ids[withoutID(row)]
		if len(ids) == 0 {
			return nil, fmt.Errorf("row %d to remove isn't in the table", i)
		}
		found = append(found, ids...)
	}
	for _, id := range c.RemoveIDs {
		if at := t.find(id); at == nil || at.gone {
			return nil, fmt.Errorf("the row to remove with id %d isn't in the table", id)
		}
		found = append(found, id)
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// rename lets every row that names the group name it anew. The rows keep their ids.
func (t *memoryRows) rename(rename Rename) error {
	from, to := string(rename.From.Subject()), string(rename.To.Subject())
	var renamed []Row
	for row := range t.all {
		left, right := row.V[0] == from, row.Type == "g" && row.V[1] == from
		if !left && !right {
			continue
		}
		before, _ := t.remove(row.ID)
		t.undo = append(t.undo, func() { t.put(before) })
		if left {
			row.V[0] = to
		}
		if right {
			row.V[1] = to
		}
		renamed = append(renamed, row)
	}
	for _, row := range renamed {
		if err := t.putNew(row); err != nil {
			return err
		}
	}
	return nil
}

func (t *memoryRows) add(row Row) error {
	row.ID = t.last + 1
	if err := t.putNew(row); err != nil {
		return err
	}
	t.last = row.ID
	return nil
}

// putNew puts a row that can be taken back and must not be there yet.
func (t *memoryRows) putNew(row Row) error {
	if len(t.ids[withoutID(row)]) > 0 {
		return errors.New("the table has such a row already")
	}
	t.put(row)
	t.undo = append(t.undo, func() { t.remove(row.ID) })
	return nil
}

// insert puts a row under the next id, whatever is there.
func (t *memoryRows) insert(row Row) int64 {
	t.last++
	row.ID = t.last
	t.put(row)
	return row.ID
}

// put puts a row in its place, which is the last if it is new.
func (t *memoryRows) put(row Row) {
	if at := t.find(row.ID); at == nil {
		t.list = append(t.list, memoryRow{Row: row})
	} else {
		*at = memoryRow{Row: row}
		t.gone--
	}
	values := withoutID(row)
	t.ids[values] = append(t.ids[values], row.ID)
}

// remove takes a row out, if it is there.
func (t *memoryRows) remove(id int64) (row Row, there bool) {
	at := t.find(id)
	if at == nil || at.gone {
		return Row{}, false
	}
	row = at.Row
	at.gone = true
	t.gone++
	values := withoutID(row)
	rest := slices.DeleteFunc(t.ids[values], func(other int64) bool { return other == id })
	if len(rest) == 0 {
		delete(t.ids, values)
	} else {
		t.ids[values] = rest
	}
	return row, true
}

func withoutID(row Row) Row {
	row.ID = 0
	return row
}

// memoryDenials are the denials of a [MemoryStore].
type memoryDenials struct {
	mu   sync.RWMutex
	list []Denial // oldest first
}
