package memory_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/internal/memory"
)

// Another program leaves no change behind: neither a revision nor a record.
func TestWritesOfOtherProgramsAreNoChanges(t *testing.T) {
	m := memory.New()
	ids := memory.InsertRows(m, authz.Row{ID: 99, Type: "p"}, authz.Row{Type: "p"}, authz.Row{Type: "g"})
	if !slices.Equal(ids, []int64{1, 2, 3}) {
		t.Errorf("ids %v", ids)
	}
	if !memory.DeleteRow(m, 2) || memory.DeleteRow(m, 2) {
		t.Error("DeleteRow doesn't say whether there was a row")
	}
	if memory.DeleteRecord(m, 1) {
		t.Error("DeleteRecord found a record in an empty store")
	}
	state, got, err := authztest.Load(t.Context(), m)
	want := []authz.Row{{ID: 1, Type: "p"}, {ID: 3, Type: "g"}}
	if err != nil || state.Revision != 0 || state.Writes != 2 || !slices.Equal(got, want) {
		t.Errorf("loaded %v at %d: %v", got, state.Revision, err)
	}
	if _, err := m.Since(t.Context(), 0, 10); errors.Is(err, authz.ErrGap) {
		t.Error("there is a gap in the records")
	}
}
