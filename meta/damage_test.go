package meta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// TestChangedByteInARecord changes every byte of a record in the file, and
// the same record in another place.
func TestChangedByteInARecord(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	s := external("s")
	create(t, c, s)
	var value []byte
	if err := c.db.View(func(tx *bolt.Tx) error {
		value = slices.Clone(tx.Bucket([]byte(bucketStages)).Get(s.ID[:]))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	closeNow(t, c)
	db := readFile(t, dir, dbFile)
	start := bytes.LastIndex(db, value)
	if start < 0 {
		t.Fatal("the record is not in the file as it is")
	}
	for i := range value {
		changed := slices.Clone(db)
		for at := 0; ; { // older pages may have a copy
			j := bytes.Index(db[at:], value)
			if j < 0 {
				break
			}
			changed[at+j+i] ^= 1 << (i % 8)
			at += j + 1
		}
		writeRaw(t, dir, dbFile, changed)
		c, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Stage(t.Context(), "s"); err == nil {
			t.Errorf("byte %d of the record is changed, and Stage gives %+v", i, got)
		}
		if got, err := c.Stages(t.Context(), "", 1000); err == nil || got != nil {
			t.Errorf("byte %d of the record is changed, and Stages gives %+v, %v", i, got, err)
		}
		if err := c.Check(t.Context()); err == nil {
			t.Errorf("byte %d of the record is changed, and Check finds nothing", i)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	writeRaw(t, dir, dbFile, db)
	wantNames(t, open(t, dir), "s")
}

func TestRecordInAnotherPlace(t *testing.T) {
	key, payload := []byte("key"), []byte("payload")
	value := frame(bucketStages, key, 7, payload)
	if got, written, err := unframe(bucketStages, key, value); err != nil || !bytes.Equal(got, payload) || written != 7 {
		t.Errorf("unframe gives %q, %v", got, err)
	}
	for _, tt := range []struct{ bucket, key string }{{bucketDropped, "key"}, {bucketStages, "kez"}, {bucketStages, ""}, {bucketStages + "k", "ey"}} {
		if _, _, err := unframe(tt.bucket, []byte(tt.key), value); err == nil {
			t.Errorf("a record is taken for one of %+v", tt)
		}
	}
	for i := range value {
		if _, _, err := unframe(bucketStages, key, value[:i]); err == nil {
			t.Errorf("the first %d bytes of a record are taken for it", i)
		}
	}
	for _, version := range []byte{0, recordBefore, recordVersion + 1} {
		value[0] = version
		if _, _, err := unframe(bucketStages, key, value); err == nil || wharf.CodeOf(err) == wharf.CodeUnsupported {
			t.Errorf("a version that was damaged to %d: %v", version, err)
		}
	}
	value[0] = recordVersion + 1
	value[1] ^= 1
	_, _, err := unframe(bucketStages, key, value)
	wantCode(t, "a record of a future version", err, wharf.CodeUnsupported)

	before := append([]byte{recordBefore, 0, 0, 0, 0}, payload...)
	binary.BigEndian.PutUint32(before[1:], checksum(recordBefore, bucketStages, key, payload))
	if got, written, err := unframe(bucketStages, key, before); err != nil || !bytes.Equal(got, payload) || written != 0 {
		t.Errorf("a record of the version before gives %q of %d, %v", got, written, err)
	}
}

// TestUnknownFieldIsRefused: a version that wrote it gave it a meaning.
func TestUnknownFieldIsRefused(t *testing.T) {
	c := open(t, t.TempDir())
	if _, err := c.decodeStage(wharf.NewStageID(), []byte(`{"name":"s","created_on":"2026-01-01T00:00:00Z","revision":1}`)); err != nil {
		t.Error(err)
	}
	_, err := c.decodeStage(wharf.NewStageID(), []byte(`{"name":"s","created_on":"2026-01-01T00:00:00Z","revision":1,"color":"red"}`))
	if err == nil || !strings.Contains(err.Error(), "color") {
		t.Errorf("a stage with an unknown field: %v", err)
	}
}

// TestTruncatedFile cuts the file at every page: Open refuses it, lets go of
// its lock, and the process lives.
func TestTruncatedFile(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	for i := range 40 {
		create(t, c, external(strings.Repeat("s", i+1)))
	}
	used := 0
	if err := c.db.View(func(tx *bolt.Tx) error { used = int(tx.Size()); return nil }); err != nil {
		t.Fatal(err)
	}
	closeNow(t, c)
	db := readFile(t, dir, dbFile)
	for n := used - os.Getpagesize(); n > 0; n -= os.Getpagesize() {
		writeRaw(t, dir, dbFile, db[:n])
		c, err := Open(dir, Options{})
		if code := wharf.CodeOf(err); code != wharf.CodeInvalid && code != wharf.CodeInternal {
			t.Errorf("Open of a file cut to %d of %d bytes: %v", n, used, err)
		}
		if err == nil {
			c.Close()
		}
	}
	writeRaw(t, dir, dbFile, db[:used])
	if all, err := open(t, dir).Stages(t.Context(), "", 1000); err != nil || len(all) != 40 {
		t.Errorf("a file cut to what is in use has %d stages, %v", len(all), err)
	}
}

// TestCutWhileOpen cuts the file under an open catalog: an error, not the end
// of the process.
func TestCutWhileOpen(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	create(t, c, stage("s"))
	if err := os.Truncate(filepath.Join(dir, dbFile), 0); err != nil {
		t.Fatal(err)
	}
	_, err = c.Stage(t.Context(), "s")
	wantCode(t, "Stage in a file without pages", err, wharf.CodeInternal)
	_, _, err = c.CreateStage(t.Context(), stage("t"), wharf.CreateNew)
	wantCode(t, "CreateStage in a file without pages", err, wharf.CodeInternal)
}

func TestDoubtfulCommit(t *testing.T) {
	c := open(t, t.TempDir())
	create(t, c, stage("s"))
	last := 0
	if err := c.db.View(func(tx *bolt.Tx) error { last = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	c.doubt(last + 1)
	wantNames(t, c, "s")
	c.doubt(last)
	_, err := c.Stage(t.Context(), "s")
	wantCode(t, "Stage after a commit of which nobody knows", err, wharf.CodeInternal)
	_, _, err = c.CreateStage(t.Context(), stage("t"), wharf.CreateNew)
	wantCode(t, "CreateStage after a commit of which nobody knows", err, wharf.CodeInternal)
	c.doubtful.Store(false) // for the check at the end
}

// TestCheckFinds breaks each invariant in turn.
func TestCheckFinds(t *testing.T) {
	s, gone := stage("s"), stage("gone")
	for name, breakIt := range map[string]func(c *Catalog, tx *bolt.Tx) error{
		"a stage without a name": func(_ *Catalog, tx *bolt.Tx) error {
			return tx.Bucket([]byte(bucketNames)).Delete([]byte("s"))
		},
		"a name without a stage": func(_ *Catalog, tx *bolt.Tx) error {
			return tx.Bucket([]byte(bucketStages)).Delete(s.ID[:])
		},
		"two names of one stage": func(_ *Catalog, tx *bolt.Tx) error {
			return putRecord(tx, bucketNames, []byte("t"), s.ID[:])
		},
		"a short ID": func(_ *Catalog, tx *bolt.Tx) error {
			return putRecord(tx, bucketNames, []byte("s"), s.ID[:5])
		},
		"a dropped stage that is there": func(c *Catalog, tx *bolt.Tx) error {
			payload, err := c.encodeStage(s)
			return errors.Join(err, putRecord(tx, bucketDropped, s.ID[:], payload))
		},
		"an external stage on the list": func(c *Catalog, tx *bolt.Tx) error {
			x := external("x")
			payload, err := c.encodeStage(x)
			return errors.Join(err, putRecord(tx, bucketDropped, x.ID[:], payload))
		},
		"a damaged dropped stage": func(_ *Catalog, tx *bolt.Tx) error {
			return tx.Bucket([]byte(bucketDropped)).Put(gone.ID[:], []byte("\x01junk and more"))
		},
		"a dropped ID of another length": func(_ *Catalog, tx *bolt.Tx) error {
			return tx.Bucket([]byte(bucketDropped)).Put([]byte("short"), []byte("x"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Open(t.TempDir(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			create(t, c, s)
			create(t, c, gone)
			if _, err := c.DropStage(t.Context(), "gone"); err != nil {
				t.Fatal(err)
			}
			if err := c.Check(t.Context()); err != nil {
				t.Fatalf("Check finds a fault in a good catalog: %v", err)
			}
			if err := c.db.Update(func(tx *bolt.Tx) error { return breakIt(c, tx) }); err != nil {
				t.Fatal(err)
			}
			if err := c.Check(t.Context()); err == nil {
				t.Error("Check finds nothing")
			}
		})
	}
}
