//go:build race

package api_test

// raceDetector says whether the race detector runs. It makes pools of memory forget at random, which spoils
// measurements of memory.
const raceDetector = true
