package textfile

import (
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// chunk is how much is read at once, in bytes.
const chunk = 256 << 10

// window bounds what a zstd file may ask for, in bytes: what `zstd --long`
// writes without a further option.
const window = 128 << 20

// Open gives the bytes that a file has unpacked. The compression is GZIP, ZSTD,
// BZ2, XZ, BROTLI, DEFLATE (zlib), RAW_DEFLATE or ZIP, which has one file in
// it, or "" for none. close gives up what the reader holds, not the file.
func Open(f *os.File, compression string) (r io.Reader, close func(), err error) {
	close = func() {}
	if compression == "" {
		return f, close, nil
	}
	packed := bufio.NewReaderSize(f, chunk)
	if _, err := packed.Peek(1); err == io.EOF {
		return nil, close, packedWrongly(compression, errors.New("it is empty"))
	}
	switch compression {
	case "GZIP":
		r, err = gzip.NewReader(packed)
	case "ZSTD":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderLowmem(true)); err == nil {
			r, close = d, d.Close
		}
	case "BZ2":
		r = bzip2.NewReader(packed)
	case "XZ":
		r, err = xz.NewReader(packed)
	case "BROTLI":
		r = brotli.NewReader(packed)
	case "DEFLATE":
		r, err = zlib.NewReader(packed)
	case "RAW_DEFLATE":
		r = flate.NewReader(packed)
	case "ZIP":
		r, err = openZip(f)
	default:
		err = errors.New("it is of no compression that is known")
	}
	if err != nil {
		return nil, close, packedWrongly(compression, err)
	}
	return &unpacked{r, compression}, close, nil
}

// openZip gives the one file of an archive.
func openZip(f *os.File) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, err
	}
	var only *zip.File
	for _, entry := range archive.File {
		if entry.FileInfo().IsDir() {
			continue
		}
		if only != nil {
			return nil, errors.New("it has several files; a ZIP file that is queried has one")
		}
		only = entry
	}
	if only == nil {
		return nil, errors.New("it has no file")
	}
	return only.Open()
}

// unpacked says of errors that they are of the compression.
type unpacked struct {
	r           io.Reader
	compression string
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && err != io.EOF {
		err = packedWrongly(u.compression, err)
	}
	return n, err
}

func packedWrongly(compression string, err error) error {
	return &BadRecord{Reason: fmt.Sprintf("it is no whole %s file: %v", compression, err)}
}

// decoded gives text in an encoding as UTF-8. What is no text is U+FFFD. A byte
// order mark decides between the Unicode encodings.
func decoded(r io.Reader, label string) (io.Reader, error) {
	enc, err := htmlindex.Get(label)
	if err != nil {
		return nil, &BadRecord{Reason: fmt.Sprintf("there is no encoding %q", label)}
	}
	if isUTF8(enc) {
		return r, nil
	}
	return transform.NewReader(r, unicode.BOMOverride(enc.NewDecoder())), nil
}

func isUTF8(enc encoding.Encoding) bool {
	name, err := htmlindex.Name(enc)
	return err == nil && name == "utf-8"
}

// IsUTF8 reports whether a label of the Encoding Standard is UTF-8's.
func IsUTF8(label string) bool {
	enc, err := htmlindex.Get(label)
	return err == nil && isUTF8(enc)
}
