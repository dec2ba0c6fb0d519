package storage

import (
	"container/list"
	"sync"

	"wharf"
)

// cache keeps the stores that were used last, one for each stage.
type cache struct {
	most int

	mu    sync.Mutex // guards all below
	byID  map[wharf.StageID]*list.Element
	order *list.List // of *entry, the one used last in front
}

type entry struct {
	id       wharf.StageID
	revision uint64
	store    wharf.Store
}

func newCache(most int) *cache {
	return &cache{most: most, byID: map[wharf.StageID]*list.Element{}, order: list.New()}
}

// find gives the store that was made from this revision of the stage.
func (c *cache) find(s wharf.Stage) (wharf.Store, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byID[s.ID]
	if !ok || el.Value.(*entry).revision != s.Revision {
		return nil, false
	}
	c.order.MoveToFront(el)
	return el.Value.(*entry).store, true
}

// keep remembers the store, unless another call was faster or knows a later
// revision, and gives the one to use.
func (c *cache) keep(s wharf.Stage, store wharf.Store) wharf.Store {
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
	for c.order.Len() > c.most {
		last := c.order.Back()
		delete(c.byID, last.Value.(*entry).id)
		c.order.Remove(last)
	}
	return store
}
