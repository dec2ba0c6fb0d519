package local

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

const (
	// blockSize is what one checksum guards: a range reads and verifies the
	// blocks that it touches.
	blockSize = 64 << 10
	// chunkSize is how much is read and written at once.
	chunkSize = 256 << 10
	// smallMax is the longest body that is stored within the index.
	smallMax = 64 << 10
)

// chunks are the buffers of uploads and downloads that are under way.
type chunk [chunkSize]byte

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// trailer is what follows the bytes of a body file: the checksums of its
// blocks, and whose body it is, so that the file can be proven whole and
// given back its place without the index.
type trailer struct {
	id    bodyID
	size  int64
	mtime int64
	stage wharf.StageID
	key   wharf.Key
}

const (
	footerLen   = 64
	footerMagic = "wharfbdy"
	footerSum   = 52 // where the footer holds the trailer's checksum
)

var errTrailer = errors.New("a body file's trailer is damaged")

// blocks is how many checksums a body of size bytes has.
func blocks(size int64) int64 { return (size + blockSize - 1) / blockSize }

// append appends the trailer that follows the checksums in table: stage,
// key, and a footer of fixed length at the very end of the file.
func (t trailer) append(dst, table []byte) []byte {
	start := len(dst)
	dst = append(dst, t.stage[:]...)
	dst = append(dst, t.key...)
	footer := len(dst)
	dst = append(dst, make([]byte, footerLen)...)
	f := dst[footer:]
	f[0] = recordVersion
	binary.BigEndian.PutUint16(f[2:], uint16(len(t.key)))
	binary.BigEndian.PutUint32(f[4:], blockSize)
	binary.BigEndian.PutUint64(f[8:], uint64(t.id))
	binary.BigEndian.PutUint64(f[16:], uint64(t.size))
	binary.BigEndian.PutUint64(f[24:], uint64(t.mtime))
	copy(f[56:], footerMagic)
	binary.BigEndian.PutUint32(f[footerSum:], trailerSum(table, dst[start:]))
	return dst
}

// trailerSum covers the checksums of the blocks, and what follows them with
// the sum's own place zero.
func trailerSum(table, rest []byte) uint32 {
	return crc32.Update(crc32.Checksum(table, castagnoli), castagnoli, rest)
}

// parseFooter reads the fixed part: what a reader must know to find the
// checksums. The footer's own checksum covers the table, too, and is
// verified where the whole trailer is read.
func parseFooter(f []byte) (t trailer, keyLen int, err error) {
	if len(f) != footerLen || f[0] != recordVersion || string(f[56:]) != footerMagic ||
		binary.BigEndian.Uint32(f[4:]) != blockSize {
		return trailer{}, 0, errTrailer
	}
	t.id = bodyID(binary.BigEndian.Uint64(f[8:]))
	t.size = int64(binary.BigEndian.Uint64(f[16:]))
	t.mtime = int64(binary.BigEndian.Uint64(f[24:]))
	return t, int(binary.BigEndian.Uint16(f[2:])), nil
}

// fileSize is how long the body file of t is.
func (t trailer) fileSize(keyLen int) int64 {
	return t.size + crcLen*blocks(t.size) + int64(stageLen+keyLen+footerLen)
}

// bodyWriter writes one body file, chunk by chunk.
type bodyWriter struct {
	f     vfs.File
	table []byte // checksums of the blocks so far
	size  int64
}

// write appends a chunk. All chunks but the last are of whole blocks.
func (w *bodyWriter) write(p []byte) error {
	for rest := p; len(rest) > 0; {
		b := rest[:min(blockSize, len(rest))]
		w.table = binary.BigEndian.AppendUint32(w.table, crc32.Checksum(b, castagnoli))
		rest = rest[len(b):]
	}
	w.size += int64(len(p))
	return writeAll(w.f, p)
}

func writeAll(f vfs.File, p []byte) error {
	n, err := f.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// finish writes the trailer and makes the file's bytes durable.
func (w *bodyWriter) finish(t trailer) error {
	t.size = w.size
	tail := t.append(w.table, w.table)
	if err := writeAll(w.f, tail); err != nil {
		return err
	}
	return w.f.SyncData()
}
