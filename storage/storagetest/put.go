package storagetest

import (
	"fmt"

	"wharf"
)

// bodySizes are the lengths that the suite stores: nothing, one byte, below
// and over what stores put in line, a block, and more than one part of S3.
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
