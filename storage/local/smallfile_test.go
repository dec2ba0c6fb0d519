package local

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"wharf"
)

// TestSmallFile reads small bodies of sizes around those of the buffers.
func TestSmallFile(t *testing.T) {
	for _, n := range []int{0, 1, 1<<10 - 1, 1 << 10, 1<<10 + 1, 4 << 10, smallMax - 1, smallMax, smallMax + 1} {
		want := bytes.Repeat([]byte{byte(n)}, n)
		f := newSmallFile(wharf.Object{Size: int64(n)}, want)
		r, err := f.Range(t.Context(), 0, -1)
		if err != nil {
			t.Fatal(n, err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d came, %v", n, len(got), err)
		}
		if room := cap(f.data); room > max(1<<10, 2*n) {
			t.Errorf("%d bytes lie in a buffer of %d", n, room)
		}
		if err := f.Close(); err != nil {
			t.Error(n, err)
		}
	}
}

// TestSmallFileClosed: a reader that outlives its file gets an error, and
// never the bytes of the file that has the buffer now. To close twice gives
// the buffer back once.
func TestSmallFileClosed(t *testing.T) {
	f := newSmallFile(wharf.Object{Size: 3}, []byte("one"))
	r, err := f.Range(t.Context(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	f.Close()
	second := newSmallFile(wharf.Object{Size: 3}, []byte("two"))
	third := newSmallFile(wharf.Object{Size: 5}, []byte("three"))
	if string(second.data) != "two" || string(third.data) != "three" {
		t.Errorf("two files share a buffer: %q, %q", second.data, third.data)
	}
	if b, err := io.ReadAll(r); len(b) > 0 || !errors.Is(err, errFileClosed) {
		t.Errorf("after Close, Read gives %q, %v", b, err)
	}
	var out bytes.Buffer
	if _, err := r.(io.WriterTo).WriteTo(&out); out.Len() > 0 || !errors.Is(err, errFileClosed) {
		t.Errorf("after Close, WriteTo gives %q, %v", out.String(), err)
	}
}
