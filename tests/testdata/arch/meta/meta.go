package meta

import "example.com/bolt"

// Begin may show the type: this is the library's home.
func Begin() *bolt.Tx { return nil }

// Long is longer than it may be.
func Long() int {
	n := 0
	n++
	n++
	n++
	n++
	n++
	n++
	n++
	return n
}
