package clients

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between a client and the server and keeps what passes.
type proxy struct {
	listener net.Listener
	to       string
	running  sync.WaitGroup

	mu   sync.Mutex
	seen bytes.Buffer // guarded by mu
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: ln, to: to}
	p.running.Go(p.accept)
	t.Cleanup(func() { p.end() })
	return p
}

func (p *proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.pass(in) })
	}
}

func (p *proxy) pass(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return // the client will tell
	}
	defer out.Close()
	done := make(chan struct{})
	go func() {
		p.copy(out, in)
		close(done)
	}()
	p.copy(in, out)
	<-done
}

// copy ends both directions when one ends.
func (p *proxy) copy(dst, src net.Conn) {
	io.Copy(io.MultiWriter(dst, p), src)
	dst.Close()
	src.Close()
}

// Write keeps what passes.
func (p *proxy) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.Write(b)
}

// end waits for the connections to end and gives all that passed.
func (p *proxy) end() []byte {
	p.listener.Close()
	p.running.Wait()
	return p.seen.Bytes()
}
