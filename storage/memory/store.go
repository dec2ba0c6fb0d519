package memory

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"wharf"
)

// pageSize is how many objects a List copies under the lock at once.
const pageSize = 256

// version is one stored version of an object. It never changes.
type version struct {
	object wharf.Object
	data   []byte
}

// Store holds objects in memory. Create it with [New].
type Store struct {
	mu       sync.RWMutex // guards what follows
	versions []*version   // sorted by key
	bytes    int64        // of all versions
	last     uint64       // number of the newest version
}

var (
	_ wharf.Store   = (*Store)(nil)
	_ wharf.Clearer = (*Store)(nil)
	_ wharf.Meter   = (*Store)(nil)
)

// New returns an empty store.
func New() *Store { return &Store{} }

// find returns the index of key, or where it belongs, and whether it is there.
// The caller holds s.mu.
func (s *Store) find(key wharf.Key) (int, bool) {
	return slices.BinarySearchFunc(s.versions, key, func(v *version, k wharf.Key) int {
		return strings.Compare(string(v.object.Key), string(k))
	})
}

// Put implements [wharf.Store]. It also takes a key that [wharf.ParseKey] refuses,
// so that tests have objects as other programs create them.
func (s *Store) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	const op = "memory.Put"
	if o.IfAbsent && s.has(key) {
		return wharf.Object{}, errExists(key)
	}
	body, err := wharf.NewBody(ctx, r, o)
	if err != nil {
		return wharf.Object{}, wrap(op, err)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return wharf.Object{}, wrap(op, err)
	}
	sum := md5.Sum(data)
	v := &version{data: data, object: wharf.Object{
		Key: key, Size: int64(len(data)), MD5: hex.EncodeToString(sum[:]), ModTime: time.Now().UTC(),
	}}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Reading the body may have taken long.
	if err := ctx.Err(); err != nil {
		return wharf.Object{}, wrap(op, err)
	}
	i, taken := s.find(key)
	if taken && o.IfAbsent {
		return wharf.Object{}, errExists(key)
	}
	before := s.usage()
	after := wharf.Usage{Files: before.Files + 1, Bytes: before.Bytes + v.object.Size}
	var old int64
	if taken {
		old = s.versions[i].object.Size
	}
	if taken && !o.Unseen {
		after.Files, after.Bytes = before.Files, after.Bytes-old
	}
	if err := o.Quota.Check(before, after); err != nil {
		return wharf.Object{}, err
	}
	s.last++
	v.object.ETag = fmt.Sprintf("%s-%d", v.object.MD5, s.last)
	if taken {
		s.versions[i] = v
	} else {
		s.versions = slices.Insert(s.versions, i, v)
	}
	s.bytes += v.object.Size - old
	return v.object, nil
}

// usage returns what the store holds. The caller holds s.mu.
func (s *Store) usage() wharf.Usage {
	return wharf.Usage{Files: int64(len(s.versions)), Bytes: s.bytes}
}

// Usage implements [wharf.Meter].
func (s *Store) Usage(ctx context.Context) (wharf.Usage, error) {
	if err := ctx.Err(); err != nil {
		return wharf.Usage{}, wrap("memory.Usage", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.usage(), nil
}

func (s *Store) has(key wharf.Key) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.find(key)
	return ok
}

// lookup returns the current version under key.
func (s *Store) lookup(ctx context.Context, op string, key wharf.Key) (*version, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap(op, err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, ok := s.find(key)
	if !ok {
		return nil, wharf.Errorf(wharf.CodeNotFound, "there is no file %q", key)
	}
	return s.versions[i], nil
}

// Open implements [wharf.Store].
func (s *Store) Open(ctx context.Context, key wharf.Key) (wharf.File, error) {
	v, err := s.lookup(ctx, "memory.Open", key)
	if err != nil {
		return nil, err
	}
	return file{v}, nil
}

// Stat implements [wharf.Store].
func (s *Store) Stat(ctx context.Context, key wharf.Key) (wharf.Object, error) {
	v, err := s.lookup(ctx, "memory.Stat", key)
	if err != nil {
		return wharf.Object{}, err
	}
	return v.object, nil
}

// List implements [wharf.Store].
func (s *Store) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(yield func(wharf.Object, error) bool) {
		after := o.After
		for {
			page := s.page(o.Prefix, after)
			for _, object := range page {
				if err := ctx.Err(); err != nil {
					yield(wharf.Object{}, wrap("memory.List", err))
					return
				}
				after = object.Key
				if _, ok := o.KeyOf(string(object.Key), object.Size); ok && !yield(object, nil) {
					return
				}
			}
			if len(page) < pageSize {
				break
			}
		}
		if err := ctx.Err(); err != nil {
			yield(wharf.Object{}, wrap("memory.List", err))
		}
	}
}

// page copies the next objects with the prefix after the key.
func (s *Store) page(prefix string, after wharf.Key) []wharf.Object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, found := s.find(max(after, wharf.Key(prefix)))
	if found && s.versions[i].object.Key == after {
		i++
	}
	var page []wharf.Object
	for _, v := range s.versions[i:] {
		if len(page) == pageSize || !strings.HasPrefix(string(v.object.Key), prefix) {
			break
		}
		page = append(page, v.object)
	}
	return page
}

// Delete implements [wharf.Store].
func (s *Store) Delete(ctx context.Context, keys []wharf.Key) error {
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return wrap("memory.Delete", err)
		}
		s.remove(key)
	}
	return wrap("memory.Delete", ctx.Err())
}

func (s *Store) remove(key wharf.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.find(key); ok {
		s.bytes -= s.versions[i].object.Size
		s.versions = slices.Delete(s.versions, i, i+1)
	}
}

// Clear implements [wharf.Clearer].
func (s *Store) Clear(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return wrap("memory.Clear", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions, s.bytes = nil, 0
	return nil
}

func errExists(key wharf.Key) error {
	return wharf.Errorf(wharf.CodePrecondition, "the file %q exists already", key)
}

func wrap(op string, err error) error {
	return wharf.WrapError(wharf.CodeInternal, op, "", err)
}

// file is an open version of an object.
type file struct{ v *version }

// Object implements [wharf.File].
func (f file) Object() wharf.Object { return f.v.object }

// Range implements [wharf.File].
func (f file) Range(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("memory.Range", err)
	}
	size := int64(len(f.v.data))
	if n < 0 {
		n = size - off
	}
	// Not off+n > size, which could overflow.
	if off < 0 || off > size || n > size-off {
		return nil, wharf.Errorf(wharf.CodeRange, "the range is not within the %d bytes of the file", size)
	}
	return io.NopCloser(contextReader{ctx, bytes.NewReader(f.v.data[off : off+n])}), nil
}

// Close implements [wharf.File].
func (f file) Close() error { return nil }

// contextReader reads r until ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Opener opens a Store in memory for every stage, whatever its URL. Create it
// with [NewOpener].
type Opener struct {
	mu     sync.Mutex // guards stores
	stores map[wharf.StageID]*Store
}

var _ wharf.Opener = (*Opener)(nil)

// NewOpener returns an Opener without stores.
func NewOpener() *Opener { return &Opener{stores: map[wharf.StageID]*Store{}} }

// Check implements [wharf.Opener]: memory can hold every stage.
func (o *Opener) Check(wharf.Stage) error { return nil }

// Open implements [wharf.Opener]. It returns the same Store for the same stage
// ID.
func (o *Opener) Open(ctx context.Context, s *wharf.Stage) (wharf.Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("memory.Open", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	store, ok := o.stores[s.ID]
	if !ok {
		store = New()
		o.stores[s.ID] = store
	}
	return store, nil
}
