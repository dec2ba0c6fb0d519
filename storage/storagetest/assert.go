package storagetest

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"slices"
	"time"

	"wharf"
)

// Cases call these also from their own goroutines, so none of them uses Fatalf.

// put stores the body with its size declared, and checks the object that Put
// returns.
func (e *env) put(key wharf.Key, body []byte) wharf.Object {
	e.Helper()
	return e.putWith(key, body, wharf.PutOptions{Size: int64(len(body))})
}

func (e *env) putWith(key wharf.Key, body []byte, o wharf.PutOptions) wharf.Object {
	e.Helper()
	w := watch(reader(body))
	object, err := e.store.Put(e.ctx, key, w, o)
	w.returned.Store(true)
	if err != nil {
		e.Errorf("Put(%q, %d bytes, %+v): %v", key, len(body), o, err)
		return object
	}
	e.wantObject("Put", object, key, body)
	return object
}

// wantPutFails checks that the Put fails with the code.
func (e *env) wantPutFails(key wharf.Key, r io.Reader, o wharf.PutOptions, code wharf.Code) {
	e.Helper()
	w := watch(r)
	_, err := e.store.Put(e.ctx, key, w, o)
	w.returned.Store(true)
	e.wantCode("Put", err, code)
}

// wantCode checks the code of an error.
func (e *env) wantCode(what string, err error, code wharf.Code) {
	e.Helper()
	switch {
	case err == nil:
		e.Errorf("%s gives no error, want the code %s", what, code)
	case wharf.CodeOf(err) != code:
		e.Errorf("%s gives the code %s, want %s: %v", what, wharf.CodeOf(err), code, err)
	}
}

// wantObject checks an object that the store returned.
func (e *env) wantObject(what string, got wharf.Object, key wharf.Key, body []byte) {
	e.Helper()
	if got.Key != key {
		e.Errorf("%s gives the key %q, want %q", what, got.Key, key)
	}
	if got.Size != int64(len(body)) {
		e.Errorf("%s(%q) gives the size %d, want %d", what, key, got.Size, len(body))
	}
	if got.ETag == "" {
		e.Errorf("%s(%q) gives no ETag", what, key)
	}
	if got.MD5 != "" {
		sum := md5.Sum(body)
		if want := hex.EncodeToString(sum[:]); got.MD5 != want {
			e.Errorf("%s(%q) gives the MD5 %q, want %q or none", what, key, got.MD5, want)
		}
	}
	if age := time.Since(got.ModTime); age.Abs() > time.Hour {
		e.Errorf("%s(%q) gives the time %v, which is not about now", what, key, got.ModTime)
	}
}

// wantBody checks that Stat, Open and Range return the object with this body.
func (e *env) wantBody(key wharf.Key, body []byte) {
	e.Helper()
	object, err := e.store.Stat(e.ctx, key)
	if err != nil {
		e.Errorf("Stat(%q): %v", key, err)
		return
	}
	e.wantObject("Stat", object, key, body)
	f, err := e.store.Open(e.ctx, key)
	if err != nil {
		e.Errorf("Open(%q): %v", key, err)
		return
	}
	defer e.close("File", f)
	e.wantObject("Open", f.Object(), key, body)
	if f.Object().ETag != object.ETag {
		e.Errorf("Open(%q) gives the ETag %q, Stat %q", key, f.Object().ETag, object.ETag)
	}
	e.wantRange(f, 0, -1, body)
}

// wantRange checks one range of an open file.
func (e *env) wantRange(f wharf.File, off, n int64, want []byte) {
	e.Helper()
	got, err := readRange(e.ctx, f, off, n)
	if err != nil {
		e.Errorf("Range(%d, %d) of %q: %v", off, n, f.Object().Key, err)
	} else if d := firstDifference(got, want); d != "" {
		e.Errorf("Range(%d, %d) of %q: %s", off, n, f.Object().Key, d)
	}
}

func readRange(ctx context.Context, f wharf.File, off, n int64) (b []byte, err error) {
	r, err := f.Range(ctx, off, n)
	if err != nil {
		return nil, err
	}
	b, err = io.ReadAll(r)
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	return b, err
}

// ReadAll opens the key and reads all of it.
func ReadAll(ctx context.Context, s wharf.Store, key wharf.Key) (b []byte, err error) {
	f, err := s.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	b, err = readRange(ctx, f, 0, -1)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return b, err
}

func (e *env) close(what string, c io.Closer) {
	e.Helper()
	if err := c.Close(); err != nil {
		e.Errorf("Close of the %s: %v", what, err)
	}
}

// wantAbsent checks that no method finds the key.
func (e *env) wantAbsent(key wharf.Key) {
	e.Helper()
	_, err := e.store.Stat(e.ctx, key)
	e.wantCode("Stat of what should not be there", err, wharf.CodeNotFound)
	f, err := e.store.Open(e.ctx, key)
	e.wantCode("Open of what should not be there", err, wharf.CodeNotFound)
	if err == nil {
		e.close("File", f)
	}
	if slices.Contains(e.keys(wharf.ListOptions{Prefix: string(key)}), key) {
		e.Errorf("List yields %q, which should not be there", key)
	}
}

// list returns the objects of a list that must not fail.
func (e *env) list(o wharf.ListOptions) []wharf.Object {
	e.Helper()
	var objects []wharf.Object
	for object, err := range e.store.List(e.ctx, o) {
		if err != nil {
			e.Errorf("List(%+v) after %d objects: %v", o, len(objects), err)
			break
		}
		objects = append(objects, object)
	}
	return objects
}

func (e *env) keys(o wharf.ListOptions) []wharf.Key {
	e.Helper()
	var keys []wharf.Key
	for _, object := range e.list(o) {
		keys = append(keys, object.Key)
	}
	return keys
}

// wantKeys checks that the list has exactly these keys, in byte order.
func (e *env) wantKeys(o wharf.ListOptions, want ...wharf.Key) {
	e.Helper()
	want = slices.Sorted(slices.Values(want))
	got := e.keys(o)
	if slices.Equal(got, want) {
		o.KeysOnly = true
		got = e.keys(o)
	}
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			e.Errorf("List(%+v) gives %d keys, want %d; they differ from the %dth on: %.10q, want %.10q",
				o, len(got), len(want), i+1, at(got, i), at(want, i))
			return
		}
	}
}

// at returns a few keys from i on.
func at(keys []wharf.Key, i int) []wharf.Key {
	return keys[min(i, len(keys)):min(i+5, len(keys))]
}
