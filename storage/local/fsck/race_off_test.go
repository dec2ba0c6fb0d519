//go:build !race

package fsck_test

const raceDetector = false
