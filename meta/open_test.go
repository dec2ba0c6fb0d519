package meta

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"wharf"
	"wharf/meta/metatest"
)

// open opens the catalog in dir. The test ends with its check.
func open(t testing.TB, dir string) *Catalog {
	t.Helper()
	c, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Check(t.Context()); err != nil && wharf.CodeOf(err) != wharf.CodeUnavailable && wharf.CodeOf(err) != wharf.CodeCanceled {
			t.Errorf("the catalog is not as it should be: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func closeNow(t *testing.T, c *Catalog) {
	t.Helper()
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCatalog(t *testing.T) {
	metatest.Run(t, func(t *testing.T) wharf.Catalog { return open(t, t.TempDir()) })
	metatest.RunSigningKeys(t, func(t *testing.T) wharf.SigningKeys { return open(t, t.TempDir()) })
	metatest.RunUsers(t, func(t *testing.T) wharf.UserCatalog { return open(t, t.TempDir()) })
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	kept, gone := external("kept"), stage("gone")
	create(t, c, kept)
	create(t, c, gone)
	if _, err := c.DropStage(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	closeNow(t, c)
	_, err := c.Stage(t.Context(), "kept")
	wantCode(t, "Stage after Close", err, wharf.CodeUnavailable)
	_, err = c.DropStage(t.Context(), "kept")
	wantCode(t, "DropStage after Close", err, wharf.CodeUnavailable)

	c = open(t, dir)
	got, err := c.Stage(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	wantStage(t, "Stage after a restart", got, kept)
	wantNames(t, c, "kept")
	wantDropped(t, c, gone)
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	for _, found := range []fs.FileMode{0, 0o644} {
		for _, name := range []string{dbFile, keyFile} {
			if err := os.Chmod(filepath.Join(dir, name), found); found != 0 && err != nil {
				t.Fatal(err)
			}
		}
		closeNow(t, open(t, dir))
		for _, name := range []string{dbFile, keyFile} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != fileMode {
				t.Errorf("%s has the mode %v, after %v", name, info.Mode(), found)
			}
		}
	}
}

func TestOneServerAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	_, err := Open(dir, Options{LockTimeout: 50 * time.Millisecond})
	wantCode(t, "a second Open", err, wharf.CodeUnavailable)
	if got := wharf.MessageOf(err); got != "the catalog is in use by another server" {
		t.Errorf("the message is %q", got)
	}
}

// TestFirstStartGoesOn starts from everything that a crash of the first start
// can leave.
func TestFirstStartGoesOn(t *testing.T) {
	whole := t.TempDir()
	closeNow(t, open(t, whole))
	key, db := readFile(t, whole, keyFile), readFile(t, whole, dbFile)
	for name, files := range map[string]map[string][]byte{
		"nothing":           {},
		"empty-new-key":     {keyFile + newSuffix: nil},
		"half-new-key":      {keyFile + newSuffix: key[:7]},
		"whole-new-key":     {keyFile + newSuffix: key},
		"key":               {keyFile: key},
		"key-empty-new-db":  {keyFile: key, dbFile + newSuffix: nil},
		"key-half-new-db":   {keyFile: key, dbFile + newSuffix: db[:5000]},
		"key-broken-new-db": {keyFile: key, dbFile + newSuffix: bytes.Repeat([]byte{0xff}, 9000)},
		"key-whole-new-db":  {keyFile: key, dbFile + newSuffix: db},
		"all":               {keyFile: key, dbFile: db},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for name, data := range files {
				writeRaw(t, dir, name, data)
			}
			s := external("s")
			c := open(t, dir)
			create(t, c, s)
			closeNow(t, c)
			got, err := open(t, dir).Stage(t.Context(), "s")
			if err != nil {
				t.Fatal(err)
			}
			wantStage(t, "Stage", got, s)
			if files[keyFile] != nil && !bytes.Equal(readFile(t, dir, keyFile), key) {
				t.Error("the key was made anew")
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 2 {
				t.Errorf("the folder holds %v, %v", entries, err)
			}
		})
	}
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeRaw(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, fileMode); err != nil {
		t.Fatal(err)
	}
}

// TestOpenSaysWhichFile has a file that bbolt refuses in words of its own.
func TestOpenSaysWhichFile(t *testing.T) {
	dir := t.TempDir()
	closeNow(t, open(t, dir))
	writeRaw(t, dir, dbFile, bytes.Repeat([]byte("x"), 5000))
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "catalog.db cannot be opened") {
		t.Errorf("Open says only %v", err)
	}
}

// TestOpenRefuses changes one thing in a good catalog: Open says what it is,
// changes nothing, and the catalog is whole again when it is put back.
func TestOpenRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(t *testing.T, dir string)
		code   wharf.Code
		msg    string
	}{
		"no key": {func(t *testing.T, dir string) { remove(t, dir, keyFile) }, wharf.CodeInvalid,
			"catalog.key is missing beside catalog.db, whose secrets only it can open; restore it from a backup"},
		"wrong key": {func(t *testing.T, dir string) { writeRaw(t, dir, keyFile, make([]byte, 32)) }, wharf.CodeInvalid,
			"catalog.key is not the key of catalog.db; restore the one that was made with it, or after wharf rekey take the new one"},
		"short key": {func(t *testing.T, dir string) { writeRaw(t, dir, keyFile, make([]byte, 31)) }, wharf.CodeInvalid,
			"catalog.key has 31 bytes, not 32 or these in base64 or hexadecimal; restore it from a backup"},
		"long key": {func(t *testing.T, dir string) { writeRaw(t, dir, keyFile, make([]byte, 33)) }, wharf.CodeInvalid,
			"catalog.key has 33 bytes, not 32 or these in base64 or hexadecimal; restore it from a backup"},
		"empty key": {func(t *testing.T, dir string) { writeRaw(t, dir, keyFile, nil) }, wharf.CodeInvalid,
			"catalog.key is empty; restore it from a backup"},
		"empty db": {func(t *testing.T, dir string) { writeRaw(t, dir, dbFile, nil) }, wharf.CodeInvalid,
			"catalog.db is empty; restore it from a backup, or let wharf check --repair make a stage of each stage's files"},
		"cut to a page": {func(t *testing.T, dir string) { writeRaw(t, dir, dbFile, readFile(t, dir, dbFile)[:4096]) }, wharf.CodeInternal,
			"catalog.db is damaged; restore it from a backup, or let wharf check --repair save what can be read"},
		"no db file": {func(t *testing.T, dir string) { writeRaw(t, dir, dbFile, bytes.Repeat([]byte("x"), 1<<16)) }, wharf.CodeInternal,
			"catalog.db is damaged; restore it from a backup, or let wharf check --repair save what can be read"},
		"a future format": {inDB(func(tx *bolt.Tx) error {
			return tx.Bucket([]byte(bucketSelf)).Put([]byte(keyFormat), binary.BigEndian.AppendUint32(nil, 4))
		}), wharf.CodeUnsupported, "catalog.db has format 4; this version reads format 3"},
		"no format": {inDB(func(tx *bolt.Tx) error {
			return tx.Bucket([]byte(bucketSelf)).Delete([]byte(keyFormat))
		}), wharf.CodeInvalid, "catalog.db has no format number; restore it from a backup"},
		"another program's": {inDB(func(tx *bolt.Tx) error {
			return tx.DeleteBucket([]byte(bucketSelf))
		}), wharf.CodeInvalid, `catalog.db is not a catalog of Wharf's: it lacks "wharf"`},
		"a future record": {inDB(func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte(bucketSelf))
			check := bytes.Clone(b.Get([]byte(keyCheck)))
			check[0], check[1] = 9, check[1]^1
			return b.Put([]byte(keyCheck), check)
		}), wharf.CodeUnsupported, "a record in the catalog has version 9; this version reads version 2"},
		"a damaged record": {inDB(func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte(bucketSelf))
			check := bytes.Clone(b.Get([]byte(keyCheck)))
			check[0] = 9
			return b.Put([]byte(keyCheck), check)
		}), wharf.CodeInternal, "catalog.db is damaged; wharf check --repair saves what can be read of it"},
		"a damaged format": {inDB(func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte(bucketSelf))
			format := bytes.Clone(b.Get([]byte(keyFormat)))
			format[3] ^= 4
			return b.Put([]byte(keyFormat), format)
		}), wharf.CodeInternal, "catalog.db is damaged; wharf check --repair saves what can be read of it"},
		"a future format with its checksum": {inDB(func(tx *bolt.Tx) error {
			return tx.Bucket([]byte(bucketSelf)).Put([]byte(keyFormat), formatNumber(4))
		}), wharf.CodeUnsupported, "catalog.db has format 4; this version reads format 3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := open(t, dir)
			create(t, c, external("s"))
			closeNow(t, c)
			key, db := readFile(t, dir, keyFile), readFile(t, dir, dbFile)
			tt.change(t, dir)
			if _, err := Open(dir, Options{}); wharf.CodeOf(err) != tt.code || wharf.MessageOf(err) != tt.msg {
				t.Errorf("Open gives %q, %q: %v", wharf.CodeOf(err), wharf.MessageOf(err), err)
			}
			if name == "no key" {
				if _, err := os.Stat(filepath.Join(dir, keyFile)); err == nil {
					t.Error("Open made a new key")
				}
			}
			writeRaw(t, dir, keyFile, key)
			writeRaw(t, dir, dbFile, db)
			wantNames(t, open(t, dir), "s")
		})
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// inDB changes the closed catalog behind its back.
func inDB(change func(tx *bolt.Tx) error) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		db, err := bolt.Open(filepath.Join(dir, dbFile), fileMode, &bolt.Options{Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(change); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenOfNoFolder(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "missing"), Options{})
	wantCode(t, "Open", err, wharf.CodeInternal)
	if msg := wharf.MessageOf(err); bytes.Contains([]byte(msg), []byte("missing")) {
		t.Errorf("the client's message has the path: %q", msg)
	}
}
