package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// forbidCore keeps the process and those that it starts from writing core files,
// and other processes of its user from reading its memory: both have passwords
// and keys in them. A system that pipes core files to a program heeds only the
// second.
func forbidCore() error {
	return errors.Join(unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}), unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
}
