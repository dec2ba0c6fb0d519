package s3

import "testing"

// TestPoolSharesBuffers counts what many uploads in turn allocate: as many as
// were held at once, also when none is held in between.
func TestPoolSharesBuffers(t *testing.T) {
	const size, at = 1000, 5
	p := newBufferPool(size)
	seen := map[*byte]bool{}
	for range 100 {
		var held [][]byte
		for range at {
			held = append(held, p.take(size))
		}
		for _, buf := range held {
			if len(buf) != size {
				t.Fatalf("a buffer has %d bytes, want %d", len(buf), size)
			}
			seen[&buf[0]] = true
			p.give(buf[:10])
		}
	}
	if len(seen) != at {
		t.Errorf("%d buffers were made, want %d", len(seen), at)
	}
	p.give(p.take(7))
	if len(p.free) != at || p.used != 0 {
		t.Errorf("a buffer of another size changes the pool: %d free, %d used", len(p.free), p.used)
	}
}

// TestPoolLetsGo keeps few buffers when its time is up, but none away from
// an upload that runs.
func TestPoolLetsGo(t *testing.T) {
	p := newBufferPool(1000)
	var held [][]byte
	for range 5 {
		held = append(held, p.take(1000))
	}
	for _, buf := range held {
		p.give(buf)
	}
	busy := p.take(1000)
	p.shrink()
	if len(p.free) != 4 {
		t.Errorf("%d buffers are left under an upload, want 4", len(p.free))
	}
	p.give(busy)
	if p.trim == nil {
		t.Fatal("no time is set at which buffers go")
	}
	p.trim.Stop()
	p.shrink()
	if len(p.free) != idleBuffers {
		t.Errorf("%d buffers are left without uploads, want %d", len(p.free), idleBuffers)
	}
}
