package integration_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/internal/dbtest"
)

// The time from the end of a change on one instance until it counts on the two others, which are notified.
func BenchmarkNotifiedInstancesFollow(b *testing.B) {
	for _, server := range []struct {
		name     string
		wire     func(testing.TB) wire
		database func(testing.TB) dbtest.Database
	}{{"postgres", postgresWire, dbtest.Postgres}, {"redis", redisWire, dbtest.MySQL}} {
		b.Run(server.name, func(b *testing.B) {
			w := server.wire(b)
			w.database = server.database(b)
			engines := openEngines(b, time.Hour, w, w.server)
			b.ResetTimer()
			took := propagate(b, engines, b.N, fmt.Sprint("round", b.N))
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-median")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
		})
	}
}
