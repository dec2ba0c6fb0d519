package storagetest

import (
	"context"
	"io"
	"iter"
	"slices"

	"wharf"
	"wharf/storage/memory"
)

// broken is a memory store in which some methods are replaced.
type broken struct {
	*memory.Store
	put   func(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error)
	open  func(ctx context.Context, key wharf.Key) (wharf.File, error)
	stat  func(ctx context.Context, key wharf.Key) (wharf.Object, error)
	list  func(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error]
	del   func(ctx context.Context, keys []wharf.Key) error
	clear func(ctx context.Context) error
}

func (b broken) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	if b.put != nil {
		return b.put(ctx, key, r, o)
	}
	return b.Store.Put(ctx, key, r, o)
}

func (b broken) Open(ctx context.Context, key wharf.Key) (wharf.File, error) {
	if b.open != nil {
		return b.open(ctx, key)
	}
	return b.Store.Open(ctx, key)
}

func (b broken) Stat(ctx context.Context, key wharf.Key) (wharf.Object, error) {
	if b.stat != nil {
		return b.stat(ctx, key)
	}
	return b.Store.Stat(ctx, key)
}

func (b broken) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	if b.list != nil {
		return b.list(ctx, o)
	}
	return b.Store.List(ctx, o)
}

func (b broken) Delete(ctx context.Context, keys []wharf.Key) error {
	if b.del != nil {
		return b.del(ctx, keys)
	}
	return b.Store.Delete(ctx, keys)
}

func (b broken) Clear(ctx context.Context) error {
	if b.clear != nil {
		return b.clear(ctx)
	}
	return b.Store.Clear(ctx)
}

// negative is a store whose Budgeter counts below zero.
type negative struct{ *memory.Store }

func (negative) PutMemory(size int64) int64 { return -size }

// brokenFile is an open File whose Range is replaced.
type brokenFile struct {
	wharf.File
	ranged func(ctx context.Context, off, n int64) (io.ReadCloser, error)
}

func (f brokenFile) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	return f.ranged(ctx, off, n)
}

// withRange gives a store whose open Files have another Range.
func withRange(s *memory.Store, ranged func(f wharf.File, ctx context.Context, off, n int64) (io.ReadCloser, error)) wharf.Store {
	return broken{Store: s, open: func(ctx context.Context, key wharf.Key) (wharf.File, error) {
		f, err := s.Open(ctx, key)
		if err != nil {
			return nil, err
		}
		return brokenFile{f, func(ctx context.Context, off, n int64) (io.ReadCloser, error) {
			return ranged(f, ctx, off, n)
		}}, nil
	}}
}

// withObjects gives a store whose List yields what change makes of the list.
func withObjects(s *memory.Store, change func([]wharf.Object) []wharf.Object) wharf.Store {
	return broken{Store: s, list: func(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
		objects, err := drain(s.List(ctx, o))
		return func(yield func(wharf.Object, error) bool) {
			for _, object := range change(slices.Clone(objects)) {
				if !yield(object, nil) {
					return
				}
			}
			if err != nil {
				yield(wharf.Object{}, err)
			}
		}
	}}
}

// withKeys gives a store that stores another key than it was given, or
// refuses it.
func withKeys(s *memory.Store, change func(wharf.Key) (wharf.Key, error)) wharf.Store {
	return broken{Store: s,
		put: func(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
			key, err := change(key)
			if err != nil {
				return wharf.Object{}, err
			}
			return s.Put(ctx, key, r, o)
		},
		stat: func(ctx context.Context, key wharf.Key) (wharf.Object, error) {
			if changed, err := change(key); err == nil {
				key = changed
			}
			return s.Stat(ctx, key)
		},
	}
}

// oneByOne is a Batcher that stores the files before one that fails.
type oneByOne struct{ *memory.Store }

func (o oneByOne) PutAll(ctx context.Context, files []wharf.NewFile) (objects []wharf.Object, err error) {
	for _, f := range files {
		body, err := f.Open()
		if err != nil {
			return nil, err
		}
		object, err := o.Put(ctx, f.Key, body, f.Options)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}
