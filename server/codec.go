package server

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// codec is a way to compress.
type codec interface {
	// unpack returns what r unpacks to. It is called for one frame after the
	// other.
	unpack(r io.Reader) (io.Reader, error)
	// unpacked is called when all of that has been read.
	unpacked()
	// pack appends the compressed form of src to dst.
	pack(dst *bytes.Buffer, src []byte) error
	close()
}

// zlibReaders and zlibWriters are those that no connection uses. They hold
// hundreds of kilobytes each, and most connections are idle.
var zlibReaders, zlibWriters sync.Pool

// zlibCodec holds a reader for as long as a frame is read.
type zlibCodec struct{ r io.ReadCloser }

func (z *zlibCodec) unpack(r io.Reader) (io.Reader, error) {
	if used, ok := zlibReaders.Get().(io.ReadCloser); ok {
		z.r = used
		return z.r, z.r.(zlib.Resetter).Reset(r, nil)
	}
	var err error
	if z.r, err = zlib.NewReader(r); err != nil {
		z.r = nil
	}
	return z.r, err
}

func (z *zlibCodec) unpacked() {
	if z.r != nil {
		zlibReaders.Put(z.r)
		z.r = nil
	}
}

func (z *zlibCodec) pack(dst *bytes.Buffer, src []byte) error {
	w, ok := zlibWriters.Get().(*zlib.Writer)
	if !ok {
		w = zlib.NewWriter(dst)
	} else {
		w.Reset(dst)
	}
	defer zlibWriters.Put(w)
	if _, err := w.Write(src); err != nil {
		return err
	}
	return w.Close()
}

func (z *zlibCodec) close() { z.unpacked() }

const (
	// maxWindow is what a client may make the server remember to unpack its
	// frames, none of which unpacks to more than 16 MiB. Over freeWindow, it
	// counts.
	maxWindow  = 32 << 20
	freeWindow = 64 << 10
	// zstdBlocks is what a reader takes beside its window.
	zstdBlocks = 256 << 10
)

// zstdEncoders has one encoder for each level that a client may ask for. An
// encoder is safe for concurrent use as long as it packs all of a text at once.
var zstdEncoders = func() map[zstd.EncoderLevel]func() (*zstd.Encoder, error) {
	all := map[zstd.EncoderLevel]func() (*zstd.Encoder, error){}
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
		all[level] = sync.OnceValues(func() (*zstd.Encoder, error) {
			return zstd.NewWriter(nil, zstd.WithLowerEncoderMem(true), zstd.WithEncoderLevel(level), zstd.WithWindowSize(2*flushAt))
		})
	}
	return all
}()

// zstdCodec makes a reader for each frame: what one holds is as large as the
// client wants, up to maxWindow.
type zstdCodec struct {
	r        *zstd.Decoder // of the current frame; nil between two
	reserved int64         // for it
	level    zstd.EncoderLevel
	memory   *memory // nil in tests
}

// newZstdCodec returns one that packs on one of zstd's levels.
func newZstdCodec(level int, m *memory) *zstdCodec {
	return &zstdCodec{level: zstd.EncoderLevelFromZstd(level), memory: m}
}

func (z *zstdCodec) unpack(r io.Reader) (io.Reader, error) {
	head := make([]byte, zstd.HeaderMaxSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	head = head[:n]
	window, err := windowOf(head)
	if err != nil {
		return nil, err
	}
	if window > freeWindow && z.memory != nil {
		if z.reserved, err = z.memory.take(int64(window) + zstdBlocks); err != nil {
			return nil, err
		}
	}
	// A frame of the protocol may hold several of zstd's, which all have to do
	// with the window of the first.
	z.r, err = zstd.NewReader(io.MultiReader(bytes.NewReader(head), r), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(max(window, freeWindow)))
	return z.r, err
}

// windowOf returns how much of what it unpacked a reader has to remember.
func windowOf(head []byte) (uint64, error) {
	var h zstd.Header
	if err := h.Decode(head); err != nil {
		return 0, err
	}
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	if window > maxWindow {
		return 0, zstd.ErrWindowSizeExceeded
	}
	return window, nil
}

func (z *zstdCodec) unpacked() {
	if z.r != nil {
		z.r.Close()
		z.r = nil
	}
	if z.reserved > 0 {
		z.memory.all.Return(z.reserved)
		z.reserved = 0
	}
}

func (z *zstdCodec) pack(dst *bytes.Buffer, src []byte) error {
	encoder, err := zstdEncoders[z.level]()
	if err != nil {
		return err
	}
	_, err = dst.Write(encoder.EncodeAll(src, dst.AvailableBuffer()))
	return err
}

func (z *zstdCodec) close() { z.unpacked() }
