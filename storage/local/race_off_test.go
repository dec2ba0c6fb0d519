//go:build !race

package local

const raceDetector = false

// RaceDetector is that for the tests outside of the package.
const RaceDetector = raceDetector
