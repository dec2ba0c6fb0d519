package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// watcher looks at the memory of a server's children, which come and go.
type watcher struct {
	over, done chan struct{}
	most       int64
}

// watchChildren begins to look at the children of a process.
func watchChildren(p *process) *watcher {
	w := &watcher{over: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			for _, pid := range childrenOf(p.cmd.Process.Pid) {
				w.most = max(w.most, statusOf(pid, "VmHWM:"))
			}
			select {
			case <-w.over:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return w
}

// stop returns the most that one child has had, in bytes.
func (w *watcher) stop() int64 {
	close(w.over)
	<-w.done
	return w.most
}

// childrenOf are the processes that the threads of a process have started.
func childrenOf(pid int) (pids []int) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range threads {
		data, _ := os.ReadFile(path)
		for _, word := range strings.Fields(string(data)) {
			child, _ := strconv.Atoi(word)
			pids = append(pids, child)
		}
	}
	return pids
}

// proxy is a relay that counts the bytes of both directions.
type proxy struct {
	ln             net.Listener
	sent, received atomic.Int64 // to the server, and from it
}

// countingProxy relays to a server of this machine.
func countingProxy(to string) (*proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{ln: ln}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go p.relay(c, to)
		}
	}()
	return p, nil
}

func (p *proxy) addr() string { return p.ln.Addr().String() }

func (p *proxy) close() { p.ln.Close() }

func (p *proxy) relay(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	go func() {
		io.Copy(counted{server, &p.sent}, client)
		server.(*net.TCPConn).CloseWrite()
	}()
	defer server.Close()
	io.Copy(counted{client, &p.received}, server)
}

// counted counts what is written.
type counted struct {
	io.Writer
	n *atomic.Int64
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n.Add(int64(n))
	return n, err
}
