package cache

import (
	"context"
	"testing"

	"wharf"
	"wharf/storage/memory"
	"wharf/storage/storagetest"
)

// cached is a store whose objects are files by a cache.
type cached struct {
	*memory.Store
	c *Cache
}

func (s cached) Local(ctx context.Context, key wharf.Key) (wharf.LocalFile, error) {
	return s.c.Local(ctx, string(key), func(ctx context.Context) (wharf.File, error) { return s.Open(ctx, key) })
}

// TestStore holds a store with a cache to what a store promises.
func TestStore(t *testing.T) {
	storagetest.Run(t, storagetest.Options{
		New: func(t *testing.T) wharf.Store { return cached{memory.New(), openCache(t, folder(t), nil)} },
		Reopen: func(t *testing.T, s wharf.Store) wharf.Store {
			old := s.(cached)
			if err := old.c.Close(); err != nil {
				t.Fatal(err)
			}
			return cached{old.Store, openCache(t, old.c.o.Folder, nil)}
		},
	})
}
