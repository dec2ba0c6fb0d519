package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"wharf"
)

func extraCases() []testCase {
	return []testCase{
		{"extra/clearer", clearer},
		{"extra/batcher", batcher},
		{"extra/budgeter", budgeter},
		{"extra/localizer", localizer},
	}
}

func clearer(e *env) {
	c, ok := e.store.(wharf.Clearer)
	if !ok {
		e.Logf("not checked: this store is not a Clearer")
		return
	}
	body := e.body(300_000)
	e.put("k", body)
	e.many("p/%06d", 200)
	f, err := e.store.Open(e.ctx, "k")
	if err != nil {
		e.Fatalf("Open: %v", err)
	}
	defer e.close("File", f)
	canceled, cancel := context.WithCancel(e.ctx)
	cancel()
	e.wantCode("Clear after its context", c.Clear(canceled), wharf.CodeCanceled)
	for range 2 {
		if err := c.Clear(e.ctx); err != nil {
			e.Errorf("Clear: %v", err)
		}
		e.wantKeys(wharf.ListOptions{})
		e.wantAbsent("k")
	}
	got, err := readRange(e.ctx, f, 0, -1)
	e.wantVersion("Range of a File from before Clear", got, err, body)
	if e.reopen() {
		e.wantKeys(wharf.ListOptions{})
		c = e.store.(wharf.Clearer)
		if err := c.Clear(e.ctx); err != nil {
			e.Errorf("Clear after a restart: %v", err)
		}
	}
}

func batcher(e *env) {
	b, ok := e.store.(wharf.Batcher)
	if !ok {
		e.Logf("not checked: this store is not a Batcher")
		return
	}
	file := func(key wharf.Key, body []byte, o wharf.PutOptions) wharf.NewFile {
		o.Size = int64(len(body))
		return wharf.NewFile{Key: key, Options: o, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }}
	}
	old, small, large := e.body(10), e.body(100), e.body(700_000)
	e.put("old", old)
	_, err := b.PutAll(e.ctx, []wharf.NewFile{file("a", small, wharf.PutOptions{}), file("old", small, wharf.PutOptions{IfAbsent: true})})
	e.wantCode("PutAll over an object that is there", err, wharf.CodePrecondition)
	_, err = b.PutAll(e.ctx, []wharf.NewFile{file("a", small, wharf.PutOptions{}), file("a", small, wharf.PutOptions{})})
	e.wantCode("PutAll of a key that is there twice", err, wharf.CodeInvalid)
	e.wantKeys(wharf.ListOptions{}, "old")
	e.wantBody("old", old)
	objects, err := b.PutAll(e.ctx, []wharf.NewFile{file("z", large, wharf.PutOptions{}), file("old", small, wharf.PutOptions{}), file("empty", nil, wharf.PutOptions{IfAbsent: true})})
	if err != nil || len(objects) != 3 {
		e.Fatalf("PutAll: %v, %v", objects, err)
	}
	e.wantObject("PutAll", objects[0], "z", large)
	e.reopen()
	e.wantKeys(wharf.ListOptions{}, "empty", "old", "z")
	e.wantBody("z", large)
	e.wantBody("old", small)
	e.wantBody("empty", nil)
}

func budgeter(e *env) {
	b, ok := e.store.(wharf.Budgeter)
	if !ok {
		e.Logf("not checked: this store is not a Budgeter")
		return
	}
	last := int64(0)
	for _, size := range []int64{0, 1, 4 << 10, 64 << 10, 1 << 20, 1 << 30, 1 << 40, wharf.UnknownSize} {
		n := b.PutMemory(size)
		if n < 0 {
			e.Errorf("PutMemory(%d) is %d", size, n)
		}
		if size != wharf.UnknownSize && n < last {
			e.Errorf("PutMemory(%d) is %d, less than for a smaller object: %d", size, n, last)
		}
		last = n
	}
}

func localizer(e *env) {
	l, ok := e.store.(wharf.Localizer)
	if !ok {
		e.Logf("not checked: this store is not a Localizer")
		return
	}
	_, err := l.Local(e.ctx, "k")
	e.wantCode("Local of no object", err, wharf.CodeNotFound)
	for i, n := range []int{0, 10, 100_000, 5_000_000} {
		key := wharf.Key(fmt.Sprintf("folder/%d", i))
		body := e.body(n)
		e.put(key, body)
		if i%2 == 1 && e.reopen() {
			l = e.store.(wharf.Localizer)
		}
		f, err := l.Local(e.ctx, key)
		if err != nil {
			e.Fatalf("Local: %v", err)
		}
		e.wantObject("Local", f.Object(), key, body)
		path := filepath.Join(e.t.TempDir(), "link")
		if err := f.Link(path); err != nil {
			e.Fatalf("Link: %v", err)
		}
		if p, ok := f.(wharf.PartialFile); ok {
			err = p.Fetch(e.ctx)
		}
		if err == nil {
			err = f.Whole(e.ctx)
		}
		if err != nil {
			e.Errorf("Whole: %v", err)
		}
		e.put(key, e.body(n+1))
		if err := e.store.Delete(e.ctx, []wharf.Key{key}); err != nil {
			e.Errorf("Delete: %v", err)
		}
		_, err = l.Local(e.ctx, key)
		e.wantCode("Local after Delete", err, wharf.CodeNotFound)
		e.close("LocalFile", f)
		got, err := os.ReadFile(path)
		e.wantVersion("a link after Close", got, err, body)
	}
}
