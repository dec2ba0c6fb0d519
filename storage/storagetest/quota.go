package storagetest

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"wharf"
)

// quotaCases are about Meters: how much they say that they hold, and that no
// Put brings them over a quota.
func quotaCases() []testCase {
	return []testCase{
		{"quota/usage", meter},
		{"quota/files", quota(quotaFiles)},
		{"quota/bytes", quota(quotaBytes)},
		{"quota/lowered", quota(quotaLowered)},
		{"quota/unseen", quota(quotaUnseen)},
		{"quota/concurrent-files", quota(quotaConcurrentFiles)},
		{"quota/concurrent-bytes", quota(quotaConcurrentBytes)},
		{"quota/batch", quota(quotaBatch)},
	}
}

// quota returns a case for the stores that know quotas.
func quota(run func(e *env)) func(e *env) {
	return func(e *env) {
		if _, ok := e.store.(wharf.Meter); !ok {
			e.Logf("not checked: this store is not a Meter")
		} else if !e.excepted(NoQuota) {
			run(e)
		}
	}
}

func (e *env) wantUsage(files, size int64) {
	e.Helper()
	got, err := e.store.(wharf.Meter).Usage(e.ctx)
	if want := (wharf.Usage{Files: files, Bytes: size}); err != nil || got != want {
		e.Errorf("Usage gives %+v, %v; want %+v", got, err, want)
	}
}

func meter(e *env) {
	if _, ok := e.store.(wharf.Meter); !ok {
		e.Logf("not checked: this store is not a Meter")
		return
	}
	e.wantUsage(0, 0)
	e.put("a", e.body(100))
	e.put("b", e.body(1_500_000))
	e.put("empty", nil)
	e.wantUsage(3, 1_500_100)
	e.put("b", e.body(50))
	e.wantUsage(3, 150)
	e.putWith("a", e.body(700_000), wharf.PutOptions{Size: wharf.UnknownSize})
	e.wantUsage(3, 700_050)
	e.wantPutFails("a", reader(e.body(9)), wharf.PutOptions{Size: 9, IfAbsent: true}, wharf.CodePrecondition)
	e.wantPutFails("c", reader(e.body(9)), wharf.PutOptions{Size: 10}, wharf.CodeInvalid)
	if err := e.store.Delete(e.ctx, []wharf.Key{"a", "a", "missing"}); err != nil {
		e.Errorf("Delete: %v", err)
	}
	e.wantUsage(2, 50)
	e.reopen()
	e.wantUsage(2, 50)
	if c, ok := e.store.(wharf.Clearer); ok {
		if err := c.Clear(e.ctx); err != nil {
			e.Errorf("Clear: %v", err)
		}
		e.wantUsage(0, 0)
	}
}

func quotaFiles(e *env) {
	limit := wharf.Quota{Files: 2}
	for _, n := range []int{0, 1_500_000} {
		o := wharf.PutOptions{Size: int64(n), Quota: limit}
		first := e.body(n)
		e.putWith("a", first, o)
		e.putWith("b", e.body(n), o)
		e.wantPutFails("c", reader(e.body(n)), o, wharf.CodeNoSpace)
		e.wantPutFails("c", reader(e.body(n)), wharf.PutOptions{Size: wharf.UnknownSize, Quota: limit}, wharf.CodeNoSpace)
		e.wantAbsent("c")
		e.putWith("b", e.body(n), o)
		e.wantBody("a", first)
		if err := e.store.Delete(e.ctx, []wharf.Key{"a"}); err != nil {
			e.Errorf("Delete: %v", err)
		}
		e.putWith("c", e.body(n), o)
		e.wantKeys(wharf.ListOptions{}, "b", "c")
		if err := e.store.Delete(e.ctx, []wharf.Key{"b", "c"}); err != nil {
			e.Errorf("Delete: %v", err)
		}
	}
}

func quotaBytes(e *env) {
	for _, n := range []int{1000, 3_000_000} {
		limit := wharf.Quota{Bytes: int64(n)}
		first := e.body(n * 6 / 10)
		with := func(size int) wharf.PutOptions { return wharf.PutOptions{Size: int64(size), Quota: limit} }
		e.putWith("a", first, with(len(first)))
		e.wantPutFails("b", reader(e.body(n*4/10+1)), with(n*4/10+1), wharf.CodeNoSpace)
		e.wantAbsent("b")
		e.putWith("b", e.body(n*4/10), with(n*4/10))
		e.wantPutFails("a", reader(e.body(n*6/10+1)), wharf.PutOptions{Size: wharf.UnknownSize, Quota: limit}, wharf.CodeNoSpace)
		e.wantBody("a", first)
		e.putWith("empty", nil, with(0))
		e.putWith("a", e.body(n*6/10), with(n*6/10))
		e.putWith("b", e.body(1), with(1))
		e.putWith("a", e.body(n-1), with(n-1))
		e.wantUsage(3, int64(n))
		if err := e.store.Delete(e.ctx, []wharf.Key{"a", "b", "empty"}); err != nil {
			e.Errorf("Delete: %v", err)
		}
	}
}

