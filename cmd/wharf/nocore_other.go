//go:build !linux

package main

import "golang.org/x/sys/unix"

// forbidCore keeps the process and those that it starts from writing core files,
// which have passwords and keys in them.
func forbidCore() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
