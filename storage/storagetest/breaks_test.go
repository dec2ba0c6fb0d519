package storagetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/storage/memory"
)

// storeBreak is one way to break the contract, and the cases that find it.
type storeBreak struct {
	what   string // "a store that …"
	found  string // the cases, separated by space
	make   func(s *memory.Store) wharf.Store
	reopen func(t *testing.T, s wharf.Store) wharf.Store
}

func breaks() []storeBreak {
	return slices.Concat(putBreaks(), bodyBreaks(), keyBreaks(), fileBreaks(), listBreaks(), unnamedBreaks(), otherBreaks(), quotaBreaks())
}

// putFunc is what a break of Put is given: the whole store, and the call.
type putFunc func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error)

func withPut(put putFunc) func(s *memory.Store) wharf.Store {
	return func(s *memory.Store) wharf.Store {
		return broken{Store: s, put: func(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
			return put(s, ctx, key, r, o)
		}}
	}
}

func putBreaks() []storeBreak {
	return []storeBreak{
		{what: "publishes half an object", found: `reader/error-places reader/error-codes reader/error-without-code
			reader/cut-off context/put-blocked-reader size/short size/half size/nothing`,
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				body, err := io.ReadAll(r)
				object, putErr := s.Put(context.WithoutCancel(ctx), key, bytes.NewReader(body), wharf.PutOptions{Size: wharf.UnknownSize})
				return object, errors.Join(err, putErr)
			})},
		{what: "removes before it replaces", found: "concurrent/writers-and-readers limit/over reader/error-without-code",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				if err := s.Delete(ctx, []wharf.Key{key}); err != nil {
					return wharf.Object{}, err
				}
				time.Sleep(time.Millisecond)
				return s.Put(ctx, key, r, o)
			})},
		{what: "answers before it stored", found: "concurrent/seen-after-return concurrent/many-keys put/beside-others",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				body, err := io.ReadAll(r)
				if err != nil {
					return wharf.Object{}, err
				}
				go func() {
					time.Sleep(time.Millisecond)
					s.Put(context.WithoutCancel(ctx), key, bytes.NewReader(body), o)
				}()
				return memory.New().Put(ctx, key, bytes.NewReader(body), o)
			})},
		{what: "keeps the first version", found: "put/overwrite put/beside-others list/objects",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				object, err := s.Put(ctx, key, r, wharf.PutOptions{Size: o.Size, IfAbsent: true})
				if wharf.CodeOf(err) == wharf.CodePrecondition {
					return s.Stat(ctx, key)
				}
				return object, err
			})},
		{what: "gives another ETag from Put", found: "put/etag",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				object, err := s.Put(ctx, key, r, o)
				object.ETag += "x"
				return object, err
			})},
		{what: "ignores IfAbsent", found: "put/if-absent concurrent/if-absent",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				o.IfAbsent = false
				return s.Put(ctx, key, r, o)
			})},
		{what: "checks IfAbsent too early", found: "concurrent/if-absent",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				if _, err := s.Stat(ctx, key); err == nil && o.IfAbsent {
					return wharf.Object{}, wharf.Errorf(wharf.CodePrecondition, "taken")
				}
				time.Sleep(5 * time.Millisecond)
				o.IfAbsent = false
				return s.Put(ctx, key, r, o)
			})},
	}
}

func bodyBreaks() []storeBreak {
	return []storeBreak{
		{what: "ignores the declared size", found: "size/short size/half size/nothing size/long size/zero-declared size/large-short size/large-long",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				o.Size = wharf.UnknownSize
				return s.Put(ctx, key, r, o)
			})},
		{what: "stops at the declared size", found: "size/long size/zero-declared size/large-long reader/error-places",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				if o.Size >= 0 {
					r = io.LimitReader(r, o.Size)
				}
				return s.Put(ctx, key, r, o)
			})},
		{what: "ignores the limit", found: "limit/over limit/over-declared limit/over-large",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				o.Limit = 0
				return s.Put(ctx, key, r, o)
			})},
		{what: "takes one byte less than the limit", found: "limit/exact",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				o.Limit = max(o.Limit-1, 0)
				return s.Put(ctx, key, r, o)
			})},
		{what: "reads all before it refuses", found: "size/endless limit/endless limit/endless-declared",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				object, err := s.Put(ctx, key, r, o)
				io.Copy(io.Discard, r)
				return object, err
			})},
		{what: "loses the code of its reader", found: "reader/error-codes reader/error-places context/put-blocked-reader",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				object, err := s.Put(ctx, key, r, o)
				if err != nil {
					err = errors.New(err.Error())
				}
				return object, err
			})},
		{what: "takes no bytes for the end", found: "reader/manners",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				return s.Put(ctx, key, impatient{r}, o)
			})},
		{what: "reads on after it returned", found: "reader/not-after-return",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				object, err := s.Put(ctx, key, r, o)
				go func() {
					for range 10 {
						runtime.Gosched()
						r.Read(make([]byte, 1))
						time.Sleep(time.Millisecond)
					}
				}()
				return object, err
			})},
	}
}

