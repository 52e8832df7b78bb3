//go:build !race

package authztest

const (
	many            = 10_000 // rows in one commit
	cutShortCommits = 60     // interrupted commits
	concurrentLoads = 300    // loads during commits
)
