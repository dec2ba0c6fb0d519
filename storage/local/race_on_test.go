//go:build race

package local

// raceDetector reports whether the tests were built with the race detector.
// Under it the long simulations run in part; make test runs them in full
// without it.
const raceDetector = true

// RaceDetector is that for the tests outside of the package.
const RaceDetector = raceDetector
