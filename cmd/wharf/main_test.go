package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

// asProgram is a variable that makes the test's binary the program itself.
const asProgram = "WHARF_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	worker := len(os.Args) > 1 && os.Args[1] == workerCommand // a server under test starts it
	if worker || os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram) // which is no variable of the program's
		main()
	}
	if dir := os.Getenv(firstStart); dir != "" {
		os.Exit(startOnce(dir))
	}
	os.Exit(m.Run())
}

func TestNohupIsKept(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	if slices.Contains(stopSignals(), os.Signal(syscall.SIGHUP)) {
		t.Error("HUP ends a server that is to outlive its terminal")
	}
}
