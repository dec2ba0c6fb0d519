package wharf

import (
	"cmp"
	"container/list"
	"errors"
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
// longest time, of those that have had an answer since they authenticated while
// there are any: a login is good for one request. A connection that is busy keeps
// its place.
//
// Of those that have not authenticated, the busy ones are those whose client has
// sent a login or a request. They are at most half of the share, and keep their
// places except for others of their kind, so that a flood of silent connections
// ends no login under way.
//
// A few places are reserved for users with SUPER, and a user has a bounded part of
// the others, so that no user keeps the others out.
type ConnectionPool struct {
	most          int // open at once, also those that are being closed
	anonymous     int // the most that have not authenticated
	authenticated int // the most that have
	reserved      int // of authenticated: for users with SUPER
	limits        ConnectionLimits

	mu      sync.Mutex // guards what follows, and the fields of all places
	open    int
	silent  origins        // have not authenticated, and have sent no login or request
	trying  origins        // have not authenticated, and have
	known   int            // have authenticated
	holders map[holder]int // of known: those of each user and each address
	refused uint64         // because of the limit of a user or address
	idle    list.List      // of known, those that wait for a request
	fresh   list.List      // likewise, those that had no answer yet
	arrived uint64
	evicted uint64
}

// DefaultConnections is the size of a pool that is not given another.
const DefaultConnections = 8192

// loginTime is how long a connection keeps its place at least, so that there is
// time to authenticate, however many come at once: a trip around the world, or
// the turn of a client whose machine is busy.
const loginTime = 100 * time.Millisecond

// ConnectionLimits bound the connections of one user, and from one network address
// (of IPv6, one network of 64 bits), that have authenticated; 0 is no limit. They
// do not bound users with SUPER.
type ConnectionLimits struct{ PerUser, PerAddress int }

// holder is what holds places: a user, the presigned URLs of a user, or an address. The
// other fields are zero.
type holder struct {
	user    UserID
	byURL   bool
	address netip.Addr
}

// NewConnectionPool makes a pool for at most most connections, at least 8. A
// third is for connections that have not authenticated, and an eighth for
// those that are being closed.
func NewConnectionPool(most int, limits ConnectionLimits) *ConnectionPool {
	most = max(most, 8)
	p := &ConnectionPool{most: most, anonymous: most / 3, limits: limits, silent: newOrigins(), trying: newOrigins(), holders: map[holder]int{}}
	p.authenticated = most - p.anonymous - most/8
	p.reserved = max(1, p.authenticated/50)
	return p
}

// PooledConnection is the place of one connection in its pool. Its methods are safe
// for concurrent use.
type PooledConnection struct {
	pool  *ConnectionPool
	addr  netip.Addr // the part of it that one client has
	evict func()

	user *ConnectionUser // once authenticated

	origin  *origin       // nil once authenticated
	busy    bool          // is one of trying; of no meaning once authenticated
	element *list.Element // in origin's list, in idle or in fresh; nil while authenticated and busy
	among   *list.List    // idle or fresh, where element is in one of them
	number  uint64        // in the order of arrival
	since   time.Time     // when it took its place
	gone    bool          // evicted
	left    bool
}

// Add takes a place for a connection from addr that was just accepted. evict
// closes it when another needs the place; it is called at most once, and must
// return soon. Leave gives the place back. Add returns nil if there is none:
// the connection is to be refused. Where the others have only just come, Add
// waits for a moment.
func (p *ConnectionPool) Add(addr netip.Addr, evict func()) *PooledConnection {
	c := &PooledConnection{pool: p, addr: network(addr), evict: evict}
	p.mu.Lock()
	for p.waiting() == p.anonymous {
		early := loginTime - time.Since(p.silent.next().since)
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
	c.number, c.since = p.arrived, time.Now()
	var victim *PooledConnection
	if p.waiting() == p.anonymous {
		victim = p.silent.next()
		p.drop(victim)
	}
	p.silent.insert(c)
	p.mu.Unlock()
	victim.close()
	return c
}

// waiting is how many connections have not authenticated. p.mu is held.
func (p *ConnectionPool) waiting() int { return p.silent.conns + p.trying.conns }

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

// drop takes a connection out of the pool's lists because of another. p.mu is
// held.
func (p *ConnectionPool) drop(c *PooledConnection) {
	p.remove(c)
	c.gone = true
	p.evicted++
}

// remove takes a connection out of the pool's lists. p.mu is held.
func (p *ConnectionPool) remove(c *PooledConnection) {
	switch {
	case c.origin != nil:
		p.strangers(c).remove(c)
	case c.element != nil:
		c.among.Remove(c.element)
		fallthrough
	default:
		p.known--
		p.hold(c, -1)
	}
	c.element = nil
}

// strangers returns those that have not authenticated among which c is.
func (p *ConnectionPool) strangers(c *PooledConnection) *origins {
	if c.busy {
		return &p.trying
	}
	return &p.silent
}

// close closes an evicted connection; none, if c is nil.
func (c *PooledConnection) close() {
	if c != nil {
		c.evict()
	}
}

// ConnectionUser is who a connection belongs to.
type ConnectionUser struct {
	ID    UserID
	ByURL bool // the client has a presigned URL of the user: those are counted apart
	Super bool // no limit holds
	Most  int  // connections at once, in the place of ConnectionLimits.PerUser; 0 is as that says
}

// holder is what the connection is counted for.
func (u ConnectionUser) holder() holder { return holder{user: u.ID, byURL: u.ByURL} }

// holder is what an upload is counted for.
func (p Principal) holder() holder { return holder{user: p.ID, byURL: !p.Only.IsZero()} }

// The causes of the errors of [PooledConnection.Authenticated].
var (
	ErrConnections        = errors.New("all connections are taken")
	ErrUserConnections    = errors.New("the user has too many connections")
	ErrAddressConnections = errors.New("the address has too many connections")
)

// Authenticated moves the connection to those that have authenticated, as a
// busy one of that user. It is CodeUnavailable, for one of the causes above, if
// the connection was evicted, if all others are busy, or if the user or the address
// has as many as it may: the client is to be refused then. Once authenticated, a
// connection stays so; it may become another user's.
func (c *PooledConnection) Authenticated(u ConnectionUser) error {
	victim, err := c.authenticate(u)
	victim.close()
	return err
}

func (c *PooledConnection) authenticate(u ConnectionUser) (victim *PooledConnection, err error) {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.gone {
		return nil, noConnection(ErrConnections)
	}
	if c.user != nil && c.user.holder() == u.holder() {
		return nil, nil
	}
	if err := p.within(c, u); err != nil {
		p.refused++
		return nil, err
	}
	if c.origin == nil {
		p.hold(c, -1)
		c.user = &u
		p.hold(c, 1)
		return nil, nil
	}
	most := p.authenticated
	if !u.Super {
		most -= p.reserved
	}
	if p.known >= most {
		longest := cmp.Or(p.idle.Front(), p.fresh.Front())
		if longest == nil {
			return nil, noConnection(ErrConnections)
		}
		victim = longest.Value.(*PooledConnection)
		p.drop(victim)
	}
	p.remove(c)
	p.known++
	c.user = &u
	p.hold(c, 1)
	return victim, nil
}

// within checks the limits of a user and of the connection's address. p.mu is held.
func (p *ConnectionPool) within(c *PooledConnection, u ConnectionUser) error {
	most := u.Most
	if most == 0 {
		most = p.limits.PerUser
	}
	switch {
	case u.Super:
		return nil
	case most > 0 && p.holders[u.holder()] >= most:
		return noConnection(ErrUserConnections)
	case c.user == nil && p.limits.PerAddress > 0 && p.holders[holder{address: c.addr}] >= p.limits.PerAddress:
		return noConnection(ErrAddressConnections)
	}
	return nil
}

// hold counts a connection among those of its user and its address. p.mu is held.
func (p *ConnectionPool) hold(c *PooledConnection, n int) {
	for _, h := range []holder{c.user.holder(), {address: c.addr}} {
		if p.holders[h] += n; p.holders[h] == 0 {
			delete(p.holders, h)
		}
	}
}

func noConnection(cause error) error {
	return &Error{Code: CodeUnavailable, Op: "wharf.Authenticated", Msg: cause.Error() + "; try again when some have ended", Err: cause}
}

// Refused reports how many connections were refused so far because their user or
// their address had as many as it may.
func (p *ConnectionPool) Refused() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

// Busy says that the client has sent a request or a login. It returns false if
// the connection was evicted.
func (c *PooledConnection) Busy() bool {
	p := c.pool
	p.mu.Lock()
	var victim *PooledConnection
	switch {
	case c.origin == nil && c.element != nil:
		c.among.Remove(c.element)
		c.element = nil
	case c.origin != nil && !c.busy:
		if p.trying.conns == p.anonymous/2 {
			victim = p.trying.next()
			p.drop(victim)
		}
		p.move(c, true)
	}
	gone := c.gone
	p.mu.Unlock()
	victim.close()
	return !gone
}

// move moves a connection that has not authenticated. p.mu is held.
func (p *ConnectionPool) move(c *PooledConnection, busy bool) {
	p.strangers(c).remove(c)
	c.busy = busy
	p.strangers(c).insert(c)
}

// Idle says that the connection waits for its next request, and whether it has had
// an answer since it authenticated.
func (c *PooledConnection) Idle(answered bool) {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c.gone || c.left:
	case c.origin != nil && c.busy:
		p.move(c, false)
	case c.origin == nil && c.element == nil:
		c.among = &p.fresh
		if answered {
			c.among = &p.idle
		}
		c.element = c.among.PushBack(c)
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