// quotaLowered is a store that holds more than its quota, as after ALTER STAGE:
// it takes what does not make it larger.
func quotaLowered(e *env) {
	e.put("a", e.body(2000))
	e.put("b", e.body(2000))
	o := func(n int64) wharf.PutOptions {
		return wharf.PutOptions{Size: n, Quota: wharf.Quota{Files: 1, Bytes: 1000}}
	}
	e.wantPutFails("a", reader(e.body(2001)), o(2001), wharf.CodeNoSpace)
	e.wantPutFails("c", reader(nil), o(0), wharf.CodeNoSpace)
	e.putWith("a", e.body(2000), o(2000))
	e.putWith("a", e.body(1999), o(1999))
	e.wantUsage(2, 3999)
}

// quotaUnseen replaces objects unseen: there is room as for objects that are new, and
// what the store holds is counted as otherwise.
func quotaUnseen(e *env) {
	unseen := func(n, files, bytes int64) wharf.PutOptions {
		return wharf.PutOptions{Size: n, Unseen: true, Quota: wharf.Quota{Files: files, Bytes: bytes}}
	}
	e.put("a", e.body(600))
	for _, key := range []wharf.Key{"a", "new"} {
		e.wantPutFails(key, reader(e.body(1)), unseen(1, 1, 0), wharf.CodeNoSpace)
		e.wantPutFails(key, reader(e.body(401)), unseen(401, 0, 1000), wharf.CodeNoSpace)
	}
	e.putWith("a", e.body(400), unseen(400, 2, 1000))
	e.wantUsage(1, 400)
	e.putWith("new", e.body(600), unseen(600, 2, 1000))
	e.wantUsage(2, 1000)
}

func quotaConcurrentFiles(e *env) {
	const writers, each, limit = 8, 4, 11
	var stored, refused atomic.Int64
	var all sync.WaitGroup
	for i := range uint64(writers) {
		rng := e.newRand(i + 1)
		all.Go(func() {
			for n := range each {
				body := randomBytes(rng, payloads[n])
				_, err := e.store.Put(e.ctx, wharf.Key(fmt.Sprintf("%d/%d", i, n)), reader(body),
					wharf.PutOptions{Size: int64(len(body)), Quota: wharf.Quota{Files: limit}})
				if err == nil {
					stored.Add(1)
					continue
				}
				refused.Add(1)
				e.wantCode("Put beyond the quota", err, wharf.CodeNoSpace)
			}
		})
	}
	all.Wait()
	if got := len(e.keys(wharf.ListOptions{})); got != limit || stored.Load() != limit || refused.Load() != writers*each-limit {
		e.Errorf("with a quota of %d files %d are there, %d were stored and %d refused", limit, got, stored.Load(), refused.Load())
	}
}

// quotaConcurrentBytes has writers replace their own objects: none of them can
// tell from its own whether the next one fits.
func quotaConcurrentBytes(e *env) {
	const writers, limit = 6, 400_000
	var all sync.WaitGroup
	for i := range uint64(writers) {
		rng := e.newRand(i + 1)
		all.Go(func() {
			for range 12 {
				body := randomBytes(rng, int(rng.Uint64()%150_000))
				_, err := e.store.Put(e.ctx, wharf.Key(fmt.Sprintf("k%d", i)), reader(body),
					wharf.PutOptions{Size: wharf.UnknownSize, Quota: wharf.Quota{Bytes: limit}})
				if err != nil {
					e.wantCode("Put beyond the quota", err, wharf.CodeNoSpace)
				}
				if got, err := e.store.(wharf.Meter).Usage(e.ctx); err != nil || got.Bytes > limit {
					e.Errorf("with a quota of %d bytes, Usage gives %+v, %v", limit, got, err)
				}
			}
		})
	}
	all.Wait()
	sum := int64(0)
	objects := e.list(wharf.ListOptions{})
	for _, object := range objects {
		sum += object.Size
	}
	e.wantUsage(int64(len(objects)), sum)
	if sum > limit {
		e.Errorf("with a quota of %d bytes %d are there", limit, sum)
	}
}

func quotaBatch(e *env) {
	b, ok := e.store.(wharf.Batcher)
	if !ok {
		e.Logf("not checked: this store is not a Batcher")
		return
	}
	putAll := func(limit wharf.Quota, sizes ...int) error {
		var files []wharf.NewFile
		for i, n := range sizes {
			body := e.body(n)
			files = append(files, wharf.NewFile{
				Key: wharf.Key(fmt.Sprintf("k%d", i)), Options: wharf.PutOptions{Size: int64(n), Quota: limit},
				Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
			})
		}
		_, err := b.PutAll(e.ctx, files)
		return err
	}
	e.wantCode("PutAll beyond the quota of files", putAll(wharf.Quota{Files: 2}, 1, 2, 3), wharf.CodeNoSpace)
	e.wantCode("PutAll beyond the quota of bytes", putAll(wharf.Quota{Bytes: 999_999}, 400_000, 600_000), wharf.CodeNoSpace)
	e.wantKeys(wharf.ListOptions{})
	for range 2 { // the second replaces what the first stored
		if err := putAll(wharf.Quota{Files: 2, Bytes: 1_000_000}, 400_000, 600_000); err != nil {
			e.Errorf("PutAll up to the quota: %v", err)
		}
	}
	e.wantUsage(2, 1_000_000)
}
