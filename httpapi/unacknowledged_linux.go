package httpapi

import (
	"net"

	"golang.org/x/sys/unix"
)

// unacknowledged tells how many bytes were written to c that its other side
// did not take yet, or 0 where that cannot be told.
func unacknowledged(c *net.TCPConn) (n int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n
}
