package s3

import "sync"

// bufferPool keeps the buffers of parts between uploads. They are few and
// large: left to the garbage collector, as many again would wait for it.
type bufferPool struct {
	size int

	mu   sync.Mutex // guards free and used
	free [][]byte
	used int
}

// idleBuffers is how many buffers stay when no upload runs.
const idleBuffers = 2

func newBufferPool(size int) *bufferPool { return &bufferPool{size: size} }

// take gives a buffer of n bytes, from the pool if it has that size.
func (p *bufferPool) take(n int) []byte {
	if n != p.size {
		return make([]byte, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used++
	if last := len(p.free) - 1; last >= 0 {
		buf := p.free[last]
		p.free[last] = nil
		p.free = p.free[:last]
		return buf
	}
	return make([]byte, n)
}

// give takes a buffer back. When the last one in use comes back, most are let
// go, so that an idle server does not hold what its busiest hour needed.
func (p *bufferPool) give(buf []byte) {
	if cap(buf) != p.size {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	p.free = append(p.free, buf[:p.size])
	if p.used == 0 && len(p.free) > idleBuffers {
		clear(p.free[idleBuffers:])
		p.free = p.free[:idleBuffers]
	}
}
