package authz_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func TestMemoryStore(t *testing.T) {
	authztest.TestBackend(t, authztest.Backend{
		Open:    func(*testing.T) authz.Store { return authz.NewMemoryStore() },
		Another: func(_ *testing.T, s authz.Store) authz.Store { return s },
		InsertRow: func(_ *testing.T, s authz.Store, columns [7]*string) int64 {
			var r authz.Row
			for i, c := range columns {
				switch {
				case c == nil: // there is no NULL in memory
				case i == 0:
					r.Type = *c
				default:
					r.V[i-1] = *c
				}
			}
			return s.(*authz.MemoryStore).InsertRows(r)[0]
		},
		DeleteRecord: func(t *testing.T, s authz.Store, r authz.Revision) {
			if !s.(*authz.MemoryStore).DeleteRecord(r) {
				t.Errorf("there is no record %d", r)
			}
		},
		Lacks: "memory doesn't outlast the process",
	})
}

// An outside program leaves no change behind: neither a revision nor a record.
func TestMemoryStoreChangedFromOutside(t *testing.T) {
	m := authz.NewMemoryStore()
	ids := m.InsertRows(authz.Row{ID: 99, Type: "p"}, authz.Row{Type: "p"}, authz.Row{Type: "g"})
	if !slices.Equal(ids, []int64{1, 2, 3}) {
		t.Errorf("ids %v", ids)
	}
	if !m.DeleteRow(2) || m.DeleteRow(2) {
		t.Error("DeleteRow doesn't say whether there was a row")
	}
	if m.DeleteRecord(1) {
		t.Error("DeleteRecord found a record in an empty store")
	}
	state, got, err := authztest.Load(t.Context(), m)
	want := []authz.Row{{ID: 1, Type: "p"}, {ID: 3, Type: "g"}}
	if err != nil || state.Revision != 0 || !slices.Equal(got, want) {
		t.Errorf("loaded %v at %d: %v", got, state.Revision, err)
	}
	if _, err := m.Since(t.Context(), 0, 10); errors.Is(err, authz.ErrGap) {
		t.Error("there is a gap in the records")
	}
}
