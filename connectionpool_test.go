package wharf_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wharf"
)

// poolConns are connections to a pool of 16, by name: 5 anonymous, 9
// authenticated, 2 that are being closed.
type poolConns struct {
	*testing.T
	pool    *wharf.ConnectionPool
	conns   map[string]*wharf.PooledConnection
	evicted []string
}

var super = wharf.ConnectionUser{Super: true}

func newPoolConns(t *testing.T) *poolConns {
	return &poolConns{T: t, pool: wharf.NewConnectionPool(16, wharf.ConnectionLimits{}), conns: map[string]*wharf.PooledConnection{}}
}

// add adds a connection, whose place is given back as soon as it is evicted.
func (p *poolConns) add(name, addr string) *wharf.PooledConnection {
	p.Helper()
	var c *wharf.PooledConnection
	c = p.pool.Add(netip.MustParseAddr(addr), func() {
		p.evicted = append(p.evicted, name)
		c.Leave()
	})
	if c == nil {
		p.Fatalf("there is no place for %s", name)
	}
	p.conns[name] = c
	return c
}

func (p *poolConns) wantEvicted(names ...string) {
	p.Helper()
	if !slices.Equal(p.evicted, names) {
		p.Errorf("evicted %q, want %q", p.evicted, names)
	}
	p.evicted = nil
}

// TestAnonymousConnections fills the share of those that have not
// authenticated.
func TestAnonymousConnections(t *testing.T) {
	p := newPoolConns(t)
	p.add("known", "192.0.2.1").Authenticated(super)
	p.conns["known"].Idle(true)
	p.add("honest", "192.0.2.2")
	for i := range 6 {
		p.add(fmt.Sprint(i), "192.0.2.3")
	}
	p.wantEvicted("0", "1") // of the address that has most
	p.conns["5"].Leave()
	p.add("v6", "2001:db8::1")
	p.add("v6 too", "2001:db8::ffff:0:0:1")
	p.wantEvicted("2") // of equals, the oldest is honest's
	p.add("v6 else", "2001:db8:0:1::1")
	p.wantEvicted("3")
	p.add("v6 more", "2001:db8::2")
	p.wantEvicted("v6") // one client has all of a /64
	for _, name := range []string{"honest", "known"} {
		if p.conns[name].Authenticated(super) != nil || !p.conns[name].Busy() {
			t.Errorf("%s lost its place", name)
		}
	}
	if p.conns["0"].Authenticated(super) == nil || p.conns["0"].Busy() {
		t.Error("an evicted connection goes on")
	}
	if n := p.pool.Open(); n != 6 {
		t.Errorf("%d connections are open, want 6", n)
	}
	if n := p.pool.Evicted(); n != 5 {
		t.Errorf("%d connections were evicted, want 5", n)
	}
}

// TestLoginsUnderWay floods a pool by silent connections and then by ones that
// try to log in: half of the share is for those.
func TestLoginsUnderWay(t *testing.T) {
	p := newPoolConns(t)
	p.add("honest", "192.0.2.1").Busy()
	for i := range 10 {
		p.add(fmt.Sprint(i), "192.0.2.1")
	}
	p.wantEvicted("0", "1", "2", "3", "4", "5") // 4 silent ones stay
	for i := 6; i < 10; i++ {
		if !p.conns[fmt.Sprint(i)].Busy() {
			t.Errorf("connection %d lost its place", i)
		}
	}
	p.wantEvicted("honest", "6", "7") // 2 that try stay
	if p.conns["honest"].Busy() || !p.conns["9"].Busy() {
		t.Error("an evicted connection goes on, or another does not")
	}
	p.add("silent", "192.0.2.1")
	p.conns["8"].Idle(true)
	p.add("elsewhere", "192.0.2.2").Busy()
	p.wantEvicted() // 2 are silent again, and 2 try
	if p.conns["9"].Authenticated(super) != nil {
		t.Error("a login fails")
	}
	for _, c := range p.conns {
		c.Leave()
	}
	if n := p.pool.Open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

// TestIdleConnections fills the share of those that have authenticated.
func TestIdleConnections(t *testing.T) {
	p := newPoolConns(t)
	for i := range 9 {
		c := p.add(fmt.Sprint(i), "192.0.2.1")
		if c.Authenticated(super) != nil {
			t.Fatalf("%d is refused", i)
		}
		c.Idle(true)
	}
	p.conns["0"].Busy()
	p.conns["1"].Busy()
	p.conns["1"].Idle(true)
	for i := 9; i < 18; i++ {
		if ok := p.add(fmt.Sprint(i), "192.0.2.1").Authenticated(super) == nil; ok != (i < 17) {
			t.Errorf("connection %d is let in: %t", i, ok)
		}
	}
	p.wantEvicted("2", "3", "4", "5", "6", "7", "8", "1") // the longest idle first, 0 is busy
	p.conns["0"].Idle(true)
	if p.conns["17"].Authenticated(super) != nil {
		t.Error("it is refused where one is idle")
	}
	p.wantEvicted("0")
}

// TestFreshConnections: who has just logged in keeps the place until the first answer.
func TestFreshConnections(t *testing.T) {
	p := newPoolConns(t)
	login := func(name string, answered bool) {
		t.Helper()
		if p.add(name, "192.0.2.1").Authenticated(super) != nil {
			t.Fatalf("%s is refused", name)
		}
		p.conns[name].Idle(answered)
	}
	login("honest", false)
	for i := range 12 {
		login(fmt.Sprint(i), true)
	}
	p.wantEvicted("0", "1", "2", "3")
	p.conns["honest"].Busy()
	p.conns["honest"].Idle(true)
	for i := range 8 {
		login(fmt.Sprint("fresh ", i), false)
	}
	p.wantEvicted("4", "5", "6", "7", "8", "9", "10", "11")
	login("fresh 8", false)
	p.wantEvicted("honest")
	login("fresh 9", false)
	p.wantEvicted("fresh 0") // the oldest, where all are fresh
}

// TestTimeToAuthenticate: each keeps its place for as long as the first, however long
// it waited for one.
func TestTimeToAuthenticate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPoolConns(t)
		begun := time.Now()
		for i := range 26 {
			came := time.Now()
			p.add(fmt.Sprint(i), "192.0.2.1")
			if i == 5 && time.Since(came) != 100*time.Millisecond {
				t.Errorf("the first that has to wait does for %s", time.Since(came))
			}
			if lives := 5; i >= lives && len(p.evicted) != i-lives+1 {
				t.Errorf("%d came, and %q went", i+1, p.evicted)
			}
		}
		if took := time.Since(begun); took != 500*time.Millisecond {
			t.Errorf("26 connections at 5 places took %s; each keeps its place for 100 ms", took)
		}
	})
}

