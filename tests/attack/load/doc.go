// Package load attacks the ports of a server in every way at once: 10,000 idle
// connections, headers and bodies that come a byte at a time, logins and
// handshakes of TLS that stop half-way, things that are too large, guessed
// passwords, and random bytes at each stage of each protocol.
//
// It comes from several loopback addresses, one of them that of the honest
// client. Part of it has an account with a stage of its own. It keeps a pace:
// on loopback, an attack that does not would measure only how the processors
// are shared.
//
// The tests of memory use it, and the benchmark of an honest client's latency.
package load
