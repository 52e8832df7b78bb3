//go:build !race

package adapters_test

const raceDetector = false
