package authz_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkOpen measures how long an engine takes from rows to the first decision, and what
// heap it holds after a collection. Making up the rows is part of the time.
func BenchmarkOpen(b *testing.B) {
	for _, s := range authztest.Sizes {
		b.Run(s.Name, func(b *testing.B) {
			before := heap()
			var engine *authz.Engine
			for b.Loop() {
				var err error
				if engine, err = authz.Open(b.Context(), s.Store(), neverPolling); err != nil {
					b.Fatal(err)
				}
				if !engine.Can(s.User(1), s.Permission(1, 1)) {
					b.Fatal("denied")
				}
				_ = engine.Close(context.Background())
			}
			b.StopTimer()
			b.ReportMetric(float64(heap()-before)/1e6, "MB-heap")
			runtime.KeepAlive(engine)
		})
	}
}

// BenchmarkOpenMemory measures the same over a store in memory, which has the rows.
func BenchmarkOpenMemory(b *testing.B) {
	for _, s := range authztest.Sizes {
		b.Run(s.Name, func(b *testing.B) {
			store := authztest.NewStore()
			if err := fill(b.Context(), store, s); err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			for b.Loop() {
				engine, err := authz.Open(b.Context(), store, neverPolling)
				if err != nil || !engine.Can(s.User(1), s.Permission(1, 1)) {
					b.Fatal("denied", err)
				}
				_ = engine.Close(context.Background())
			}
		})
	}
}
