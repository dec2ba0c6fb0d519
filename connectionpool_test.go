package wharf_test

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"

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

func newPoolConns(t *testing.T) *poolConns {
	return &poolConns{T: t, pool: wharf.NewConnectionPool(16), conns: map[string]*wharf.PooledConnection{}}
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
	p.add("known", "192.0.2.1").Authenticated()
	p.conns["known"].Idle()
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
		if !p.conns[name].Authenticated() || !p.conns[name].Busy() {
			t.Errorf("%s lost its place", name)
		}
	}
	if p.conns["0"].Authenticated() || p.conns["0"].Busy() {
		t.Error("an evicted connection goes on")
	}
	if n := p.pool.Open(); n != 6 {
		t.Errorf("%d connections are open, want 6", n)
	}
	if n := p.pool.Evicted(); n != 5 {
		t.Errorf("%d connections were evicted, want 5", n)
	}
}

// TestIdleConnections fills the share of those that have authenticated.
func TestIdleConnections(t *testing.T) {
	p := newPoolConns(t)
	for i := range 9 {
		c := p.add(fmt.Sprint(i), "192.0.2.1")
		if !c.Authenticated() {
			t.Fatalf("%d is refused", i)
		}
		c.Idle()
	}
	p.conns["0"].Busy()
	p.conns["1"].Busy()
	p.conns["1"].Idle()
	for i := 9; i < 18; i++ {
		if ok := p.add(fmt.Sprint(i), "192.0.2.1").Authenticated(); ok != (i < 17) {
			t.Errorf("connection %d is let in: %t", i, ok)
		}
	}
	p.wantEvicted("2", "3", "4", "5", "6", "7", "8", "1") // the longest idle first, 0 is busy
	p.conns["0"].Idle()
	if !p.conns["17"].Authenticated() {
		t.Error("it is refused where one is idle")
	}
	p.wantEvicted("0")
}

// TestClosingConnections has connections that take their time to end.
func TestClosingConnections(t *testing.T) {
	pool := wharf.NewConnectionPool(16)
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
		c.Idle()
	}
	if n := pool.Open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

// TestConnectionPoolRaces has many clients come, work and go at once.
func TestConnectionPoolRaces(t *testing.T) {
	pool := wharf.NewConnectionPool(32)
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 5)})
			for j := range 500 {
				c := pool.Add(addr, func() {})
				if c == nil {
					continue
				}
				if j%3 > 0 && c.Authenticated() {
					for range j % 4 {
						c.Idle()
						c.Busy()
					}
					c.Idle()
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
