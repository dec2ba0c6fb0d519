// Package attack drives the built server as somebody does who wants it to end:
// statements, packets and answers that take memory, and connections that take
// files. The server runs without the race detector and under a bound of 1 GiB
// of memory that the system holds it to, as on a small machine.
//
// Each test runs an attack while an honest client uses both ports. It wants
// that the server survives, that the honest client is served meanwhile, and that
// memory, files, connections and goroutines are returned afterwards.
//
// The tests are left out of a run with the race detector, which takes several
// times the memory; `make test` runs them apart.
package attack
