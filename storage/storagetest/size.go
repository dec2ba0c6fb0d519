package storagetest

import (
	"io"

	"wharf"
)

// readAhead is how many bytes a Put may take from its reader beyond those
// that it must see to know that the body is too long.
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

// refused is a case that offers n bytes under options that they break.
func refused(n int, o wharf.PutOptions, code wharf.Code) func(e *env) {
	return func(e *env) {
		body := e.body(n)
		e.wantNothingStored(func() io.Reader { return reader(body) }, o, code)
	}
}

// refusedEarly is a case in which Put must stop by itself.
func refusedEarly(o wharf.PutOptions, code wharf.Code, want int64) func(e *env) {
	return func(e *env) {
		e.wantNothingStored(func() io.Reader {
			// An end, far away, so that a Put that does not stop fails
			// instead of hanging.
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

// wantNothingStored offers the reader to a Put that must fail with the code:
// where there is no object, none appears; where there is one, it stays.
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
