package wharf

import (
	"container/heap"
	"container/list"
	"net/netip"
)

// origins are connections that have not authenticated, by the network address
// that they come from.
type origins struct {
	conns   int
	by      map[netip.Addr]*origin
	ranking ranking
}

// origin is the connections from one address.
type origin struct {
	addr  netip.Addr
	conns list.List // of *PooledConnection, the oldest first
	rank  int       // its index in ranking
}

// ranking has the origin with the most connections first; among equals, the
// one with the oldest.
type ranking []*origin

func newOrigins() origins { return origins{by: map[netip.Addr]*origin{}} }

// next is the first connection to go. There must be one.
func (all *origins) next() *PooledConnection {
	return all.ranking[0].conns.Front().Value.(*PooledConnection)
}

func (all *origins) insert(c *PooledConnection) {
	o := all.by[c.addr]
	if o == nil {
		o = &origin{addr: c.addr}
		all.by[c.addr] = o
	}
	c.origin, c.element = o, o.conns.PushBack(c)
	all.conns++
	if o.conns.Len() == 1 {
		heap.Push(&all.ranking, o)
		return
	}
	heap.Fix(&all.ranking, o.rank)
}

func (all *origins) remove(c *PooledConnection) {
	o := c.origin
	o.conns.Remove(c.element)
	all.conns--
	c.origin, c.element = nil, nil
	if o.conns.Len() > 0 {
		heap.Fix(&all.ranking, o.rank)
		return
	}
	heap.Remove(&all.ranking, o.rank)
	delete(all.by, o.addr)
}

// Len implements [heap.Interface], as do the methods below.
func (r ranking) Len() int { return len(r) }

func (r ranking) Less(i, j int) bool {
	if a, b := r[i].conns.Len(), r[j].conns.Len(); a != b {
		return a > b
	}
	return oldest(r[i]) < oldest(r[j])
}

func oldest(o *origin) uint64 { return o.conns.Front().Value.(*PooledConnection).number }

func (r ranking) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].rank, r[j].rank = i, j
}

// Push adds an origin.
func (r *ranking) Push(x any) {
	o := x.(*origin)
	o.rank = len(*r)
	*r = append(*r, o)
}

// Pop takes the last origin off.
func (r *ranking) Pop() any {
	old := *r
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*r = old[:len(old)-1]
	return last
}
