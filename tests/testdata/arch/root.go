package bad

import (
	"example.com/go-uuid"

	"bad/storage/memory"
)

// Stage shows a library's type; its hidden field does not.
type Stage struct {
	ID     uuid.UUID
	hidden uuid.UUID
	store  memory.Store
}

// New shows none: what a body uses is its own affair.
func New() Stage {
	var id uuid.UUID
	return Stage{hidden: id, ID: id, store: memory.Store{}}
}
