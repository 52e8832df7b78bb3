package sqlite_test

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// millionUsers is 1,000 groups with 100 rules each and a million users, in an SQLite file.
func millionUsers(b *testing.B) *gormstore.Store {
	b.Helper()
	s := dbtest.OpenFile(b, dbtest.File(b), gormstore.Options{})
	engine, err := authz.Open(b.Context(), s, quiet)
	if err != nil {
		b.Fatal(err)
	}
	_ = engine.Close(context.Background())
	for _, statement := range []string{
		`INSERT INTO rightful_groups (name, description, version, updated_at, updated_by_kind, updated_by_id)
			WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
			SELECT 'Group ' || i, '', 1, 0, 'start', '' FROM n`,
		`INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4, v5)
			WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
			SELECT 'p', 'group:Group ' || (i / 100), 'area' || (i / 100) || '.part' || (i % 100), 'view', 'allow', '', '' FROM n`,
		`INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4, v5)
			WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
			SELECT 'g', 'user' || i, 'group:Group ' || (i % 1000), '', '', '', '' FROM n`,
	} {
		dbtest.Exec(b, dbtest.StorePool(s), statement)
	}
	return s
}

var quiet = authz.Options{Logger: slog.New(slog.DiscardHandler), PollInterval: time.Hour}

// BenchmarkOpen measures how long an engine takes from an opened file with a million
// users to the first decision, and what heap it holds after a collection.
func BenchmarkOpen(b *testing.B) {
	s := millionUsers(b)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var engine *authz.Engine
	for b.Loop() {
		var err error
		if engine, err = authz.Open(b.Context(), s, quiet); err != nil {
			b.Fatal(err)
		}
		if !engine.Can("user123456", "area456.part7:view") {
			b.Fatal("denied")
		}
		b.StopTimer()
		_ = engine.Close(context.Background())
		b.StartTimer()
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/1e6, "MB-heap")
	runtime.KeepAlive(engine)
}
