//go:build race

package dbtest

// RaceDetector says whether the race detector runs, which makes everything some ten times slower.
const RaceDetector = true
