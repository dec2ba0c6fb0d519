package wharf

import (
	"container/heap"
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// ConnectionPool bounds the connections of all listeners together, so that
// clients cannot use up the files that the process may open. Connections that
// have not authenticated have a share of their own: however many there are,
// they take no place of the others. It is safe for concurrent use.
//
// Where a share is used up, a newcomer takes the place of another connection,
// which is closed. Of those that have not authenticated, it is the oldest of
// the network address that has the most, so that one client cannot push out
// the others. Of those that have, it is the one that has been idle for the
// longest time. A connection that is busy keeps its place.
type ConnectionPool struct {
	most          int // open at once, also those that are being closed
	anonymous     int // the most that have not authenticated
	authenticated int // the most that have

	mu      sync.Mutex // guards what follows, and the fields of all places
	open    int
	waiting int // have not authenticated
	known   int // have authenticated
	idle    list.List
	origins map[netip.Addr]*origin
	ranking ranking
	arrived uint64
	evicted uint64
}

// DefaultConnections is the size of a pool that is not given another.
const DefaultConnections = 8192

// loginTime is how long a connection keeps its place at least, so that there is
// time to authenticate, however many come at once.
const loginTime = 50 * time.Millisecond

// NewConnectionPool makes a pool for at most most connections, at least 8. A
// third is for connections that have not authenticated, and an eighth for
// those that are being closed.
func NewConnectionPool(most int) *ConnectionPool {
	most = max(most, 8)
	p := &ConnectionPool{most: most, anonymous: most / 3, origins: map[netip.Addr]*origin{}}
	p.authenticated = most - p.anonymous - most/8
	return p
}

// PooledConnection is the place of one connection in its pool. Its methods are safe
// for concurrent use.
type PooledConnection struct {
	pool  *ConnectionPool
	evict func()

	origin  *origin       // nil once authenticated
	element *list.Element // in origin's list, or in idle; nil while busy
	number  uint64        // in the order of arrival
	since   time.Time     // of its arrival
	gone    bool          // evicted
	left    bool
}

// origin is the connections from one network address that have not
// authenticated.
type origin struct {
	addr  netip.Addr
	conns list.List // of *PooledConnection, the oldest first
	rank  int       // its index in ranking
}

// ranking has the origin with the most connections first; among equals, the
// one with the oldest.
type ranking []*origin

// Add takes a place for a connection from addr that was just accepted. evict
// closes it when another needs the place; it is called at most once, and must
// return soon. Leave gives the place back. Add returns nil if there is none:
// the connection is to be refused. Where the others have only just come, Add
// waits some milliseconds.
func (p *ConnectionPool) Add(addr netip.Addr, evict func()) *PooledConnection {
	c := &PooledConnection{pool: p, evict: evict, since: time.Now()}
	p.mu.Lock()
	for p.waiting == p.anonymous {
		early := loginTime - time.Since(p.next().since)
		if early <= 0 {
			break
		}
		p.mu.Unlock()
		time.Sleep(early)
		p.mu.Lock()
	}
	if p.open >= p.most {
		p.mu.Unlock()
		return nil
	}
	p.open++
	p.arrived++
	c.number = p.arrived
	var victim *PooledConnection
	if p.waiting == p.anonymous {
		victim = p.next()
		p.drop(victim)
	}
	p.insert(c, network(addr))
	p.mu.Unlock()
	victim.close()
	return c
}

// next is the first connection to go of those that have not authenticated.
func (p *ConnectionPool) next() *PooledConnection {
	return p.ranking[0].conns.Front().Value.(*PooledConnection)
}

// network is the part of an address that one client has to itself: of IPv6,
// /64.
func network(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		prefix, _ := addr.Prefix(64)
		return prefix.Addr()
	}
	return addr
}

func (p *ConnectionPool) insert(c *PooledConnection, addr netip.Addr) {
	o := p.origins[addr]
	if o == nil {
		o = &origin{addr: addr}
		p.origins[addr] = o
	}
	c.origin, c.element = o, o.conns.PushBack(c)
	p.waiting++
	if o.conns.Len() == 1 {
		heap.Push(&p.ranking, o)
		return
	}
	heap.Fix(&p.ranking, o.rank)
}

// drop takes a connection out of the pool's lists because of another. p.mu is
// held.
func (p *ConnectionPool) drop(c *PooledConnection) {
	p.remove(c)
	c.gone = true
	p.evicted++
}

// remove takes a connection out of the pool's lists. p.mu is held.
func (p *ConnectionPool) remove(c *PooledConnection) {
	o := c.origin
	switch {
	case o == nil && c.element != nil:
		p.idle.Remove(c.element)
		fallthrough
	case o == nil:
		p.known--
	default:
		o.conns.Remove(c.element)
		p.waiting--
		if o.conns.Len() > 0 {
			heap.Fix(&p.ranking, o.rank)
			break
		}
		heap.Remove(&p.ranking, o.rank)
		delete(p.origins, o.addr)
	}
	c.origin, c.element = nil, nil
}

// close closes an evicted connection; none, if c is nil.
func (c *PooledConnection) close() {
	if c != nil {
		c.evict()
	}
}

// Authenticated moves the connection to those that have authenticated, as a
// busy one. It returns false if it was evicted or there are only busy ones:
// the client is to be refused. Once authenticated, a connection stays so.
func (c *PooledConnection) Authenticated() bool {
	p := c.pool
	p.mu.Lock()
	if c.gone || c.origin == nil {
		defer p.mu.Unlock()
		return !c.gone
	}
	var victim *PooledConnection
	if p.known == p.authenticated {
		longest := p.idle.Front()
		if longest == nil {
			p.mu.Unlock()
			return false
		}
		victim = longest.Value.(*PooledConnection)
		p.drop(victim)
	}
	p.remove(c)
	p.known++
	p.mu.Unlock()
	victim.close()
	return true
}

// Busy says that the connection begins a request. It returns false if it was
// evicted.
func (c *PooledConnection) Busy() bool {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.origin == nil && c.element != nil {
		p.idle.Remove(c.element)
		c.element = nil
	}
	return !c.gone
}

// Idle says that the connection waits for its next request.
func (c *PooledConnection) Idle() {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.origin == nil && c.element == nil && !c.gone && !c.left {
		c.element = p.idle.PushBack(c)
	}
}

// Leave gives the place back, once the connection is closed. Further calls do
// nothing.
func (c *PooledConnection) Leave() {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.left {
		return
	}
	c.left = true
	p.open--
	if !c.gone {
		p.remove(c)
	}
}

// Evicted reports how many connections were closed so far to make room.
func (p *ConnectionPool) Evicted() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.evicted
}

// Open reports how many connections there are.
func (p *ConnectionPool) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
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
