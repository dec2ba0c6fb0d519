package storagetest

import (
	"fmt"
	"sync"

	"wharf"
)

func deleteCases() []testCase {
	return []testCase{
		{"delete/none", func(e *env) {
			e.put("k", nil)
			for _, keys := range [][]wharf.Key{nil, {}, {"missing"}, {"missing", "missing/too", "k/under"}} {
				if err := e.store.Delete(e.ctx, keys); err != nil {
					e.Errorf("Delete(%q): %v", keys, err)
				}
			}
			e.wantKeys(wharf.ListOptions{}, "k")
		}},
		{"delete/some", func(e *env) {
			stay := map[wharf.Key][]byte{"a": e.body(10), "ab/c": e.body(300_000), "c": e.body(0)}
			for key, body := range stay {
				e.put(key, body)
			}
			e.put("ab/d", e.body(9<<20))
			e.put("b", e.body(100))
			gone := []wharf.Key{"b", "missing", "ab/d", "b"}
			if err := e.store.Delete(e.ctx, gone); err != nil {
				e.Errorf("Delete(%q): %v", gone, err)
			}
			for key, body := range stay {
				e.wantBody(key, body)
			}
			e.wantAbsent("b")
			e.wantAbsent("ab/d")
			e.wantKeys(wharf.ListOptions{}, "a", "ab/c", "c")
		}},
		{"delete/put-again", func(e *env) {
			for i, n := range []int{0, 10, 300_000} {
				body := e.body(n)
				e.put("k", body)
				e.wantBody("k", body)
				for range i + 1 {
					if err := e.store.Delete(e.ctx, []wharf.Key{"k"}); err != nil {
						e.Errorf("Delete: %v", err)
					}
				}
				e.wantAbsent("k")
			}
		}},
		{"delete/many", func(e *env) {
			// More than the 1,000 that one request of S3 may name.
			keys := e.many("k/%06d", max(e.o.Many, 1100))
			e.put("stays", nil)
			if err := e.store.Delete(e.ctx, keys); err != nil {
				e.Errorf("Delete of %d keys: %v", len(keys), err)
			}
			e.wantKeys(wharf.ListOptions{}, "stays")
		}},
		{"delete/concurrent", func(e *env) {
			keys := e.many("k/%06d", 64)
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					if err := e.store.Delete(e.ctx, keys[i*8:]); err != nil {
						e.Errorf("Delete: %v", err)
					}
					e.put(wharf.Key(fmt.Sprintf("new/%d", i)), []byte("new"))
				})
			}
			wg.Wait()
			e.wantKeys(wharf.ListOptions{}, "new/0", "new/1", "new/2", "new/3")
		}},
	}
}
