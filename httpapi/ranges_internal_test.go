package httpapi

import (
	"net/http"
	"testing"

	"wharf"
)

// FuzzRanges asks for ranges in any words: what is granted is within the file,
// and together not more than it.
func FuzzRanges(f *testing.F) {
	for _, s := range []string{"bytes=0-0", "bytes=-1", "bytes=5-", "bytes=1-2,4-", "bytes=9223372036854775807-", "bytes=-9223372036854775808", "bytes=,", "bytes=0-9,-10"} {
		f.Add(s, int64(10))
	}
	f.Add("bytes=0-", int64(0))
	f.Add("bytes=1-9223372036854775807", int64(1<<62))
	f.Fuzz(func(t *testing.T, spec string, size int64) {
		if size < 0 {
			return
		}
		r := &http.Request{Method: http.MethodGet, Header: http.Header{"Range": {spec}}}
		spans, err := wantedRanges(r, wharf.Object{Size: size})
		if err != nil && (wharf.CodeOf(err) != wharf.CodeRange || spans != nil) {
			t.Fatalf("%v with %v", err, spans)
		}
		total := int64(0)
		for _, s := range spans {
			if s.start < 0 || s.length < 1 || s.start > size-s.length {
				t.Fatalf("%+v is not within %d bytes", s, size)
			}
			total += s.length
		}
		if total > size || len(spans) > maxRanges {
			t.Fatalf("%d ranges with %d bytes of a file of %d", len(spans), total, size)
		}
	})
}
