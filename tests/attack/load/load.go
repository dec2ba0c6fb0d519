package load

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Target is the server that is attacked. It has an account for the attacker.
type Target struct {
	MySQL, HTTP, HTTPS string // the addresses of its ports
	User, Password     string // of the account
	Stage              string // which is the account's own
}

// Attack is an attack under way.
type Attack struct {
	Target
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex     // guards what follows
	opened map[string]int // connections, by the kind of attack
	failed map[string]int // those that were not even accepted
}

// kind is one way to attack.
type kind struct {
	name  string
	conns int           // at a time
	pause time.Duration // before a connection that ended is followed by another
	addr  string
	// use returns when the connection has served its purpose, or is closed.
	use func(*Attack, net.Conn)
}

// rampUp is how long it takes until all connections are begun.
const rampUp = 4 * time.Second

// Start begins the attack.
func Start(t Target) *Attack {
	a := &Attack{Target: t, opened: map[string]int{}, failed: map[string]int{}}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	for _, k := range a.kinds() {
		for i := range k.conns {
			first := rampUp * time.Duration(i) / time.Duration(k.conns)
			a.running.Go(func() { a.repeat(k, i, first) })
		}
	}
	return a
}

// Stop ends the attack and closes its connections.
func (a *Attack) Stop() {
	a.cancel()
	a.running.Wait()
}

// Opened returns how many connections were opened so far, by the kind of
// attack. There is an entry for each kind.
func (a *Attack) Opened() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := maps.Clone(a.opened)
	for _, k := range a.kinds() {
		all[k.name] += 0
	}
	return all
}

// String tells of all kinds of attack how many connections were opened.
func (a *Attack) String() string {
	opened := a.Opened()
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(opened)) {
		fmt.Fprintf(&b, "%s: %d connections, %d not accepted\n", name, opened[name], a.failed[name])
	}
	return b.String()
}

// repeat opens one connection of a kind after the other.
func (a *Attack) repeat(k kind, number int, wait time.Duration) {
	from := net.IPv4(127, 0, 0, 1) // the honest client's
	if number%2 == 1 {
		from[len(from)-1] = byte(2 + number/2%8)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 10 * time.Second}
	for a.pause(wait) {
		wait = k.pause
		c, err := dialer.DialContext(a.ctx, "tcp", k.addr)
		a.count(k.name, err)
		if err != nil {
			continue
		}
		done := context.AfterFunc(a.ctx, func() { c.Close() })
		k.use(a, c)
		c.Close()
		done()
	}
}

func (a *Attack) count(name string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == nil:
		a.opened[name]++
	case a.ctx.Err() == nil:
		a.failed[name]++
	}
}

// pause waits, and reports whether the attack goes on.
func (a *Attack) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-a.ctx.Done():
		return false
	}
}

// untilClosed reads until the server closes the connection.
func untilClosed(c net.Conn) { io.Copy(io.Discard, c) }

// begin sends the beginning of something that has no end.
func begin(text string) func(*Attack, net.Conn) {
	return func(_ *Attack, c net.Conn) {
		io.WriteString(c, text)
		untilClosed(c)
	}
}

// oneByOne goes on with a byte each second.
func (a *Attack) oneByOne(c net.Conn, text string) {
	io.WriteString(c, text)
	for err := error(nil); err == nil && a.pause(time.Second); {
		_, err = c.Write([]byte{'a'})
	}
}

// answered sends something whole, as fast as it is taken, and waits for the end
// of the connection, which the server should close.
func answered(c net.Conn, text []byte) {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		c.Write(text)
	}()
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	untilClosed(c)
	c.Close()
	<-sent
}

// noise returns up to most random bytes.
func noise(most int) []byte {
	b := make([]byte, 1+rand.IntN(most))
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}
