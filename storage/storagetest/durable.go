package storagetest

import (
	"errors"
	"fmt"

	"wharf"
)

func durableCases() []testCase {
	return []testCase{
		{"durable/reopen", reopen},
		{"durable/reopen-empty", func(e *env) {
			if !e.reopen() {
				return
			}
			e.wantKeys(wharf.ListOptions{})
			e.put("k", []byte("first"))
			e.reopen()
			if err := e.store.Delete(e.ctx, []wharf.Key{"k"}); err != nil {
				e.Errorf("Delete: %v", err)
			}
			e.reopen()
			e.wantKeys(wharf.ListOptions{})
			e.wantAbsent("k")
		}},
	}
}

// reopen restarts the store, and reports whether that is possible.
func (e *env) reopen() bool {
	e.Helper()
	if e.o.Reopen == nil {
		e.Logf("not checked: this store does not outlive its process")
		return false
	}
	e.store = e.o.Reopen(e.t, e.store)
	return true
}

// reopen stores, replaces, deletes and fails to store, restarts the store, and
// checks that it has what was acknowledged and nothing else; twice.
func reopen(e *env) {
	want := map[wharf.Key][]byte{}
	etags := map[wharf.Key]string{}
	put := func(key wharf.Key, n int) {
		want[key] = e.body(n)
		etags[key] = e.put(key, want[key]).ETag
	}
	for round := range 2 {
		for i, n := range bodySizes {
			put(wharf.Key(fmt.Sprintf("new/%d/%d", round, i)), n)
			put(wharf.Key(fmt.Sprintf("replaced/%d", i)), n)
			put(wharf.Key(fmt.Sprintf("replaced/%d", i)), n/2)
			gone := wharf.Key(fmt.Sprintf("gone/%d", i))
			e.put(gone, e.body(n))
			if err := e.store.Delete(e.ctx, []wharf.Key{gone}); err != nil {
				e.Errorf("Delete: %v", err)
			}
			for _, key := range []wharf.Key{gone, wharf.Key(fmt.Sprintf("replaced/%d", i))} {
				r := FailReader(reader(e.body(n)), int64(n), errors.New("the body broke"))
				if _, err := e.store.Put(e.ctx, key, r, wharf.PutOptions{Size: int64(n)}); err == nil {
					e.Errorf("Put of a reader that fails gives no error")
				}
			}
		}
		if !e.reopen() {
			return
		}
		var keys []wharf.Key
		for key, body := range want {
			keys = append(keys, key)
			e.wantBody(key, body)
			if object, err := e.store.Stat(e.ctx, key); err == nil && object.ETag != etags[key] {
				e.Errorf("a restart changes the ETag of %q from %q to %q", key, etags[key], object.ETag)
			}
		}
		e.wantKeys(wharf.ListOptions{}, keys...)
	}
}
