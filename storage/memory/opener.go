package memory

import (
	"context"
	"sync"

	"wharf"
)

// Opener gives every stage a Store of its own, whatever its URL says. Make it
// with [NewOpener].
type Opener struct {
	mu     sync.Mutex // guards stores
	stores map[wharf.StageID]*Store
}

var _ wharf.Opener = (*Opener)(nil)

// NewOpener makes an Opener without any store.
func NewOpener() *Opener { return &Opener{stores: map[wharf.StageID]*Store{}} }

// Check implements [wharf.Opener]: memory can hold every stage.
func (o *Opener) Check(wharf.Stage) error { return nil }

// Open implements [wharf.Opener]. Every Open of one stage ID gives the same
// Store.
func (o *Opener) Open(ctx context.Context, s wharf.Stage) (wharf.Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("memory.Open", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	store, ok := o.stores[s.ID]
	if !ok {
		store = New()
		o.stores[s.ID] = store
	}
	return store, nil
}
