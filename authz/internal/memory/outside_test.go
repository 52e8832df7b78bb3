package memory_test

import (
	"errors"
	"slices"
	"testing"
	"time"

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
	if _, err := m.Since(t.Context(), 0, 10, 0); errors.Is(err, authz.ErrGap) {
		t.Error("there is a gap in the records")
	}
}

// Ends that another program writes are counted like rows, and needn't belong to a membership.
func TestForeignEnds(t *testing.T) {
	m := memory.New()
	end := authz.MembershipEnd{User: "ana", Group: "Desk", Until: 7}
	memory.PutEnd(m, end)
	state, _, err := authztest.Load(t.Context(), m)
	if err != nil || state.Writes != 1 || state.Recorded != 0 || !slices.Equal(state.Ends, []authz.MembershipEnd{end}) {
		t.Errorf("loaded %+v: %v", state, err)
	}
	if !memory.DeleteEnd(m, "ana", "Desk") || memory.DeleteEnd(m, "ana", "Desk") {
		t.Error("DeleteEnd doesn't say whether there was an end")
	}
	if state, _, err = authztest.Load(t.Context(), m); err != nil || state.Writes != 2 || len(state.Ends) != 0 {
		t.Errorf("loaded %+v: %v", state, err)
	}
}

func TestSetClock(t *testing.T) {
	m := memory.New()
	memory.SetClock(m, func() time.Time { return time.UnixMicro(1000) })
	c := authz.Commit{Record: authz.Record{Revision: 1, Hash: []byte{1}}, NotBefore: 1001}
	if err := m.Commit(t.Context(), c); !errors.Is(err, authz.ErrTooEarly) {
		t.Errorf("a microsecond early: %v", err)
	}
	c.NotBefore = 1000
	if err := m.Commit(t.Context(), c); err != nil {
		t.Error(err)
	}
	if p, err := m.Position(t.Context()); err != nil || p.Now != 1000 {
		t.Errorf("position %+v: %v", p, err)
	}
}
