package storagetest

import (
	"context"
	"io"
	"sync"
)

// Gate holds back who comes to it until it is opened. Make it with [NewGate].
type Gate struct {
	arrived chan struct{}
	open    chan struct{}
	once    sync.Once // guards the close of open
}

// NewGate makes a gate that is shut.
func NewGate() *Gate {
	return &Gate{arrived: make(chan struct{}, 1<<10), open: make(chan struct{})}
}

// Wait comes to the gate and stays until it is opened or ctx ends; then it
// gives ctx's error.
func (g *Gate) Wait(ctx context.Context) error {
	select {
	case g.arrived <- struct{}{}:
	default: // nobody counts so many
	}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Arrived gives one value for each Wait that has come, so that a test can
// await it.
func (g *Gate) Arrived() <-chan struct{} { return g.arrived }

// Open lets everybody through, now and later.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

// Reader yields the first n bytes of r, waits at the gate, and goes on.
func (g *Gate) Reader(ctx context.Context, r io.Reader, n int64) io.Reader {
	return io.MultiReader(io.LimitReader(r, n), &gateReader{g, ctx}, r)
}

type gateReader struct {
	g   *Gate
	ctx context.Context
}

func (r *gateReader) Read([]byte) (int, error) {
	if err := r.g.Wait(r.ctx); err != nil {
		return 0, err
	}
	return 0, io.EOF
}
