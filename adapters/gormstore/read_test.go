package gormstore_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// The figures in the documents: how long a start takes with a million memberships, and what
// changes take then.
func TestAMillionMemberships(t *testing.T) {
	if testing.Short() || dbtest.RaceDetector {
		t.Skip("takes seconds and measures")
	}
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		insertMillion(t, s)
		for range 3 {
			n := 0
			start, allocated := time.Now(), totalAlloc()
			err := s.Load(t.Context(), func(authz.State) error { return nil }, func(authz.Row) error { n++; return nil })
			if err != nil || n != 1_000_001 {
				t.Fatalf("%d rows: %v", n, err)
			}
			t.Logf("a million rows read in %v, %d MB allocated on the way", since(start), (totalAlloc()-allocated)/1e6)
		}
		start := time.Now()
		dbtest.Commit(t, s, authz.Commit{Renames: []authz.Rename{{From: "Team 7", To: "Team seven"}}})
		t.Logf("a group of a thousand members renamed in %v", since(start))
		start = time.Now()
		dbtest.Commit(t, s, authz.Commit{RemoveRows: []authz.Row{{Type: "g", V: [6]string{"user-7", "group:Team seven"}}}})
		t.Logf("a member removed in %v", since(start))
		start = time.Now()
		const commits = 100
		for range commits {
			dbtest.Commit(t, s, authz.Commit{Users: []authz.UserID{"ana"}})
		}
		t.Logf("a small change committed in %v", (time.Since(start) / commits).Round(10*time.Microsecond))

		before := heap()
		start = time.Now()
		engine, err := authz.Open(t.Context(), s, authz.Options{Logger: slog.New(slog.DiscardHandler), PollInterval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("the engine opened in %v and holds %d MB", since(start), (heap()-before)/1e6)
		if n := len(engine.View().Groups("")); n != 1001 {
			t.Errorf("%d groups", n)
		}
		revision := engine.View().Revision()
		dbtest.Exec(t, dbtest.StorePool(s), "INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4, v5) "+
			"SELECT 'g', v0, 'group:Administrators', '', '', '', '' FROM casbin_rule WHERE ptype = 'g' AND v0 LIKE 'user-1%' AND v0 LIKE '%7'")
		start = time.Now()
		if err := engine.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		administrators, _ := engine.View().Group(authz.Administrators)
		t.Logf("%d foreign rows recorded in %v", administrators.MemberCount, since(start))
		if engine.View().Revision() != revision+1 || administrators.MemberCount < 10_000 {
			t.Errorf("from revision %d to %d, %d administrators", revision, engine.View().Revision(), administrators.MemberCount)
		}
		engine.Close(context.Background())
	})
}

// insertMillion writes in SQL that every database understands.
func insertMillion(t *testing.T, s *gormstore.Store) {
	t.Helper()
	digits := "(SELECT 0 AS i" + strings.Repeat(" UNION ALL SELECT %", 9) + ")"
	for _, i := range "123456789" {
		digits = strings.Replace(digits, "%", string(i), 1)
	}
	number := "(a.i + 10*b.i + 100*c.i)"
	thousand := " FROM " + digits + " a CROSS JOIN " + digits + " b CROSS JOIN " + digits + " c"
	dbtest.Exec(t, dbtest.StorePool(s),
		"INSERT INTO rightful_groups (name, description, version, updated_at, updated_by_kind, updated_by_id) VALUES ('Administrators', '', 1, 0, 'start', '')",
		"INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4, v5) VALUES ('p', 'group:Administrators', '*', '*', 'allow', '', '')",
		"INSERT INTO rightful_groups (name, description, version, updated_at, updated_by_kind, updated_by_id) "+
			"SELECT CONCAT('Team ', "+number+"), '', 1, 0, 'start', ''"+thousand,
		"INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4, v5) SELECT 'g', CONCAT('user-', "+number+" + 1000*d.i + 10000*e.i + 100000*f.i), "+
			"CONCAT('group:Team ', "+number+"), '', '', '', ''"+thousand+
			" CROSS JOIN "+digits+" d CROSS JOIN "+digits+" e CROSS JOIN "+digits+" f")
}

func since(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }

func totalAlloc() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
