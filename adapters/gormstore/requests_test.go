package gormstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// roomy are bounds that no test reaches.
var roomy = authz.OpenRequests{All: 100, OfUser: 5}

// addRequest adds a request of cleo for one permission.
func addRequest(t *testing.T, s *gormstore.Store, n int) authz.AccessRequest {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	r, err := s.AddRequest(t.Context(), authz.AccessRequest{
		ID: authz.RequestID(fmt.Sprintf("R%d", n)), User: "cleo", Permissions: []authz.Permission{authz.Permission(fmt.Sprintf("a:b%d", n))},
		State: authz.RequestOpen, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}, roomy)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A list that another program spoiled is as good as none: nothing can be approved for it. The other requests don't
// suffer, and the row can be decided.
func TestRequestWithAForeignListOfPermissions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		for n, text := range []string{"", "a:b", `{"a":"b"}`, `["a:b",7]`, `["a:b"`, "null"} {
			addRequest(t, s, n)
			dbtest.Exec(t, dbtest.StorePool(s), fmt.Sprintf("UPDATE rightful_requests SET permissions = '%s' WHERE id = 'R%d'", text, n))
			added := addRequest(t, s, 100+n)
			list, err := s.Requests(t.Context(), authz.RequestQuery{User: "cleo", State: authz.RequestOpen, At: added.CreatedAt, Limit: 10})
			if err != nil || len(list) != 2 || len(list[0].Permissions) != 1 || len(list[1].Permissions) != 0 {
				t.Errorf("%q: the list is %+v: %v", text, list, err)
			}
			if r, err := s.Request(t.Context(), authz.RequestID(fmt.Sprintf("R%d", n))); err != nil || len(r.Permissions) != 0 {
				t.Errorf("%q: the request is %+v: %v", text, r, err)
			}
			if err := s.Decide(t.Context(), authz.RequestDecision{User: "cleo", State: authz.RequestWithdrawn, At: time.Now()}); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

// A row that another program decided, but that still has the slot of an open request, doesn't answer new requests.
func TestRequestThatAForeignHandDecided(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		r := addRequest(t, s, 1)
		dbtest.Exec(t, dbtest.StorePool(s), "UPDATE rightful_requests SET state = 'declined' WHERE id = 'R1'")
		r.ID = "R2"
		if stored, err := s.AddRequest(t.Context(), r, roomy); err != nil || stored.ID != "R2" || stored.State != authz.RequestOpen {
			t.Errorf("asked again: %+v: %v", stored, err)
		}
	})
}
