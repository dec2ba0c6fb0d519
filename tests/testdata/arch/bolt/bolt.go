// Package bolt is a library with a home.
package bolt

// Tx is its type.
type Tx struct{}
