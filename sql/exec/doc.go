// Package exec gives statements their meaning: it runs the statements of one
// session against the wharf.Service, and answers what clients ask of a MySQL
// server uninvited.
//
// A [Session] belongs to one connection and is used by one goroutine at a
// time. It keeps the connection's variables, its database and its transaction
// flags, none of which changes what a stage does: statements of stages take
// effect at once.
package exec
