package local

import (
	"math/bits"
	"sync"
)

// chunks are the buffers of long uploads and downloads that are under way.
type chunk [chunkSize]byte

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// pool keeps buffers by size in powers of two: a slow reader of a short file
// does not hold a long buffer.
type pool [poolClasses]sync.Pool

const (
	smallestClass = 10 // 1 KiB
	poolClasses   = 19 - smallestClass + 1
)

var buffers pool

// take returns an empty buffer with room for n bytes.
func (p *pool) take(n int) *[]byte {
	class := max(0, bits.Len(uint(max(n, 1)-1))-smallestClass)
	if class >= poolClasses {
		b := make([]byte, 0, n)
		return &b
	}
	if b, ok := p[class].Get().(*[]byte); ok {
		*b = (*b)[:0]
		return b
	}
	b := make([]byte, 0, 1<<(class+smallestClass))
	return &b
}

// give takes back a buffer that is not used any more.
func (p *pool) give(b *[]byte) {
	if c := cap(*b); c == 1<<(bits.Len(uint(c))-1) && c >= 1<<smallestClass {
		if class := bits.Len(uint(c)-1) - smallestClass; class < poolClasses {
			p[class].Put(b)
		}
	}
}
