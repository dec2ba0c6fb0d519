package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

func TestNohupIsKept(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	if slices.Contains(stopSignals(), os.Signal(syscall.SIGHUP)) {
		t.Error("HUP ends a server that is to outlive its terminal")
	}
}
