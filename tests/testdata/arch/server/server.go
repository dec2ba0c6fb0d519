package server

import (
	"bad/meta"

	"example.com/bolt"
)

// Catalog shows a library's type away from its home.
type Catalog interface {
	Begin() *bolt.Tx
}

type inner struct{}

// Tx is hidden with its receiver.
func (inner) Tx() *bolt.Tx { return meta.Begin() }

var _ = inner.Tx