// impatient takes a read of no bytes for the end.
type impatient struct{ r io.Reader }

func (i impatient) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

func keyBreaks() []storeBreak {
	refuse := func(refused func(wharf.Key) bool) func(s *memory.Store) wharf.Store {
		return func(s *memory.Store) wharf.Store {
			return withKeys(s, func(key wharf.Key) (wharf.Key, error) {
				if refused(key) {
					return "", wharf.Errorf(wharf.CodeInvalid, "no such key here")
				}
				return key, nil
			})
		}
	}
	return []storeBreak{
		{what: "folds case", found: "keys/any-utf8 keys/neighbours open/missing",
			make: func(s *memory.Store) wharf.Store {
				return withKeys(s, func(key wharf.Key) (wharf.Key, error) { return wharf.Key(strings.ToLower(string(key))), nil })
			}},
		{what: "cleans paths", found: "keys/double-slash",
			make: func(s *memory.Store) wharf.Store {
				return withKeys(s, func(key wharf.Key) (wharf.Key, error) { return wharf.Key(path.Clean(string(key))), nil })
			}},
		{what: "refuses noncharacters", found: "keys/noncharacters",
			make: refuse(func(key wharf.Key) bool { return strings.ContainsAny(string(key), "\ufffe\uffff") })},
		{what: "refuses long segments", found: "keys/long",
			make: refuse(func(key wharf.Key) bool {
				return slices.ContainsFunc(strings.Split(string(key), "/"), func(s string) bool { return len(s) > 255 })
			})},
		{what: "holds no key below a key", found: "keys/below-a-key",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				below, _ := drain(s.List(ctx, wharf.ListOptions{Prefix: string(key) + "/"}))
				for dir := path.Dir(string(key)); dir != "."; dir = path.Dir(dir) {
					if object, err := s.Stat(ctx, wharf.Key(dir)); err == nil {
						below = append(below, object)
					}
				}
				if len(below) > 0 {
					return wharf.Object{}, wharf.Errorf(wharf.CodeUpstream, "there is a folder of that name")
				}
				return s.Put(ctx, key, r, o)
			})},
	}
}

func fileBreaks() []storeBreak {
	return []storeBreak{
		{what: "reads what is there now", found: "open/pinned-overwrite open/pinned-overwrite-other-length open/pinned-delete",
			make: func(s *memory.Store) wharf.Store {
				return withRange(s, func(f wharf.File, ctx context.Context, off, n int64) (io.ReadCloser, error) {
					now, err := s.Open(ctx, f.Object().Key)
					if err != nil {
						return io.NopCloser(io.LimitReader(endless{}, 1<<20)), nil
					}
					return now.Range(ctx, min(off, now.Object().Size), -1)
				})
			}},
		{what: "ends one byte early", found: "put/sizes open/ranges open/concurrent-ranges",
			make: func(s *memory.Store) wharf.Store {
				return withRange(s, func(f wharf.File, ctx context.Context, off, n int64) (io.ReadCloser, error) {
					r, err := f.Range(ctx, off, n)
					if err != nil {
						return nil, err
					}
					if n < 0 {
						n = f.Object().Size - off
					}
					return struct {
						io.Reader
						io.Closer
					}{io.LimitReader(r, n-1), r}, nil
				})
			}},
		{what: "cuts ranges to what there is", found: "open/range-errors",
			make: func(s *memory.Store) wharf.Store {
				return withRange(s, func(f wharf.File, ctx context.Context, off, n int64) (io.ReadCloser, error) {
					off = min(max(off, 0), f.Object().Size)
					return f.Range(ctx, off, min(n, f.Object().Size-off))
				})
			}},
	}
}

