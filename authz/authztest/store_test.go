package authztest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func TestStoreOnWhichNothingGoesWrong(t *testing.T) {
	authztest.TestBackend(t, authztest.Backend{
		Open:    func(*testing.T) authz.Store { return authztest.NewStore() },
		Another: func(_ *testing.T, s authz.Store) authz.Store { return s.(*authztest.Store).Another() },
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
			return s.(*authztest.Store).InsertRows(r)[0]
		},
		Write: map[string]func(*testing.T, authz.Store){
			"end put": func(_ *testing.T, s authz.Store) {
				s.(*authztest.Store).PutEnd(authz.MembershipEnd{User: "cleo", Group: "Desk", Until: 1})
			},
			"end deleted": func(t *testing.T, s authz.Store) {
				if !s.(*authztest.Store).DeleteEnd("ben", "Desk") {
					t.Error("there is no end to delete")
				}
			},
		},
		DeleteRecord: func(_ *testing.T, s authz.Store, r authz.Revision) { s.(*authztest.Store).DeleteRecord(r) },
		Lacks:        "memory doesn't outlast the process",
	})
}

// A store that fails hasn't done anything, one that loses its answer has, and another store on
// the same data has no part in it.
func TestStoreThatFails(t *testing.T) {
	s, away := authztest.NewStore(), errors.New("away")
	other := s.Another()
	first := authz.Commit{Record: authz.Record{Revision: 1, Hash: []byte{1}}}
	s.Fail(away, authztest.CallCommit)
	if err := s.Commit(t.Context(), first); !errors.Is(err, away) {
		t.Errorf("the commit said %v", err)
	}
	if p, err := s.Position(t.Context()); err != nil || p.Revision != 0 {
		t.Errorf("after a commit that failed it stands at %+v: %v", p, err)
	}
	s.Fail(nil)
	s.OnReturn(func(context.Context) error { return away }, authztest.CallCommit)
	if err := s.Commit(t.Context(), first); !errors.Is(err, away) {
		t.Errorf("the commit said %v", err)
	}
	s.OnReturn(nil)
	if p, err := other.Position(t.Context()); err != nil || p.Revision != 1 {
		t.Errorf("after a lost answer it stands at %+v: %v", p, err)
	}
	if n := len(s.Commits()); n != 1 || len(other.Commits()) != 0 {
		t.Errorf("%d commits", n)
	}
	s.Fail(away)
	if _, err := s.Denials(t.Context(), authz.DenialQuery{}); !errors.Is(err, away) {
		t.Errorf("with all calls failing, denials say %v", err)
	}
	if _, err := other.Position(t.Context()); err != nil {
		t.Error(err)
	}
	if n := s.Calls(authztest.CallCommit); n != 2 {
		t.Errorf("%d calls of Commit", n)
	}
}

// The ends that a test writes and the clock that it sets are those of the data, for every store on them.
func TestStoreWithEnds(t *testing.T) {
	s := authztest.NewStore()
	other := s.Another()
	s.PutEnd(authz.MembershipEnd{User: "ana", Group: "Desk", Until: 7})
	s.SetClock(func() time.Time { return time.UnixMicro(5) })
	state, _, err := authztest.Load(t.Context(), other)
	if err != nil || len(state.Ends) != 1 || state.Writes != 1 || state.Now != 5 {
		t.Errorf("loaded %+v: %v", state, err)
	}
	if !s.DeleteEnd("ana", "Desk") || s.DeleteEnd("ana", "Desk") {
		t.Error("DeleteEnd doesn't say whether there was an end")
	}
}
