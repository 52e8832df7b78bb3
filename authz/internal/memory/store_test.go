package memory_test

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/internal/memory"
)

func TestStore(t *testing.T) {
	authztest.TestBackend(t, authztest.Backend{
		Open:    func(*testing.T) authz.Store { return memory.New() },
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
			return memory.InsertRows(s.(*memory.Store), r)[0]
		},
		DeleteRecord: func(t *testing.T, s authz.Store, r authz.Revision) {
			if !memory.DeleteRecord(s.(*memory.Store), r) {
				t.Errorf("there is no record %d", r)
			}
		},
		Lacks: "memory doesn't outlast the process",
	})
}
