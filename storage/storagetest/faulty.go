package storagetest

import (
	"context"
	"io"
	"iter"
	"sync"

	"wharf"
)

// Faulty is a Store that fails on request, for the tests of code that uses a
// Store. Each field that is not nil is called at its place. Set the fields
// before the store is used; they may be called concurrently.
//
// It hides the extras of the Store beneath, such as wharf.Clearer; see
// [FaultyClearer].
type Faulty struct {
	Store wharf.Store

	// BeforePut, BeforeOpen, BeforeStat and BeforeDelete are called first. The
	// method returns their error. A [Gate] makes them block.
	BeforePut    func(ctx context.Context, key wharf.Key) error
	BeforeOpen   func(ctx context.Context, key wharf.Key) error
	BeforeStat   func(ctx context.Context, key wharf.Key) error
	BeforeDelete func(ctx context.Context, keys []wharf.Key) error
	// Body replaces the reader of a Put: [FailReader] makes it fail after some
	// bytes.
	Body func(ctx context.Context, key wharf.Key, r io.Reader) io.Reader
	// AfterPut is called when the object is stored and Put has not returned
	// yet, for what happens in between, such as a DROP.
	AfterPut func(ctx context.Context, object wharf.Object)
	// BeforeObject is called before List yields each object. List yields its
	// error and ends.
	BeforeObject func(ctx context.Context, object wharf.Object) error
	// AfterList is called when a list was read to its end. List yields its
	// error last.
	AfterList func(ctx context.Context) error
	// BeforeRange is called first by Range of every open File. Range returns
	// its error.
	BeforeRange func(ctx context.Context, key wharf.Key, off, n int64) error
	// Content replaces the reader that Range returns.
	Content func(ctx context.Context, key wharf.Key, r io.Reader) io.Reader
}

var _ wharf.Store = (*Faulty)(nil)

// Put implements [wharf.Store].
func (f *Faulty) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	if f.BeforePut != nil {
		if err := f.BeforePut(ctx, key); err != nil {
			return wharf.Object{}, err
		}
	}
	if f.Body != nil {
		r = f.Body(ctx, key, r)
	}
	object, err := f.Store.Put(ctx, key, r, o)
	if err == nil && f.AfterPut != nil {
		f.AfterPut(ctx, object)
	}
	return object, err
}

// Open implements [wharf.Store].
func (f *Faulty) Open(ctx context.Context, key wharf.Key) (wharf.File, error) {
	if f.BeforeOpen != nil {
		if err := f.BeforeOpen(ctx, key); err != nil {
			return nil, err
		}
	}
	file, err := f.Store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	return faultyFile{file, f}, nil
}

// Stat implements [wharf.Store].
func (f *Faulty) Stat(ctx context.Context, key wharf.Key) (wharf.Object, error) {
	if f.BeforeStat != nil {
		if err := f.BeforeStat(ctx, key); err != nil {
			return wharf.Object{}, err
		}
	}
	return f.Store.Stat(ctx, key)
}

// List implements [wharf.Store].
func (f *Faulty) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(yield func(wharf.Object, error) bool) {
		for object, err := range f.Store.List(ctx, o) {
			if err == nil && f.BeforeObject != nil {
				err = f.BeforeObject(ctx, object)
			}
			if err != nil {
				yield(wharf.Object{}, err)
				return
			}
			if !yield(object, nil) {
				return
			}
		}
		if f.AfterList != nil {
			if err := f.AfterList(ctx); err != nil {
				yield(wharf.Object{}, err)
			}
		}
	}
}

// Delete implements [wharf.Store].
func (f *Faulty) Delete(ctx context.Context, keys []wharf.Key) error {
	if f.BeforeDelete != nil {
		if err := f.BeforeDelete(ctx, keys); err != nil {
			return err
		}
	}
	return f.Store.Delete(ctx, keys)
}

// FaultyClearer is a [Faulty] that is also a wharf.Clearer; the Store beneath
// must be one.
type FaultyClearer struct {
	*Faulty
	// BeforeClear is called first. Clear returns its error.
	BeforeClear func(ctx context.Context) error
}

var _ wharf.Clearer = (*FaultyClearer)(nil)

// Clear implements [wharf.Clearer].
func (f *FaultyClearer) Clear(ctx context.Context) error {
	if f.BeforeClear != nil {
		if err := f.BeforeClear(ctx); err != nil {
			return err
		}
	}
	return f.Store.(wharf.Clearer).Clear(ctx)
}

// faultyFile is an open File of a Faulty.
type faultyFile struct {
	wharf.File
	f *Faulty
}

// Range implements [wharf.File].
func (f faultyFile) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	key := f.Object().Key
	if f.f.BeforeRange != nil {
		if err := f.f.BeforeRange(ctx, key, off, n); err != nil {
			return nil, err
		}
	}
	r, err := f.File.Range(ctx, off, n)
	if err != nil || f.f.Content == nil {
		return r, err
	}
	return contentReader{f.f.Content(ctx, key, r), r}, nil
}

type contentReader struct {
	io.Reader
	io.Closer
}

// Gate blocks callers of Wait until it is opened. Create it with [NewGate].
type Gate struct {
	arrived chan struct{}
	open    chan struct{}
	once    sync.Once // guards the close of open
}

// NewGate returns a closed gate.
func NewGate() *Gate {
	return &Gate{arrived: make(chan struct{}, 1<<10), open: make(chan struct{})}
}

// Wait blocks until the gate is opened, and returns nil, or until ctx ends, and
// returns its error.
func (g *Gate) Wait(ctx context.Context) error {
	select {
	case g.arrived <- struct{}{}:
	default: // more than any test awaits
	}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Arrived returns a channel that gets one value for each call of Wait, so that
// a test can await it.
func (g *Gate) Arrived() <-chan struct{} { return g.arrived }

// Open ends all calls of Wait, also later ones.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

// Reader returns a reader of r that calls Wait after the first n bytes.
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
