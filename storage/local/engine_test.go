package local

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
	"wharf/storage/storagetest"
)

// stageOne is the stage of tests that need but one.
var stageOne = wharf.StageID{1}

func put(t testing.TB, s *Store, key wharf.Key, data []byte) wharf.Object {
	t.Helper()
	o, err := s.Put(t.Context(), key, bytes.NewReader(data), wharf.PutOptions{Size: int64(len(data))})
	if err != nil {
		t.Fatalf("Put %q of %d bytes: %v", key, len(data), err)
	}
	return o
}

var bg = context.Background()

// readAll reads a whole object.
func readAll(s *Store, key wharf.Key) ([]byte, error) { return storagetest.ReadAll(bg, s, key) }

func wantCode(t *testing.T, err error, want wharf.Code) {
	t.Helper()
	if wharf.CodeOf(err) != want {
		t.Fatalf("error %v has code %q, want %q", err, wharf.CodeOf(err), want)
	}
}

func TestOpenTwiceIsRefused(t *testing.T) {
	dir := t.TempDir()
	openEngine(t, dir, Options{SegmentSize: 1 << 20})
	for range 2 { // the first refusal must not end the lock
		_, err := Open(dir, Options{SegmentSize: 1 << 20})
		wantCode(t, err, wharf.CodeUnavailable)
		if strings.Contains(wharf.MessageOf(err), dir) {
			t.Errorf("the message tells a path: %s", wharf.MessageOf(err))
		}
	}
}

func TestUnknownFormatIsRefused(t *testing.T) {
	for text, want := range map[string]wharf.Code{
		"":                            wharf.CodeInvalid, // what was in the folder before is not known
		"wharf-lo":                    wharf.CodeInvalid,
		"wharf-local 2\n":             wharf.CodeInvalid, // it has no checksum
		format:                        wharf.CodeInvalid, // and its folders are missing
		format + "\n":                 wharf.CodeInvalid,
		"wharf-local 3" + format[13:]: wharf.CodeInvalid, // a flipped bit
		"something else":              wharf.CodeInvalid,
		"wharf-local 1\n":             wharf.CodeUnsupported,
		"wharf-local 3\n":             wharf.CodeUnsupported,
		"wharf-local 22":              wharf.CodeUnsupported,
		formatText(3):                 wharf.CodeUnsupported,
		formatText(1 << 31):           wharf.CodeUnsupported,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := Open(dir, Options{SegmentSize: 1 << 20})
		if wharf.CodeOf(err) != want {
			t.Errorf("format %q: %v, want code %q", text, err, want)
		}
		if err == nil && e.Close() != nil {
			t.Errorf("format %q: Close fails", text)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openEngine(t, dir, Options{SegmentSize: 1 << 20}).Store(stageOne)
	put(t, s, "large", make([]byte, smallMax+1))
	put(t, s, "small", []byte("x"))
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// bodyFiles lists the body files of a data folder.
func bodyFiles(t testing.TB, fs vfs.FS, dir string) []string {
	t.Helper()
	var files []string
	folders, err := fs.List(fs.PathJoin(dir, bodiesFolder))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		names, err := fs.List(fs.PathJoin(dir, bodiesFolder, f))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			files = append(files, fs.PathJoin(f, n))
		}
	}
	return files
}

func TestStartRemovesStrays(t *testing.T) {
	mem := vfs.NewCrashableMem()
	o := Options{FS: mem, SegmentSize: 1 << 20}
	e := openEngine(t, "data", o)
	s := e.Store(stageOne)
	put(t, s, "kept", make([]byte, smallMax+1))
	kept := bodyFiles(t, mem, "data")
	// An upload whose server dies leaves a file without an object.
	n, dir, err := e.bodies.begin()
	if err != nil {
		t.Fatal(err)
	}
	f, err := mem.Create(e.bodyPath(n), vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("half a fi")); err != nil {
		t.Fatal(err)
	}
	if err := dir.sync(); err != nil {
		t.Fatal(err)
	}
	after := mem.CrashClone(vfs.CrashCloneCfg{})
	if n := len(bodyFiles(t, after, "data")); n != 2 {
		t.Fatalf("%d body files after the crash, want the object's and the stray", n)
	}
	o.FS = after
	s = openEngine(t, "data", o).Store(stageOne)
	if got := bodyFiles(t, after, "data"); len(got) != 1 || got[0] != kept[0] {
		t.Errorf("after the start there are %v, want %v", got, kept)
	}
	if data, err := readAll(s, "kept"); err != nil || len(data) != smallMax+1 {
		t.Errorf("the object: %d bytes, %v", len(data), err)
	}
}

func TestDamageIsNeverServed(t *testing.T) {
	dir := t.TempDir()
	s := openEngine(t, dir, Options{SegmentSize: 1 << 20}).Store(stageOne)
	data := bytes.Repeat([]byte("0123456789abcdef"), 5*blockSize/16)
	put(t, s, "large", data)
	path := filepath.Join(dir, bodiesFolder, bodyFiles(t, vfs.Default, dir)[0])
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body[blockSize+7] ^= 1
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := s.Open(t.Context(), "large")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		off, n int64
		good   bool
	}{
		{0, blockSize, true}, {2 * blockSize, -1, true}, {2*blockSize + 5, 7, true}, // other blocks
		{blockSize + 7, 1, false}, {blockSize, 3, false}, {blockSize - 1, 2, false},
	} {
		r, err := f.Range(t.Context(), c.off, c.n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if end := c.off + int64(len(got)); !bytes.Equal(got, data[c.off:end]) {
			t.Errorf("range %d, %d gives wrong bytes", c.off, c.n)
		}
		if c.good && err != nil || !c.good && wharf.CodeOf(err) != wharf.CodeInternal {
			t.Errorf("range %d, %d: %v", c.off, c.n, err)
		}
		r.Close()
	}
}

// TestShortLogIsDamage cuts a segment under an object: the client is told that
// the file is damaged.
func TestShortLogIsDamage(t *testing.T) {
	dir := t.TempDir()
	s := openEngine(t, dir, Options{}).Store(stageOne)
	put(t, s, "small", []byte("body"))
	segments, err := filepath.Glob(filepath.Join(dir, logFolder, "*"))
	must(t, err)
	for _, path := range segments {
		must(t, os.Truncate(path, 64))
	}
	if _, err := readAll(s, "small"); wharf.MessageOf(err) != "the stored file is damaged" {
		t.Errorf("%v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
