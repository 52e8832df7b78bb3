//go:build race

package authztest

// With the race detector, a database in Go is about forty times slower. The other build tests the limits of
// databases.
const (
	many            = 1_000
	cutShortCommits = 15
	concurrentLoads = 30
)
