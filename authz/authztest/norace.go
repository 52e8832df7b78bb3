//go:build !race

package authztest

const (
	many      = 10_000 // rows in one commit
	shortcuts = 60     // commits that are cut short
	moments   = 300    // loads while commits go on
)
