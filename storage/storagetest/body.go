package storagetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"sync/atomic"
)

// newRand returns the stream of random bytes of that number. Each goroutine of a
// case has its own stream.
func (e *env) newRand(stream uint64) *rand.ChaCha8 {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], e.o.Seed)
	binary.LittleEndian.PutUint64(seed[8:], stream)
	return rand.NewChaCha8(seed)
}

// body returns n bytes that the seed determines.
func (e *env) body(n int) []byte { return randomBytes(e.rng, n) }

func randomBytes(rng *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	rng.Read(b) // never fails
	return b
}

// A self-describing body holds its sequence number, length and checksum, so that
// a reader recognizes a mixture of versions.
const (
	selfHeader = 16 // sequence number, length
	selfFooter = 4  // CRC-32C of all before it
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func selfBody(rng *rand.ChaCha8, seq uint64, payload int) []byte {
	b := make([]byte, selfHeader, selfHeader+payload+selfFooter)
	binary.LittleEndian.PutUint64(b, seq)
	binary.LittleEndian.PutUint64(b[8:], uint64(selfHeader+payload+selfFooter))
	b = append(b, randomBytes(rng, payload)...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseSelf returns the sequence number of a self-describing body. Its error
// says what is wrong with the body.
func parseSelf(b []byte) (uint64, error) {
	if len(b) < selfHeader+selfFooter {
		return 0, fmt.Errorf("only %d bytes", len(b))
	}
	seq, n := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	if n != uint64(len(b)) {
		return 0, fmt.Errorf("version %d has %d bytes, not its %d", seq, len(b), n)
	}
	end := len(b) - selfFooter
	if crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return 0, fmt.Errorf("version %d is mixed with another", seq)
	}
	return seq, nil
}

// watched counts what a Put reads, and whether it reads after it returned.
type watched struct {
	r        io.Reader
	read     atomic.Int64
	returned atomic.Bool
	late     atomic.Bool
}

func watch(r io.Reader) *watched { return &watched{r: r} }

func (w *watched) Read(p []byte) (int, error) {
	if w.returned.Load() {
		w.late.Store(true)
	}
	n, err := w.r.Read(p)
	w.read.Add(int64(n))
	return n, err
}

// endless yields zeros and never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// stutter returns no bytes and no error before every piece, which io.Reader
// allows.
type stutter struct {
	r    io.Reader
	last bool
}

func (s *stutter) Read(p []byte) (int, error) {
	if s.last = !s.last; s.last {
		return 0, nil
	}
	return s.r.Read(p[:min(len(p), 1000)])
}

// FailReader yields the first n bytes of r and then err.
func FailReader(r io.Reader, n int64, err error) io.Reader {
	return io.MultiReader(io.LimitReader(r, n), failing{err})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// trigger calls f once when the first n bytes of r are read.
type trigger struct {
	r io.Reader
	n int64
	f func()
}

func (t *trigger) Read(p []byte) (int, error) {
	if t.n <= 0 && t.f != nil {
		t.f()
		t.f = nil
	}
	n, err := t.r.Read(p)
	t.n -= int64(n)
	return n, err
}

// firstDifference describes where two bodies differ, without their bytes; it is
// "" if they do not.
func firstDifference(got, want []byte) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d bytes, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			return fmt.Sprintf("byte %d of %d differs", i, len(want))
		}
	}
	return ""
}

func reader(b []byte) io.Reader { return bytes.NewReader(b) }
