//go:build race

package exec_test

// raceDetector reports whether the tests were built with the race detector.
const raceDetector = true
