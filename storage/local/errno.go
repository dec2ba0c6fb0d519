package local

import (
	"errors"
	"strings"
	"syscall"
)

// heldElsewhere tells that a folder's lock is another process's, or another
// engine's of this one. For the latter pebble has only a text (v2.1.4,
// vfs/file_lock_unix.go). A folder that this user may not use is not held.
func heldElsewhere(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || strings.Contains(err.Error(), "lock held by current process")
}
