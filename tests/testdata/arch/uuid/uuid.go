// Package uuid is a library without a home; its name is not the end of its path.
package uuid

// UUID is its type.
type UUID [16]byte
