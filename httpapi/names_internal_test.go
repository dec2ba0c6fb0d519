package httpapi

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// nowhere is a ResponseWriter that counts.
type nowhere struct {
	header http.Header
	bytes  int
	most   int // bytes of one write
}

func (w *nowhere) Header() http.Header { return w.header }
func (w *nowhere) WriteHeader(int)     {}
func (w *nowhere) Write(p []byte) (int, error) {
	w.bytes += len(p)
	w.most = max(w.most, len(p))
	return len(p), nil
}

// TestManyNamesAreAnsweredPiecewise: the answer that has them is not in memory
// as a whole.
func TestManyNamesAreAnsweredPiecewise(t *testing.T) {
	r, err := http.NewRequestWithContext(t.Context(), "PUT", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &nowhere{header: http.Header{}}
	x := newExchange(w, r, time.Second)
	for i := range 10_000 {
		x.files.add(fmt.Sprintf("%01000d", i))
	}
	if err := x.succeed(); err != nil {
		t.Fatal(err)
	}
	whole := written(outcome{id: x.id, state: "SUCCESS", files: x.files.names})
	if w.bytes != len(whole) {
		t.Errorf("%d bytes were answered, want %d", w.bytes, len(whole))
	}
	if w.most > 2*jsonFlush {
		t.Errorf("%d bytes are gathered before they are sent", w.most)
	}
}

// TestNamesKeepNothingElse: what counts for a name is what it takes.
func TestNamesKeepNothingElse(t *testing.T) {
	const files = 1000
	field := strings.Repeat("f", 15<<10)
	names := make([]string, 0, files)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range files {
		h, err := parsePartHeader(fmt.Appendf(nil, `Content-Disposition: form-data; name="%s"; filename="%d"`, field, i))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.filename)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if got := int64(after.HeapAlloc) - int64(before.HeapAlloc); got > files*nameCost {
		t.Errorf("%d short names keep %d bytes", files, got)
	}
	runtime.KeepAlive(names)
}
