package local

import (
	"context"
	"errors"
	"io"
	"sync"

	"wharf"
)

// checks are the verifications of body files that are read by their path. Each
// is verified once after a start: what was uploaded since was verified as it
// came.
type checks struct {
	e     *Engine
	turns chan struct{} // bounds how many run at once

	mu    sync.Mutex // guards what follows
	whole map[uint64]struct{}
	runs  map[uint64]*check
}

const (
	// checksAtOnce bounds the buffers that verifications hold.
	checksAtOnce = 4
	// maxWhole is how many body files are remembered as whole, some 10 MiB. Of
	// more, some are verified again.
	maxWhole = 1 << 18
)

// check is the verification of one body file, for all that wait for it.
type check struct {
	number uint64
	done   chan struct{} // closed at its end
	err    error         // set before done is closed
	cancel context.CancelFunc
	users  int // guarded by checks.mu
}

func (c *checks) init(e *Engine) {
	c.e = e
	c.turns = make(chan struct{}, checksAtOnce)
	c.whole, c.runs = map[uint64]struct{}{}, map[uint64]*check{}
}

// know notes that a body file is whole.
func (c *checks) know(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for old := range c.whole {
		if len(c.whole) < maxWhole {
			break
		}
		delete(c.whole, old)
	}
	c.whole[n] = struct{}{}
}

// begin joins the verification of a body file, or begins it; nil is a file
// that is known to be whole. It is not there where its checksums were moved.
func (c *checks) begin(s *Store, key wharf.Key, e entry) (k *check, there bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.whole[e.number]; ok {
		return nil, true, nil
	}
	if k := c.runs[e.number]; k != nil {
		k.users++
		return k, true, nil
	}
	// The segment keeps the checksums, also when the object is removed.
	g, err := c.e.segs.open(e.at.segment)
	if err != nil || g == nil {
		return nil, missing(err), ignoreMissing(err)
	}
	if err := c.e.users.enter(); err != nil {
		c.e.segs.close(g)
		return nil, true, err
	}
	r := record{head: head{kind: kindFile, size: e.size, key: key}, offset: e.at.offset}
	f := &blockFile{e: c.e, obj: e.object(key), seg: g, table: r.offset + r.prefix()}
	ctx, cancel := context.WithCancel(context.Background())
	k = &check{number: e.number, done: make(chan struct{}), cancel: cancel, users: 1}
	c.runs[e.number] = k
	go func() {
		defer c.e.leave()
		c.end(k, c.run(ctx, s, e, f))
	}()
	return k, true, nil
}

// run reads a body file through its checksums.
func (c *checks) run(ctx context.Context, s *Store, e entry, f *blockFile) (err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var there bool
	if f.own, there, err = s.openOwn(e); err == nil && !there {
		err = damaged("local.Local", "a body file is missing")
	}
	if err != nil {
		return err
	}
	f.file = f.own
	r, err := f.Range(ctx, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

// end notes what a verification has found.
func (c *checks) end(k *check, err error) {
	k.cancel()
	if err == nil {
		c.know(k.number)
	}
	k.err = fault("local.Local", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs[k.number] == k {
		delete(c.runs, k.number)
	}
	close(k.done)
}

// leave ends the interest of one user. Without users the verification ends.
func (c *checks) leave(k *check) {
	if k == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.users--; k.users == 0 {
		k.cancel()
		if c.runs[k.number] == k {
			delete(c.runs, k.number) // the next one begins anew
		}
	}
}

// wait returns what the verification has found.
func (k *check) wait(ctx context.Context) error {
	select {
	case <-k.done:
		return k.err
	default:
	}
	select {
	case <-k.done:
		return k.err
	case <-ctx.Done():
		return wharf.WrapError(wharf.CodeInternal, "local.Local", "", context.Cause(ctx))
	}
}
