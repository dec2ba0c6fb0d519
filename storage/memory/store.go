package memory

import (
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

// Store holds objects in memory. Make it with [New].
type Store struct {
	mu       sync.RWMutex // guards what follows
	versions []*version   // sorted by key
	last     uint64       // number of the newest version
}

var (
	_ wharf.Store   = (*Store)(nil)
	_ wharf.Clearer = (*Store)(nil)
)

// New makes an empty store.
func New() *Store { return &Store{} }

// find gives the place of key and whether it is taken. s.mu is held.
func (s *Store) find(key wharf.Key) (int, bool) {
	return slices.BinarySearchFunc(s.versions, key, func(v *version, k wharf.Key) int {
		return strings.Compare(string(v.object.Key), string(k))
	})
}

// Put implements [wharf.Store]. It also takes a key that ParseKey refuses, so
// that tests have objects as other programs make them.
func (s *Store) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	const op = "memory.Put"
	if o.IfAbsent && s.has(key) {
		return wharf.Object{}, errTaken(key)
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
	// The bytes may have taken long to arrive.
	if err := ctx.Err(); err != nil {
		return wharf.Object{}, wrap(op, err)
	}
	i, taken := s.find(key)
	if taken && o.IfAbsent {
		return wharf.Object{}, errTaken(key)
	}
	s.last++
	v.object.ETag = fmt.Sprintf("%s-%d", v.object.MD5, s.last)
	if taken {
		s.versions[i] = v
	} else {
		s.versions = slices.Insert(s.versions, i, v)
	}
	return v.object, nil
}

func (s *Store) has(key wharf.Key) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.find(key)
	return ok
}

// lookup gives the present version under key.
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
	s.versions = nil
	return nil
}

func errTaken(key wharf.Key) error {
	return wharf.Errorf(wharf.CodePrecondition, "the file %q exists already", key)
}

func wrap(op string, err error) error {
	return wharf.WrapError(wharf.CodeInternal, op, "", err)
}
