package storagetest

import (
	"context"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
	"testing"

	"wharf"
	"wharf/storage/memory"
)

func otherBreaks() []storeBreak {
	var oneAtATime sync.Mutex
	return []storeBreak{
		{what: "is deaf to its context", found: "context/canceled context/expired context/put context/list context/range",
			make: deaf},
		{what: "fails to delete what is missing", found: "delete/none delete/some delete/put-again delete/concurrent",
			make: withDelete(func(s *memory.Store, ctx context.Context, keys []wharf.Key) error {
				oneAtATime.Lock() // so that one of two always comes second
				defer oneAtATime.Unlock()
				for _, key := range keys {
					if _, err := s.Stat(ctx, key); err != nil {
						return err
					}
				}
				return s.Delete(ctx, keys)
			})},
		{what: "deletes the folder too", found: "keys/below-a-key delete/some",
			make: withDelete(func(s *memory.Store, ctx context.Context, keys []wharf.Key) error {
				for _, key := range keys {
					folder, _, _ := strings.Cut(string(key), "/")
					all, err := drain(s.List(ctx, wharf.ListOptions{Prefix: folder}))
					if err != nil {
						return err
					}
					for _, object := range all {
						keys = append(keys, object.Key)
					}
				}
				return s.Delete(ctx, keys)
			})},
		{what: "deletes a first thousand", found: "delete/many",
			make: withDelete(func(s *memory.Store, ctx context.Context, keys []wharf.Key) error {
				return s.Delete(ctx, keys[:min(len(keys), 1000)])
			})},
		{what: "forgets a file in a restart", found: "durable/reopen",
			make: func(s *memory.Store) wharf.Store { return s },
			reopen: func(t *testing.T, s wharf.Store) wharf.Store {
				if err := s.Delete(t.Context(), []wharf.Key{"new/0/1"}); err != nil {
					t.Fatal(err)
				}
				return s
			}},
		{what: "has a ghost after a restart", found: "durable/reopen durable/reopen-empty",
			make: func(s *memory.Store) wharf.Store { return s },
			reopen: func(t *testing.T, s wharf.Store) wharf.Store {
				if _, err := s.Put(t.Context(), "ghost", strings.NewReader(""), wharf.PutOptions{}); err != nil {
					t.Fatal(err)
				}
				return s
			}},
		{what: "stores half of a batch", found: "extra/batcher", make: func(s *memory.Store) wharf.Store { return oneByOne{s} }},
		{what: "clears nothing", found: "extra/clearer",
			make: func(s *memory.Store) wharf.Store {
				return broken{Store: s, clear: func(context.Context) error { return nil }}
			}},
		{what: "links a part of a file", found: "extra/localizer", make: func(s *memory.Store) wharf.Store { return halfLocal{s} }},
		{what: "budgets below zero", found: "extra/budgeter",
			make: func(s *memory.Store) wharf.Store { return negative{s} }},
	}
}

func withDelete(del func(s *memory.Store, ctx context.Context, keys []wharf.Key) error) func(s *memory.Store) wharf.Store {
	return func(s *memory.Store) wharf.Store {
		return broken{Store: s, del: func(ctx context.Context, keys []wharf.Key) error { return del(s, ctx, keys) }}
	}
}

// deaf gives a store that never looks at its context.
func deaf(s *memory.Store) wharf.Store {
	not := context.WithoutCancel
	return broken{
		Store: s,
		put: func(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
			return s.Put(not(ctx), key, r, o)
		},
		open: func(ctx context.Context, key wharf.Key) (wharf.File, error) {
			return withRange(s, func(f wharf.File, ctx context.Context, off, n int64) (io.ReadCloser, error) {
				return f.Range(not(ctx), off, n)
			}).Open(not(ctx), key)
		},
		stat: func(ctx context.Context, key wharf.Key) (wharf.Object, error) { return s.Stat(not(ctx), key) },
		list: func(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
			return s.List(not(ctx), o)
		},
		del: func(ctx context.Context, keys []wharf.Key) error { return s.Delete(not(ctx), keys) },
	}
}

// halfLocal is a store whose links have half of the bytes.
type halfLocal struct{ *memory.Store }

func (h halfLocal) Local(ctx context.Context, key wharf.Key) (wharf.LocalFile, error) {
	f, err := h.Open(ctx, key)
	return halfFile{f}, err
}

type halfFile struct{ wharf.File }

func (h halfFile) Whole(context.Context) error { return nil }

func (h halfFile) Link(path string) error {
	r, err := h.Range(context.Background(), 0, h.Object().Size/2)
	if err != nil {
		return err
	}
	defer r.Close()
	half, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, half, 0o600)
}
