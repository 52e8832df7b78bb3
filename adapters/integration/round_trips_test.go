package integration_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// At a database far away, what a change costs is its round trips, BEGIN and COMMIT included (B8).
func TestRoundTripsOfAChange(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		d, link := d.Through(t)
		engine := openOn(t, d, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ana := restOf(engine)
		ana.want(t, 201, "POST", "/groups", `{"name":"Desk"}`, "")
		steps := []struct {
			method, path, body string
			status, most       int
		}{
			{"PUT", "/groups/Desk/members/ben", "", 204, 7},
			{"DELETE", "/groups/Desk/members/ben", "", 204, 8},
			{"PUT", "/groups/Desk/members/ben?until=" + time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339), "", 204, 7},
			{"DELETE", "/groups/Desk/members/ben", "", 204, 8},
			{"PATCH", "/users/ben/permissions", `{"grant":["orders:view"]}`, 200, 7},
			{"PATCH", "/users/ben/permissions", `{"revoke":["orders:view"]}`, 200, 8},
			{"PATCH", "/groups/Desk/permissions", `{"grant":["orders:view"]}`, 200, 7},
			{"PATCH", "/groups/Desk/permissions", `{"revoke":["orders:view"]}`, 200, 8},
		}
		pauses := []time.Duration{0, 1200 * time.Millisecond} // pgx tests a connection that lay for a second
		if testing.Short() {
			pauses = pauses[:1]
		}
		for _, pause := range pauses {
			least := make([]int, len(steps)) // of three rounds: the engine may prune denials meanwhile
			for round := range 3 {
				for i, step := range steps {
					<-time.After(pause)
					before := link.RoundTrips()
					ana.want(t, step.status, step.method, step.path, step.body, "")
					if n := link.RoundTrips() - before; round == 0 || n < least[i] {
						least[i] = n
					}
				}
			}
			for i, step := range steps {
				t.Logf("%s %s %s: %d round trips after a pause of %v", step.method, step.path, step.body, least[i], pause)
				if least[i] > step.most {
					t.Errorf("%s %s %s: more than %d round trips", step.method, step.path, step.body, step.most)
				}
			}
		}
	})
}

// The end of a membership costs one statement more, and the time before which a change must not be made none.
func TestRoundTripsOfAnEnd(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		d, link := d.Through(t)
		s := d.Open(t, gormstore.Options{})
		dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
		row := []authz.Row{{Type: "g", V: [6]string{"dana", "group:Desk"}}}
		users := []authz.UserID{"dana"}
		for _, step := range []struct {
			name   string
			commit authz.Commit
			most   int
		}{
			{"added", authz.Commit{AddRows: row, Users: users, Ends: []authz.MembershipEnd{{User: "dana", Group: "Desk", Until: 1}}}, 7},
			{"removed", authz.Commit{RemoveRows: row, Users: users, Ends: []authz.MembershipEnd{{User: "dana", Group: "Desk"}}, NotBefore: 1}, 8},
		} {
			before := link.RoundTrips()
			dbtest.Commit(t, s, step.commit)
			n := link.RoundTrips() - before - 1 // the position, which the engine knows
			t.Logf("a membership with an end %s: %d round trips", step.name, n)
			if n > step.most {
				t.Errorf("a membership with an end %s: more than %d round trips", step.name, step.most)
			}
		}
		before := link.RoundTrips()
		if _, err := s.Position(t.Context()); err != nil || link.RoundTrips() != before+1 {
			t.Errorf("the position took %d round trips: %v", link.RoundTrips()-before, err)
		}
	})
}

// At a latency of 300 ms a change is made well within the time that a write may take, and so are some at once.
func TestWritesAtHighLatency(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a slow database")
	}
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		t.Parallel()
		d, link := d.Through(t)
		engine := openOn(t, d, authz.Options{Bootstrap: "ana"})
		ana := restOf(engine)
		ana.want(t, 201, "POST", "/groups", `{"name":"Desk"}`, "")
		link.Delay(300 * time.Millisecond)
		start := time.Now()
		ana.want(t, 204, "PUT", "/groups/Desk/members/ben", "", "")
		alone := time.Since(start)

		const writers = 20
		var made atomic.Int64
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				_, err := engine.As("ana").Assign(t.Context(), "Desk", authz.UserID(fmt.Sprint("user-", i)))
				switch {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, authz.ErrStoreUnavailable):
					t.Error(err)
				}
			})
		}
		all.Wait()
		t.Logf("one write took %v; of %d at once %d were made in time", alone.Round(time.Millisecond), writers, made.Load())
		if alone > 15*300*time.Millisecond {
			t.Errorf("one write took %v", alone)
		}
		if made.Load() < 2 {
			t.Errorf("of %d writes at once %d were made", writers, made.Load())
		}
	})
}
