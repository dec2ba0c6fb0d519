package storagetest

import (
	"context"
	"io"
	"time"

	"wharf"
)

func contextCases() []testCase {
	return []testCase{
		{"context/canceled", ended(func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, wharf.CodeCanceled)},
		{"context/expired", ended(func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadline(ctx, time.Now().Add(-time.Second))
		}, wharf.CodeTimeout)},
		{"context/put", canceledPut},
		{"context/put-blocked-reader", func(e *env) {
			old := e.body(100)
			e.put("k", old)
			ctx, cancel := context.WithCancel(e.ctx)
			defer cancel()
			r := io.MultiReader(reader(e.body(200_000)), &trigger{r: untilDone{ctx}, f: cancel})
			_, err := e.store.Put(ctx, "k", r, wharf.PutOptions{Size: 300_000})
			e.wantCode("Put whose context ends while its reader waits", err, wharf.CodeCanceled)
			e.wantBody("k", old)
		}},
		{"context/list", canceledList},
		{"context/range", canceledRange},
	}
}

// ended is a case that calls every method with a context that has ended.
func ended(end func(context.Context) (context.Context, context.CancelFunc), code wharf.Code) func(e *env) {
	return func(e *env) {
		body := e.body(300_000)
		e.put("k", body)
		e.put("may-go", body)
		f, err := e.store.Open(e.ctx, "k")
		if err != nil {
			e.Fatalf("Open: %v", err)
		}
		defer e.close("File", f)
		ctx, cancel := end(e.ctx)
		defer cancel()
		for _, key := range []wharf.Key{"k", "new"} {
			for _, n := range []int{0, 10, 9 << 20} {
				_, err := e.store.Put(ctx, key, reader(e.body(n)), wharf.PutOptions{Size: int64(n)})
				e.wantCode("Put after its context", err, code)
			}
		}
		opened, err := e.store.Open(ctx, "k")
		if err == nil {
			e.close("File", opened)
		}
		e.wantCode("Open after its context", err, code)
		_, err = e.store.Stat(ctx, "k")
		e.wantCode("Stat after its context", err, code)
		e.wantCode("Delete after its context", e.store.Delete(ctx, []wharf.Key{"may-go"}), code)
		seen, err := drain(e.store.List(ctx, wharf.ListOptions{}))
		e.wantCode("List after its context", err, code)
		if len(seen) > 0 {
			e.Errorf("List after its context yields %d objects", len(seen))
		}
		_, err = readRange(ctx, f, 0, -1)
		e.wantCode("Range after its context", err, code)
		e.wantBody("k", body)
		e.wantAbsent("new")
	}
}

// drain runs a list to its end, whatever it yields.
func drain(list func(func(wharf.Object, error) bool)) (objects []wharf.Object, err error) {
	list(func(object wharf.Object, listErr error) bool {
		if listErr != nil {
			err = listErr
			return true
		}
		objects = append(objects, object)
		return true
	})
	return objects, err
}

// mayStillRead is how many bytes a Put may still read after its context ended:
// more than the inflight parts of S3.
const mayStillRead = 48 << 20

// canceledPut cancels a Put at several places of its body.
func canceledPut(e *env) {
	old := e.body(100)
	e.put("old", old)
	for _, after := range []int64{0, 1, 100_000, 6 << 20} {
		for _, key := range []wharf.Key{"old", "new"} {
			ctx, cancel := context.WithCancel(e.ctx)
			r := watch(&trigger{r: io.LimitReader(endless{}, after+mayStillRead), n: after, f: cancel})
			_, err := e.store.Put(ctx, key, r, wharf.PutOptions{Size: wharf.UnknownSize})
			r.returned.Store(true)
			cancel()
			e.wantCode("Put whose context ends", err, wharf.CodeCanceled)
			if r.read.Load() >= after+mayStillRead {
				e.Errorf("Put reads %d bytes although its context ended after %d", r.read.Load(), after)
			}
		}
	}
	e.wantAbsent("new")
	e.wantBody("old", old)
}

// untilDone is a reader that blocks until its context ends, as the socket of a
// silent peer does.
type untilDone struct{ ctx context.Context }

func (u untilDone) Read([]byte) (int, error) {
	<-u.ctx.Done()
	return 0, u.ctx.Err()
}

// canceledList cancels in the loop, and wants one error, last, and not all
// objects before it.
func canceledList(e *env) {
	e.many("k/%06d", e.o.Many)
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	seen, errs := 0, 0
	e.store.List(ctx, wharf.ListOptions{})(func(object wharf.Object, err error) bool {
		switch {
		case errs > 0:
			e.Errorf("List yields %q, %v after an error", object.Key, err)
		case err != nil:
			e.wantCode("List whose context ends", err, wharf.CodeCanceled)
			errs++
		default:
			cancel()
			seen++
		}
		return true
	})
	if errs != 1 {
		e.Errorf("List whose context ends yields %d errors, want one", errs)
	}
	if seen == e.o.Many {
		e.Errorf("List whose context ends after the first of %d objects yields them all", seen)
	}
}

func canceledRange(e *env) {
	e.put("k", e.body(9<<20))
	f, err := e.store.Open(e.ctx, "k")
	if err != nil {
		e.Fatalf("Open: %v", err)
	}
	defer e.close("File", f)
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	r, err := f.Range(ctx, 0, -1)
	if err != nil {
		e.Fatalf("Range: %v", err)
	}
	defer e.close("Reader", r)
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		e.Errorf("Read: %v", err)
	}
	cancel()
	_, err = io.Copy(io.Discard, r)
	e.wantCode("a reader whose context ends", err, wharf.CodeCanceled)
}
