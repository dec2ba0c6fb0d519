package s3

import (
	"sync"
	"time"
)

// bufferPool keeps the buffers of parts between uploads. They are few and large.
// Without the pool, as many again would wait for the garbage collector.
type bufferPool struct {
	size int

	mu   sync.Mutex // guards what follows
	free [][]byte
	used int
	trim *time.Timer // runs while no buffer is in use
}

const (
	// idleBuffers is how many buffers stay when no upload runs.
	idleBuffers = 2
	// idleTime is how long no buffer may be in use before the others are freed.
	// Uploads hold no buffer while the server completes them, and the next ones
	// need buffers at once.
	idleTime = 10 * time.Second
)

func newBufferPool(size int) *bufferPool { return &bufferPool{size: size} }

// take returns a buffer of n bytes, from the pool if that is its size.
func (p *bufferPool) take(n int) []byte {
	if n != p.size {
		return make([]byte, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used++
	if p.trim != nil {
		p.trim.Stop()
		p.trim = nil
	}
	if last := len(p.free) - 1; last >= 0 {
		buf := p.free[last]
		p.free[last] = nil
		p.free = p.free[:last]
		return buf
	}
	return make([]byte, n)
}

// give returns a buffer to the pool.
func (p *bufferPool) give(buf []byte) {
	if cap(buf) != p.size {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	p.free = append(p.free, buf[:p.size])
	if p.used == 0 && len(p.free) > idleBuffers {
		p.trim = time.AfterFunc(idleTime, p.shrink)
	}
}

// shrink frees most buffers if none is in use, so that an idle server does not
// hold what its busiest hour needed.
func (p *bufferPool) shrink() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used == 0 && len(p.free) > idleBuffers {
		clear(p.free[idleBuffers:])
		p.free = p.free[:idleBuffers]
	}
}
