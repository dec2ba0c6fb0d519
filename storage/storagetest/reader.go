package storagetest

import (
	"errors"
	"fmt"
	"io"
	"testing/iotest"
	"time"

	"wharf"
)

func readerCases() []testCase {
	return []testCase{
		{"reader/error-codes", func(e *env) {
			for _, code := range wharf.Codes() {
				broken := wharf.Errorf(code, "the body broke")
				wrapped := fmt.Errorf("reading: %w", broken)
				for _, cause := range []error{broken, wrapped} {
					r := FailReader(reader(e.body(1000)), 500, cause)
					e.wantPutFails("k", r, wharf.PutOptions{Size: 1000}, code)
				}
			}
			e.wantAbsent("k")
		}},
		{"reader/error-places", readerErrorPlaces},
		{"reader/error-without-code", func(e *env) {
			old := e.body(77)
			e.put("k", old)
			r := watch(FailReader(reader(e.body(1000)), 500, errors.New("the body broke")))
			if _, err := e.store.Put(e.ctx, "k", r, wharf.PutOptions{Size: wharf.UnknownSize}); err == nil {
				e.Errorf("Put of a reader that fails gives no error")
			}
			e.wantBody("k", old)
		}},
		{"reader/cut-off", func(e *env) {
			// net/http ends a truncated body with this error.
			for _, o := range []wharf.PutOptions{{Size: 1000}, {Size: wharf.UnknownSize}} {
				r := FailReader(reader(e.body(1000)), 500, io.ErrUnexpectedEOF)
				if _, err := e.store.Put(e.ctx, "k", r, o); err == nil {
					e.Errorf("Put of a body that was cut off gives no error")
				}
				e.wantAbsent("k")
			}
		}},
		{"reader/manners", readerManners},
		{"reader/not-after-return", notAfterReturn},
	}
}

// readerErrorPlaces has readers that fail at the start, within the body, and
// after its last declared byte.
func readerErrorPlaces(e *env) {
	broken := wharf.Errorf(wharf.CodeMediaType, "the body broke")
	for _, n := range []int{0, 1000, 200_000, 9 << 20} {
		body := e.body(n)
		for _, at := range []int{0, 1, n / 2, n - 1, n} {
			if at < 0 || at > n {
				continue
			}
			for _, size := range []int64{int64(n), wharf.UnknownSize} {
				e.wantPutFails("new", FailReader(reader(body), int64(at), broken),
					wharf.PutOptions{Size: size}, wharf.CodeMediaType)
			}
		}
		e.wantAbsent("new")
		e.wantNothingStored(func() io.Reader { return FailReader(reader(body), int64(n), broken) },
			wharf.PutOptions{Size: int64(n)}, wharf.CodeMediaType)
		if err := e.store.Delete(e.ctx, []wharf.Key{"old"}); err != nil {
			e.Fatalf("Delete: %v", err)
		}
	}
}

// readerManners stores bodies from readers that do what io.Reader allows and
// few readers do.
func readerManners(e *env) {
	body := e.body(40_000)
	manners := map[string]func(io.Reader) io.Reader{
		"one-byte":       iotest.OneByteReader,
		"half":           iotest.HalfReader,
		"data-and-EOF":   iotest.DataErrReader,
		"no-bytes-first": func(r io.Reader) io.Reader { return &stutter{r: r} },
	}
	for name, manner := range manners {
		for _, size := range []int64{int64(len(body)), wharf.UnknownSize} {
			key := wharf.Key(fmt.Sprintf("%s/%d", name, size))
			if _, err := e.store.Put(e.ctx, key, manner(reader(body)), wharf.PutOptions{Size: size}); err != nil {
				e.Errorf("Put from a %s reader: %v", name, err)
				continue
			}
			e.wantBody(key, body)
		}
	}
}

// notAfterReturn watches the readers of Puts that fail half-way and of those
// that succeed.
func notAfterReturn(e *env) {
	const n = 9 << 20
	body := e.body(n)
	puts := []struct {
		r io.Reader
		o wharf.PutOptions
	}{
		{reader(body), wharf.PutOptions{Size: n}},
		{reader(body), wharf.PutOptions{Size: wharf.UnknownSize}},
		{reader(body), wharf.PutOptions{Size: n - 1}},
		{reader(body), wharf.PutOptions{Size: wharf.UnknownSize, Limit: n / 2}},
		{reader(body), wharf.PutOptions{Size: n, IfAbsent: true}},
		{FailReader(reader(body), n/2, wharf.Errorf(wharf.CodeInvalid, "the body broke")), wharf.PutOptions{Size: n}},
	}
	var all []*watched
	for _, p := range puts {
		w := watch(p.r)
		e.store.Put(e.ctx, "k", w, p.o)
		w.returned.Store(true)
		all = append(all, w)
	}
	// There is no event to await for a read that comes too late. The sleep
	// gives a leaked goroutine time for it; it can miss a fault and cannot
	// report a false one.
	time.Sleep(20 * time.Millisecond)
	for i, w := range all {
		if w.late.Load() {
			e.Errorf("Put %+v reads after it returned", puts[i].o)
		}
	}
}
