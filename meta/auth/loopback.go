package auth

import "net/netip"

// IsLoopback reports whether host is an address of this machine itself:
// 127.0.0.0/8 or ::1. While root has no password, only such clients are let in.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