func listBreaks() []storeBreak {
	objects := func(change func([]wharf.Object) []wharf.Object) func(s *memory.Store) wharf.Store {
		return func(s *memory.Store) wharf.Store { return withObjects(s, change) }
	}
	return []storeBreak{
		{what: "lists in the order of folders", found: "keys/neighbours list/prefix-and-after",
			make: objects(func(all []wharf.Object) []wharf.Object {
				slices.SortFunc(all, func(a, b wharf.Object) int {
					return slices.Compare(strings.Split(string(a.Key), "/"), strings.Split(string(b.Key), "/"))
				})
				return all
			})},
		{what: "lists backwards", found: "list/pages list/break list/while-changing",
			make: objects(func(all []wharf.Object) []wharf.Object {
				slices.SortFunc(all, func(a, b wharf.Object) int { return cmp.Compare(b.Key, a.Key) })
				return all
			})},
		{what: "loses one at the end of a page", found: "list/pages list/break list/while-changing",
			make: objects(func(all []wharf.Object) []wharf.Object {
				if len(all) > 500 {
					return slices.Delete(all, 499, 500)
				}
				return all
			})},
		{what: "lists a first page only", found: "list/pages list/while-changing",
			make: objects(func(all []wharf.Object) []wharf.Object { return all[:min(len(all), 500)] })},
		{what: "lists what is not there", found: "list/empty",
			make: objects(func(all []wharf.Object) []wharf.Object { return append(all, wharf.Object{Key: "ghost"}) })},
		{what: "lists no ETags", found: "list/objects",
			make: objects(func(all []wharf.Object) []wharf.Object {
				for i := range all {
					all[i].ETag = ""
				}
				return all
			})},
		{what: "takes After for At", found: "list/prefix-and-after list/pages",
			make: withList(func(s *memory.Store, ctx context.Context, o wharf.ListOptions, yield func(wharf.Object, error) bool) {
				if object, err := s.Stat(ctx, o.After); err == nil && strings.HasPrefix(string(o.After), o.Prefix) && !yield(object, nil) {
					return
				}
				s.List(ctx, o)(yield)
			})},
		{what: "takes a prefix for a folder", found: "list/prefix-and-after",
			make: withList(func(s *memory.Store, ctx context.Context, o wharf.ListOptions, yield func(wharf.Object, error) bool) {
				if o.Prefix != "" {
					o.Prefix = strings.TrimSuffix(o.Prefix, "/") + "/"
				}
				s.List(ctx, o)(yield)
			})},
		{what: "yields after the loop ended", found: "list/break",
			make: withList(func(s *memory.Store, ctx context.Context, o wharf.ListOptions, yield func(wharf.Object, error) bool) {
				all, _ := drain(s.List(ctx, o))
				for _, object := range all {
					yield(object, nil)
				}
			})},
		{what: "goes on after an error", found: "context/list",
			make: withList(func(s *memory.Store, ctx context.Context, o wharf.ListOptions, yield func(wharf.Object, error) bool) {
				for object, err := range s.List(context.WithoutCancel(ctx), o) {
					if !yield(object, errors.Join(err, ctx.Err())) {
						return
					}
				}
			})},
	}
}

func unnamedBreaks() []storeBreak {
	return []storeBreak{
		{what: "passes over names that are no keys in silence", found: "list/unnamed",
			make: withList(func(s *memory.Store, ctx context.Context, o wharf.ListOptions, yield func(wharf.Object, error) bool) {
				o.Unnamed = nil
				s.List(ctx, o)(yield)
			})},
		{what: "tells of unnamed objects a page too early", found: "list/unnamed",
			make: withList(func(s *memory.Store, ctx context.Context, o wharf.ListOptions, yield func(wharf.Object, error) bool) {
				all, _ := drain(s.List(ctx, o))
				for _, object := range all {
					if !yield(object, nil) {
						return
					}
				}
			})},
		{what: "takes an empty folder for an object", found: "list/unnamed",
			make: withList(func(s *memory.Store, ctx context.Context, o wharf.ListOptions, yield func(wharf.Object, error) bool) {
				if o.Unnamed != nil && strings.HasPrefix("n/empty/", o.Prefix) {
					o.Unnamed("n/empty/")
				}
				s.List(ctx, o)(yield)
			})},
	}
}

// withList gives a break of List, which is given the whole store and the call.
func withList(f func(s *memory.Store, ctx context.Context, o wharf.ListOptions, yield func(wharf.Object, error) bool)) func(s *memory.Store) wharf.Store {
	return func(s *memory.Store) wharf.Store {
		return broken{Store: s, list: func(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
			return func(yield func(wharf.Object, error) bool) { f(s, ctx, o, yield) }
		}}
	}
}
