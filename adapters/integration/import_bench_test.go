package integration_test

import "testing"

// BenchmarkImport imports 32 MiB into a new store, or tries it in a dry run, and reports the peak of the heap as
// a multiple of the file (B7).
func BenchmarkImport(b *testing.B) {
	text := largeFile(32 << 20)
	for _, c := range importCases {
		b.Run(c.name, func(b *testing.B) {
			var live, total float64
			for b.Loop() {
				live, total = importPeak(b, c, text)
			}
			b.ReportMetric(live, "live/size")
			b.ReportMetric(total, "heap/size")
		})
	}
}
