package clients

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a client and the server and counts the bytes.
type proxy struct {
	net.Listener
	passed atomic.Int64
	done   sync.WaitGroup
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: ln}
	p.done.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			p.done.Go(func() { p.pass(t, in, to) })
		}
	})
	t.Cleanup(func() { ln.Close(); p.done.Wait() })
	return p
}

func (p *proxy) pass(t *testing.T, in net.Conn, to string) {
	defer in.Close()
	out, err := net.Dial("tcp", to)
	if err != nil {
		t.Error(err)
		return
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
	n, _ := io.Copy(dst, src)
	p.passed.Add(n)
	dst.Close()
	src.Close()
}
