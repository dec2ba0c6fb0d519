package httpapi

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// tcpPair returns both sides of a connection.
func tcpPair(t *testing.T) (server, client *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

// TestReadDeadlineIsTheLastOne moves the deadline of a connection, on which a byte
// comes later than the earlier deadlines.
func TestReadDeadlineIsTheLastOne(t *testing.T) {
	for name, last := range map[string]func() time.Time{
		"none":  func() time.Time { return time.Time{} },
		"later": func() time.Time { return time.Now().Add(time.Minute) },
	} {
		server, client := tcpPair(t)
		d := readDeadline{conn: server}
		d.set(time.Now().Add(time.Hour))
		d.set(time.Now().Add(20 * time.Millisecond))
		d.set(last())
		time.AfterFunc(100*time.Millisecond, func() { client.Write([]byte("x")) })
		if n, err := d.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("%s: the byte is read as %d, %v", name, n, err)
		}
		d.set(time.Now().Add(20 * time.Millisecond)) // after one that has passed
		if n, err := d.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: after the deadline the read gives %d, %v", name, n, err)
		}
		d.set(last())
		time.AfterFunc(20*time.Millisecond, func() { d.set(time.Unix(1, 0)) }) // as net/http does
		if n, err := d.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: a read that is ended gives %d, %v", name, n, err)
		}
	}
}

// watched returns a watch on a connection, and the context that it cancels.
func watched(t *testing.T) (w *clientWatch, client *net.TCPConn, ctx context.Context) {
	server, client := tcpPair(t)
	d := &readDeadline{conn: server}
	d.set(time.Now().Add(2 * unwatched)) // the watch goes on after it
	d.set(time.Time{})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return &clientWatch{conn: d, cancel: cancel}, client, ctx
}

// TestClientThatLeavesIsNoticed checks the watch on a client that leaves at once, and
// on one that leaves while it is watched.
func TestClientThatLeavesIsNoticed(t *testing.T) {
	for _, after := range []time.Duration{0, 5 * unwatched} {
		w, client, ctx := watched(t)
		w.begin()
		time.AfterFunc(after, func() { client.Close() })
		select {
		case <-ctx.Done():
		case <-time.After(30 * time.Second):
			t.Fatalf("a client that leaves after %s is not noticed", after)
		}
		w.end()
	}
}

// TestClientThatStaysIsLeftAlone checks that a watch takes nothing of the next request,
// and that the connection can be used after it.
func TestClientThatStaysIsLeftAlone(t *testing.T) {
	for _, wait := range []time.Duration{0, 3 * unwatched} {
		w, client, ctx := watched(t)
		for range 3 {
			w.begin()
			time.Sleep(wait)
			if _, err := client.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			w.end()
			if n, err := w.conn.Read(make([]byte, 8)); n != 1 || err != nil {
				t.Fatalf("after a watch of %s the read gives %d, %v", 2*wait, n, err)
			}
		}
		time.Sleep(2 * unwatched)
		if ctx.Err() != nil {
			t.Fatalf("a client that stays counts as one that left, after a watch of %s", 2*wait)
		}
	}
}
