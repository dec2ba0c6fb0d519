package storage

import (
	"container/list"
	"sync"

	"wharf"
)

// stores keeps the stores that were used last, one for each stage.
type stores struct {
	limit int // of stores

	mu    sync.Mutex // guards all below
	byID  map[wharf.StageID]*list.Element
	order *list.List // of *entry, the last used first
}

type entry struct {
	id       wharf.StageID
	revision uint64
	store    wharf.Store
}

func newStores(limit int) *stores {
	return &stores{limit: limit, byID: map[wharf.StageID]*list.Element{}, order: list.New()}
}

// find returns the store of this revision of the stage.
func (c *stores) find(s *wharf.Stage) (wharf.Store, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byID[s.ID]
	if !ok || el.Value.(*entry).revision != s.Revision {
		return nil, false
	}
	c.order.MoveToFront(el)
	return el.Value.(*entry).store, true
}

// keep adds the store, unless another call was faster or has a later revision,
// and returns the one to use.
func (c *stores) keep(s *wharf.Stage, store wharf.Store) wharf.Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byID[s.ID]; ok {
		old := el.Value.(*entry)
		switch {
		case old.revision == s.Revision:
			return old.store
		case old.revision > s.Revision:
			return store
		}
		el.Value = &entry{s.ID, s.Revision, store}
		c.order.MoveToFront(el)
		return store
	}
	c.byID[s.ID] = c.order.PushFront(&entry{s.ID, s.Revision, store})
	for c.order.Len() > c.limit {
		last := c.order.Back()
		delete(c.byID, last.Value.(*entry).id)
		c.order.Remove(last)
	}
	return store
}
