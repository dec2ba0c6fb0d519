package storagetest

import (
	"fmt"
	"io"

	"wharf"
)

// bodySizes are the lengths that the suite stores: nothing, one byte, less and
// more than what stores keep inline, a block, and more than one part of S3.
var bodySizes = []int{0, 1, 4 << 10, 64 << 10, 1 << 20, 8<<20 + 1}

func putCases() []testCase {
	return []testCase{
		{"put/sizes", func(e *env) {
			for _, n := range bodySizes {
				key, body := wharf.Key(fmt.Sprintf("declared/%d", n)), e.body(n)
				e.put(key, body)
				e.wantBody(key, body)
				key = wharf.Key(fmt.Sprintf("unknown/%d", n))
				e.putWith(key, body, wharf.PutOptions{Size: wharf.UnknownSize})
				e.wantBody(key, body)
			}
			if got := e.keys(wharf.ListOptions{}); len(got) != 2*len(bodySizes) {
				e.Errorf("List gives %d keys, want %d: %q", len(got), 2*len(bodySizes), got)
			}
		}},
		{"put/overwrite", func(e *env) {
			etags := map[string]int{}
			for i, n := range []int{100, 70_000, 0, 6 << 20, 10, 70_000, 1} {
				body := e.body(n)
				etags[e.put("k", body).ETag] = i
				e.wantBody("k", body)
				e.wantKeys(wharf.ListOptions{}, "k")
			}
			if len(etags) != 7 {
				e.Errorf("7 versions with bytes of their own have %d ETags", len(etags))
			}
		}},
		{"put/etag", func(e *env) {
			put := e.put("k", e.body(1000))
			stat, err := e.store.Stat(e.ctx, "k")
			if err != nil {
				e.Fatalf("Stat: %v", err)
			}
			if put.ETag != stat.ETag {
				e.Errorf("Put gives the ETag %q, Stat %q", put.ETag, stat.ETag)
			}
		}},
		{"put/if-absent", ifAbsent},
		{"put/beside-others", func(e *env) {
			a, b, c := e.body(10), e.body(70_000), e.body(30)
			e.put("a", a)
			e.put("b", b)
			e.put("c", c)
			b = e.body(20)
			e.put("b", b)
			e.wantBody("a", a)
			e.wantBody("b", b)
			e.wantBody("c", c)
		}},
	}
}

func ifAbsent(e *env) {
	for _, n := range []int{0, 100, 1 << 20} {
		o := wharf.PutOptions{Size: int64(n), IfAbsent: true}
		key, first := wharf.Key(fmt.Sprintf("k%d", n)), e.body(n)
		e.putWith(key, first, o)
		e.wantBody(key, first)
		e.wantPutFails(key, reader(e.body(n)), o, wharf.CodePrecondition)
		e.wantBody(key, first)
		e.put(key, e.body(n))
		if err := e.store.Delete(e.ctx, []wharf.Key{key}); err != nil {
			e.Fatalf("Delete: %v", err)
		}
		again := e.body(n)
		e.putWith(key, again, o)
		e.wantBody(key, again)
	}
}

// readAhead is how many bytes a Put may read beyond the first one that shows
// that the body is too long.
const readAhead = 1 << 20

func sizeCases() []testCase {
	const n = 100_000
	return []testCase{
		{"size/short", refused(n, wharf.PutOptions{Size: n + 1}, wharf.CodeInvalid)},
		{"size/half", refused(n, wharf.PutOptions{Size: 2 * n}, wharf.CodeInvalid)},
		{"size/nothing", refused(0, wharf.PutOptions{Size: 1}, wharf.CodeInvalid)},
		{"size/long", refused(n, wharf.PutOptions{Size: n - 1}, wharf.CodeInvalid)},
		{"size/zero-declared", refused(1, wharf.PutOptions{Size: 0}, wharf.CodeInvalid)},
		{"size/large-short", refused(9<<20, wharf.PutOptions{Size: 9<<20 + 1}, wharf.CodeInvalid)},
		{"size/large-long", refused(9<<20, wharf.PutOptions{Size: 9<<20 - 1}, wharf.CodeInvalid)},
		{"limit/over", refused(n, wharf.PutOptions{Size: wharf.UnknownSize, Limit: n - 1}, wharf.CodeTooLarge)},
		{"limit/over-declared", refused(n, wharf.PutOptions{Size: n, Limit: n - 1}, wharf.CodeTooLarge)},
		{"limit/over-large", refused(9<<20, wharf.PutOptions{Size: wharf.UnknownSize, Limit: 9<<20 - 1}, wharf.CodeTooLarge)},
		{"limit/exact", func(e *env) {
			body := e.body(n)
			e.putWith("declared", body, wharf.PutOptions{Size: n, Limit: n})
			e.wantBody("declared", body)
			e.putWith("unknown", body, wharf.PutOptions{Size: wharf.UnknownSize, Limit: n})
			e.wantBody("unknown", body)
			e.putWith("roomy", body, wharf.PutOptions{Size: wharf.UnknownSize, Limit: 10 * n})
			e.wantBody("roomy", body)
		}},
		{"size/endless", refusedEarly(wharf.PutOptions{Size: n}, wharf.CodeInvalid, n)},
		{"limit/endless", refusedEarly(wharf.PutOptions{Size: wharf.UnknownSize, Limit: n}, wharf.CodeTooLarge, n)},
		{"limit/endless-declared", refusedEarly(wharf.PutOptions{Size: 1 << 40, Limit: n}, wharf.CodeTooLarge, n)},
	}
}

// refused is a case that puts n bytes with options that do not allow them.
func refused(n int, o wharf.PutOptions, code wharf.Code) func(e *env) {
	return func(e *env) {
		body := e.body(n)
		e.wantNothingStored(func() io.Reader { return reader(body) }, o, code)
	}
}

// refusedEarly is a case in which Put must stop before the body ends.
func refusedEarly(o wharf.PutOptions, code wharf.Code, want int64) func(e *env) {
	return func(e *env) {
		e.wantNothingStored(func() io.Reader {
			// It ends far behind want, so that a Put that does not stop
			// fails instead of hanging.
			return io.LimitReader(endless{}, want+64<<20)
		}, o, code)
		w := watch(io.LimitReader(endless{}, want+64<<20))
		_, err := e.store.Put(e.ctx, "k", w, o)
		e.wantCode("Put", err, code)
		if most := want + 1 + readAhead; w.read.Load() > most {
			e.Errorf("Put reads %d bytes to refuse them, at most %d are needed", w.read.Load(), most)
		}
	}
}

// wantNothingStored checks that a Put of the reader fails with the code, creates
// no object, and leaves one that exists as it was.
func (e *env) wantNothingStored(r func() io.Reader, o wharf.PutOptions, code wharf.Code) {
	e.Helper()
	e.wantPutFails("new", r(), o, code)
	e.wantAbsent("new")
	for _, n := range []int{10, 200_000} {
		old := e.body(n)
		before := e.put("old", old)
		e.wantPutFails("old", r(), o, code)
		e.wantBody("old", old)
		if after, err := e.store.Stat(e.ctx, "old"); err == nil && after.ETag != before.ETag {
			e.Errorf("a Put that failed changes the ETag from %q to %q", before.ETag, after.ETag)
		}
	}
	e.wantKeys(wharf.ListOptions{}, "old")
}
