package local

import (
	"bytes"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// FuzzRecord feeds the decoders of the index with anything: they must not
// panic, and what they accept must encode to the same bytes.
func FuzzRecord(f *testing.F) {
	key := appendObjectKey(nil, stageOne, "k")
	f.Add(record{id: 7, size: 9, mtime: 11}.append(nil, key))
	f.Add(record{id: 7 | largeBit, size: 9, hasMD5: true}.append(nil, key))
	f.Add(allocation{epoch: 1, from: 2, to: 3, older: []uint64{1}}.append(nil))
	s := smallBody{id: 5, stage: stageOne, key: "k", data: []byte("data")}
	v := make([]byte, s.length())
	s.encode(v)
	f.Add(v)
	f.Fuzz(func(t *testing.T, v []byte) {
		if r, err := parseRecord(key, v); err == nil && !bytes.Equal(r.append(nil, key), v) {
			t.Errorf("record %+v", r)
		}
		if a, err := parseAllocation(v); err == nil && !bytes.Equal(a.append(nil), v) {
			t.Errorf("allocation %+v", a)
		}
		if s, n, err := parseSmall(v); err == nil {
			again := make([]byte, s.length())
			s.encode(again)
			if !bytes.Equal(again[:4], v[:4]) || !bytes.Equal(again[16:], v[16:n]) {
				t.Errorf("small body %+v", s)
			}
		}
	})
}

// FuzzTrailer reads anything as a body file.
func FuzzTrailer(f *testing.F) {
	for _, size := range []int{0, 1, blockSize + 1} {
		f.Add(bodyFile(f, make([]byte, size)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		mem := vfs.NewMem()
		writeBody(t, mem, data)
		tr, err := verifyBody(bg, mem, "body")
		if err == nil && tr.fileSize(len(tr.key)) != int64(len(data)) {
			t.Errorf("a file of %d bytes passes as %+v", len(data), tr)
		}
	})
}

// FuzzCarve finds bodies between anything.
func FuzzCarve(f *testing.F) {
	f.Add([]byte("before wsb1"), []byte("wsb1 after"), []byte("the body"))
	f.Fuzz(func(t *testing.T, before, after, data []byte) {
		if len(data) > smallMax {
			return
		}
		s := smallBody{id: 5, stage: stageOne, key: "k", data: data}
		v := make([]byte, s.length())
		s.encode(v)
		found := 0
		in := bytes.NewReader(bytes.Join([][]byte{before, v, after}, nil))
		err := carveStream(in, func(b smallBody) error {
			if b.id == s.id && b.key == wharf.Key("k") && bytes.Equal(b.data, data) {
				found++
			}
			return nil
		})
		if err != nil || found == 0 {
			t.Errorf("found %d times, %v", found, err)
		}
	})
}

// bodyFile gives the bytes of a body file.
func bodyFile(t testing.TB, data []byte) []byte {
	t.Helper()
	mem := vfs.NewMem()
	f, err := mem.Create("body", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	w := &bodyWriter{f: f}
	if err := w.write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.finish(trailer{id: 3 | largeBit, stage: stageOne, key: "k"}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := mem.UnsafeGetFileDataBuffer("body")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeBody(t *testing.T, mem *vfs.MemFS, data []byte) {
	t.Helper()
	f, err := mem.Create("body", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