// TestClosingConnections has connections that take their time to end.
func TestClosingConnections(t *testing.T) {
	pool := wharf.NewConnectionPool(16, wharf.ConnectionLimits{})
	var conns []*wharf.PooledConnection
	for range 16 {
		conns = append(conns, pool.Add(netip.MustParseAddr("127.0.0.1"), func() {}))
	}
	if pool.Add(netip.MustParseAddr("127.0.0.1"), func() {}) != nil {
		t.Error("more are open than the pool has places")
	}
	for _, c := range conns {
		c.Leave()
		c.Leave()
		c.Idle(true)
	}
	if n := pool.Open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

// TestConnectionPoolRaces has many clients come, work and go at once.
func TestConnectionPoolRaces(t *testing.T) {
	pool := wharf.NewConnectionPool(32, wharf.ConnectionLimits{})
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 5)})
			for j := range 500 {
				c := pool.Add(addr, func() {})
				if c == nil {
					continue
				}
				if j%3 > 0 && c.Authenticated(wharf.ConnectionUser{ID: wharf.UserID{byte(i % 3)}}) == nil {
					for range j % 4 {
						c.Idle(true)
						c.Busy()
					}
					c.Idle(true)
				}
				clients.Go(c.Leave)
			}
		})
	}
	clients.Wait()
	if n := pool.Open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

// TestConnectionsPerUser: a user has a bounded part of the places, and some are kept for
// users with SUPER.
func TestConnectionsPerUser(t *testing.T) {
	pool := wharf.NewConnectionPool(16, wharf.ConnectionLimits{PerUser: 3, PerAddress: 5})
	add := func(addr string, u wharf.ConnectionUser) (*wharf.PooledConnection, error) {
		t.Helper()
		c := pool.Add(netip.MustParseAddr(addr), func() {})
		if c == nil {
			t.Fatal("the pool is full")
		}
		err := c.Authenticated(u)
		if err != nil {
			c.Leave()
		}
		return c, err
	}
	want := func(err, cause error) {
		t.Helper()
		if !errors.Is(err, cause) || err != nil && wharf.CodeOf(err) != wharf.CodeUnavailable {
			t.Errorf("got %v, want %v", err, cause)
		}
	}
	ann, bob := wharf.ConnectionUser{ID: wharf.UserID{1}}, wharf.ConnectionUser{ID: wharf.UserID{2}, Most: 4}
	var first *wharf.PooledConnection
	for i := range 3 {
		c, err := add(fmt.Sprintf("192.0.2.%d", i), ann)
		want(err, nil)
		if first == nil {
			first = c
		}
	}
	_, err := add("192.0.2.9", ann)
	want(err, wharf.ErrUserConnections)
	want(first.Authenticated(ann), nil) // it is among those
	for range 4 {
		_, err := add("198.51.100.1", bob)
		want(err, nil)
	}
	_, err = add("198.51.100.2", bob)
	want(err, wharf.ErrUserConnections)
	want(first.Authenticated(bob), wharf.ErrUserConnections)
	// Who has URLs of ann is counted apart from her.
	byURL := ann
	byURL.ByURL = true
	want(first.Authenticated(byURL), nil)
	want(first.Authenticated(ann), nil)
	carl := wharf.ConnectionUser{ID: wharf.UserID{3}}
	_, err = add("198.51.100.1", carl)
	want(err, nil)
	_, err = add("198.51.100.1", carl)
	want(err, wharf.ErrAddressConnections)
	_, err = add("203.0.113.1", carl) // 9 of 9 places, of which one is reserved
	want(err, wharf.ErrConnections)
	_, err = add("198.51.100.1", super)
	want(err, nil)
	_, err = add("198.51.100.1", super)
	want(err, wharf.ErrConnections)
	first.Leave()
	_, err = add("192.0.2.1", ann)
	want(err, wharf.ErrConnections) // the place that is free is the reserved one
	_, err = add("192.0.2.1", super)
	want(err, nil)
	if n := pool.Refused(); n != 4 {
		t.Errorf("%d connections were refused for their user or address, want 4", n)
	}
}
