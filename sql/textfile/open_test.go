package textfile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

const plain = "a,b\n1,2\n"

// bzip2 wrote plain; Go has no writer of it.
const bz2 = "QlpoOTFBWSZTWb+HQH8AAANZAAAQAAQwADAAIAAwwAhpsogjJ4u5IpwoSF/DoD+A"

// packed are the bytes of plain in each compression.
func packed(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"": []byte(plain)}
	pack := func(name string, open func(io.Writer) (io.WriteCloser, error)) {
		var b bytes.Buffer
		w, err := open(&b)
		if err == nil {
			_, err = io.WriteString(w, plain)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(name, err)
		}
		all[name] = b.Bytes()
	}
	pack("GZIP", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
	pack("ZSTD", func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
	pack("XZ", func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
	pack("BROTLI", func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriter(w), nil })
	pack("DEFLATE", func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil })
	pack("RAW_DEFLATE", func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 5) })
	var err error
	if all["BZ2"], err = base64.StdEncoding.DecodeString(bz2); err != nil {
		t.Fatal(err)
	}
	all["ZIP"] = archive(t, "one.csv")
	return all
}

// archive is a ZIP file with files of that name.
func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, plain)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack converts a file and gives its text.
func unpack(t *testing.T, content []byte, job Job) (string, error) {
	t.Helper()
	job.Path = filepath.Join(t.TempDir(), "f")
	job.To = job.Path + ".out"
	if job.Limit == 0 {
		job.Limit = 1 << 20
	}
	if err := os.WriteFile(job.Path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := job.Convert(); err != nil {
		return "", err
	}
	got, err := os.ReadFile(job.To)
	return string(got), err
}

func TestCompressions(t *testing.T) {
	t.Parallel()
	for name, content := range packed(t) {
		got, err := unpack(t, content, Job{Compression: name})
		if err != nil || got != plain {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if name == "" {
			continue
		}
		_, err = unpack(t, content, Job{Compression: name, Limit: 3})
		if !errors.Is(err, ErrTooLong) {
			t.Errorf("%s beyond its limit: %v", name, err)
		}
		var bad *BadRecord
		for _, damaged := range [][]byte{content[:len(content)-len(content)/3], []byte("this is not packed at all"), {}} {
			if _, err := unpack(t, damaged, Job{Compression: name}); !errors.As(err, &bad) {
				t.Errorf("%s, damaged: %v", name, err)
			}
		}
	}
	if _, err := unpack(t, archive(t, "a", "b"), Job{Compression: "ZIP"}); err == nil || !strings.Contains(err.Error(), "several files") {
		t.Errorf("a ZIP of two files: %v", err)
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	utf16 := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()
	marked, err := utf16.String("é,日\n")
	if err != nil {
		t.Fatal(err)
	}
	sjis, err := japanese.ShiftJIS.NewEncoder().String("é? 日本,語\n"[2:])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, label, want string }{
		{"\xe9,b\n", "latin1", "\"é\",\"b\"\n"},
		{"\xe9,b\n", "Windows-1252", "\"é\",\"b\"\n"},
		{sjis, "shift_jis", "\"? 日本\",\"語\"\n"},
		{marked, "utf-16", "\"é\",\"日\"\n"},
		{marked, "utf-16be", "\"é\",\"日\"\n"},
		{"\xc4\xe3,\xba\xc3\n", "gbk", "\"你\",\"好\"\n"},
		{"é,b\n", "utf8", "\"é\",\"b\"\n"},
	} {
		got, err := unpack(t, []byte(c.text), Job{Records: true, Encoding: c.label, Dialect: csv})
		if err != nil || got != c.want {
			t.Errorf("%q in %s: %q, %v, want %q", c.text, c.label, got, err, c.want)
		}
	}
	var bad *BadRecord
	if _, err := unpack(t, []byte("a,b\n1,\x81\n"), Job{Records: true, Encoding: "gbk", Dialect: csv}); !errors.As(err, &bad) || bad.Line != 2 || bad.Column != 2 {
		t.Errorf("what is no GBK: %v", err)
	}
	replaced := with(func(d *Dialect) { d.AnyBytes = true })
	if got, err := unpack(t, []byte("1,\x81\n"), Job{Records: true, Encoding: "gbk", Dialect: replaced}); err != nil || got != "\"1\",\"\ufffd\"\n" {
		t.Errorf("what is no GBK, replaced: %q, %v", got, err)
	}
}
