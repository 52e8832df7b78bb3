package integration_test

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// A membership ends at the same time on every instance, by the clock of the database, and is then removed from its
// tables in a change of its own.
func TestMembershipsEndOnEachDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		t.Parallel()
		engines := endingInstances(t, d, 2)
		end := assignForASecond(t, engines)
		watchEnd(t, engines, end)

		s := d.Open(t, gormstore.Options{})
		dbtest.Eventually(t, "the membership is removed", func() bool {
			state, rows, err := authztest.Load(t.Context(), s)
			return err == nil && len(state.Ends) == 0 && len(rows) == 3 // a grant, Administrators and ana
		})
		removed := time.Since(end)
		t.Logf("removed %v after the end", removed.Round(time.Millisecond))
		if removed > 3*time.Second+aBit {
			t.Errorf("removed %v after the end", removed)
		}
		for _, e := range engines {
			if err := e.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			c, err := e.Change(t.Context(), e.View().Revision())
			if err != nil || c.Actor.Kind != authz.ActorClock || c.At.Before(end) {
				t.Errorf("the last change is %+v: %v", c, err)
			}
		}
		if n, err := authz.AuditRecords(t.Context(), s, authz.AuditOptions{}); err != nil {
			t.Errorf("%d records fit: %v", n.Records, err)
		}
	})
}

// While the database is away, memberships end all the same; they are removed when it is back.
func TestMembershipsEndWhileTheDatabaseIsAway(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		t.Parallel()
		through, link := d.Through(t)
		engines := endingInstances(t, through, 1)
		end := assignForASecond(t, engines)
		link.Cut()
		watchEnd(t, engines, end)
		link.Mend()
		s := d.Open(t, gormstore.Options{})
		dbtest.Eventually(t, "the membership is removed", func() bool {
			state, _, err := authztest.Load(t.Context(), s)
			return err == nil && len(state.Ends) == 0
		})
	})
}

// aBit allows for a busy machine.
const aBit = 2 * time.Second

func endingInstances(t *testing.T, d dbtest.Database, n int) (engines []*authz.Engine) {
	t.Helper()
	options := authz.Options{Bootstrap: "ana", PollInterval: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)}
	for range n {
		engines = append(engines, openOn(t, d, options))
	}
	spec := authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:view"}}}
	if _, err := engines[0].As("ana").CreateGroup(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	return engines
}

// assignForASecond makes ben a member for a second, or as long as a busy machine takes to do so and a second.
func assignForASecond(t *testing.T, engines []*authz.Engine) (end time.Time) {
	t.Helper()
	end = time.Now().Add(aBit + time.Second).Truncate(time.Microsecond)
	if _, err := engines[0].As("ana").Until(end).Assign(t.Context(), "Desk", "ben"); err != nil {
		t.Fatal(err)
	}
	for _, e := range engines {
		dbtest.Eventually(t, "ben is a member", func() bool { return e.Can("ben", "a:view") })
	}
	return end
}

// watchEnd waits until no engine counts the membership, and compares that time with its end.
func watchEnd(t *testing.T, engines []*authz.Engine, end time.Time) {
	t.Helper()
	var all sync.WaitGroup
	for i, e := range engines {
		all.Go(func() {
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for e.Can("ben", "a:view") && time.Since(end) < 10*time.Second {
				<-tick.C
			}
			late := time.Since(end)
			t.Logf("instance %d: ended %v late", i, late.Round(time.Millisecond))
			if late < -20*time.Millisecond || late > 100*time.Millisecond+aBit { // the clock of the database is read to some milliseconds
				t.Errorf("instance %d: ended %v late", i, late)
			}
		})
	}
	all.Wait()
}
