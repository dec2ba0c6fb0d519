package httpapi

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// readDeadline is the read deadline of a connection. net/http moves it six times
// for each request, and every move takes the runtime's locks, and may wake a thread. So
// the socket keeps a deadline that is earlier than the one that was asked for; where it
// passes, the read goes on under a later one.
type readDeadline struct {
	conn *net.TCPConn

	mu     sync.Mutex // guards what follows
	asked  time.Time  // zero is none
	socket time.Time  // what the socket has; zero is none
}

// set is SetReadDeadline.
func (d *readDeadline) set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = t
	if !d.socket.IsZero() && (t.IsZero() || t.After(d.socket)) && d.socket.After(longAgo) {
		return nil // expired sees to it
	}
	return d.move()
}

// move gives the socket the deadline that was asked for. d.mu is held.
func (d *readDeadline) move() error {
	if d.socket.Equal(d.asked) {
		return nil
	}
	d.socket = d.asked
	return d.conn.SetReadDeadline(d.asked)
}

// longAgo is later than what net/http sets to end a read that waits.
var longAgo = time.Unix(1<<30, 0)

// expired reports whether a read that ended with err is to end: false if it
// is the socket's deadline alone that has passed.
func (d *readDeadline) expired(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.asked.IsZero() && !d.asked.After(time.Now()) {
		return true
	}
	return d.move() != nil
}

// Read implements [io.Reader].
func (d *readDeadline) Read(p []byte) (int, error) {
	for {
		n, err := d.conn.Read(p)
		if err == nil || n > 0 || d.expired(err) {
			return n, err
		}
	}
}
