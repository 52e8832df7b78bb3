//go:build race

package authztest

// Under the race detector a database in Go is some forty times slower, and the limits on
// variables are found without it.
const (
	many      = 1_000
	shortcuts = 15
	moments   = 30
)
