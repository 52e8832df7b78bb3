//go:build !race

package authztest

const (
	many            = 10_000 // rows in one commit
	cutShortCommits = 60     // commits that are cut short
	concurrentLoads = 300    // loads while commits go on
)
