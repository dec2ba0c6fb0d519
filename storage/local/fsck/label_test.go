package fsck_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The label of a body file is the extended attribute that a salvage reads.

func readLabel(path string) []byte {
	p := make([]byte, 2<<10)
	n, err := unix.Getxattr(path, "user.wharf", p)
	if err != nil {
		return nil
	}
	return p[:n]
}

func writeLabel(t *testing.T, path string, label []byte) {
	t.Helper()
	if label == nil {
		return
	}
	if err := unix.Setxattr(path, "user.wharf", label, 0); err != nil {
		t.Fatal(err)
	}
}

func copyLabel(from, to string) error {
	if label := readLabel(from); label != nil {
		return unix.Setxattr(to, "user.wharf", label, 0)
	}
	return nil
}
