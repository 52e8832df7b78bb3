package memory

import (
	"slices"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// InsertRows adds rows to the policy table as another program would: without checks and without a change. It
// ignores their ids and returns those that it assigns.
func InsertRows(m *Store, rows ...authz.Row) []int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.Writes++
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = m.rows.insert(r)
	}
	return ids
}

// DeleteRow removes a row from the policy table as another program would, without a change. It reports
// whether the table had the row.
func DeleteRow(m *Store, id int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, there := m.rows.remove(id)
	if there {
		m.state.Writes++
	}
	return there
}

// PutEnd sets the end of a membership as another program would, without a change. The membership needn't be in
// the policy table. An Until of 0 is kept, as in a database.
func PutEnd(m *Store, end authz.MembershipEnd) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.Writes++
	m.ends[endKey{end.User, end.Group}] = end.Until
}

// DeleteEnd removes the end of a membership as another program would, without a change. It reports whether
// there was one.
func DeleteEnd(m *Store, user authz.UserID, group authz.GroupName) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := endKey{user, group}
	_, there := m.ends[k]
	if there {
		m.state.Writes++
		delete(m.ends, k)
	}
	return there
}

// SetClock replaces the store's clock, which is [time.Now] at first. The store calls now while it is locked.
func SetClock(m *Store, now func() time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock = now
}

// DeleteRecord removes the record of a revision. It reports whether the store had one.
func DeleteRecord(m *Store, r authz.Revision) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, there := slices.BinarySearchFunc(m.records, r, byRevision)
	if there {
		m.records = slices.Delete(m.records, i, i+1)
	}
	return there
}
